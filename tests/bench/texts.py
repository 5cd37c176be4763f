"""English texts of 1,000 characters, as people write them: no sentence is there twice."""

from __future__ import annotations

LENGTH = 1_000

_TEXTS = (
    """Good morning, I am writing about the two oak shelves that I ordered from you on the third
of March. The courier came yesterday while I was at work and left both boxes with my neighbour,
which was kind of him, but when I opened the larger one this evening I found that one corner of
the top board had been crushed and the veneer had split along the edge for about a hand's
breadth. I took photographs before I touched anything else and can send them to whichever
address suits you. The smaller box is fine, and everything that your packing list mentions is in
it, including the brackets and the little bag of screws. I would rather not send the whole set
back, because I have already cleared the wall and a friend is coming on Saturday to help me put
things up. Would it be possible to replace the damaged board alone, and to let me keep the rest
in the meantime? If a replacement would take longer than two weeks, please tell me what a
reduction of the price would look like instead, since the split faces the wall and nobody but me
would ever see it. Many thanks in advance for your help, and have a good week.""",
    """Dear team, thank you for calling back so quickly on Tuesday. After we spoke I went
through my papers again and found the earlier contract, the one from the autumn of 2021, and you
were right: the discount was meant to end after twenty-four months. What I still cannot explain
is the second charge of nineteen euros and ninety cents in April, which does not appear on any
invoice in my account and carries no reference that I recognise. My bank says that it was
collected under the same mandate as the monthly fee, so it must have come from your side. Could
somebody look at the ledger and tell me what it was for? I am not in a hurry and I don't suspect
anything worse than a mistake, but I keep a record of the household's costs and would like the
figures to add up before the end of the quarter. Please answer by e-mail, not by telephone,
because I am travelling until the nineteenth and shall only have a connection in the evenings.
If you need a copy of the bank statement, tell me which format you prefer and I will upload it
through the portal as soon as I am back at the hotel.""",
    """Hello, this is about our daughter's place in the swimming course that begins after the
holidays. On the form we put down Monday at four because the website still showed the old
timetable, but her school has since moved the choir to that very hour, and she would be sad to
give up either. I saw that there is a second group on Thursday at half past five with the same
teacher. Is there any chance of changing over, even if that means waiting until somebody else
drops out? She has her bronze badge already and swims about two hundred metres without a break,
so she should not hold anybody up. One more thing that you ought to know: she wears glasses and
sees little without them, so it helps if instructions are given from close by or shown with the
arms. Her older brother took part last year and was always told to stand next to the ladder,
which worked well. We can pay the difference if the Thursday group costs more, and we don't mind
driving to the other pool either. Thank you for taking the trouble, we know that you get a great
many letters like this one in August and we are grateful for every answer.""",
    """Hi there, quick update from the building site, since the weekly call was cancelled. The
electricians finished the second floor on Wednesday and everything has been signed off except
for the server cupboard, where the inspector wants a separate breaker before he puts his name on
it. That will take a morning at most, but the part only arrives on Monday. The painters have
therefore begun with the stairwell and will do the cupboard last. Outside we lost a day and a
half to the rain; the paving in front of the loading bay is half done and the lorry for the
kitchen cannot get closer than the gate, so please ask the supplier whether they have a smaller
vehicle or at least a trolley with proper tyres. The budget looks better than I feared: we are
about four thousand below the estimate, mostly because the old radiators could stay after all. I
have put the new plan, the minutes and eleven photographs into the shared folder. If you agree
with the colour of the doors, a short yes is enough and I will order them tonight. Otherwise let
us talk tomorrow before nine, when it is still quiet here and I can hear what you say.""",
)


def text(number: int) -> str:
    """Return one of the texts, marked with a number so that no two messages are the same."""
    body = " ".join(_TEXTS[number % len(_TEXTS)].split())
    marked = f"Ref. {number}: {body}"
    if len(marked) < LENGTH:
        raise ValueError("a text of the bench is too short")
    return marked[:LENGTH]
