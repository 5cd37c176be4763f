"""The mails of the sample traffic, as raw bytes that a mail server would hand over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from typing import Final
from zoneinfo import ZoneInfo

from tools.sample_messages import File, Place, Said, made_file
from tools.sample_people import CUSTOMERS, INVOICES, STAFF, SUPPORT_MAIL, Person

Who = Person | str
_ROLES: Final = {"From": "sender", "To": "recipient", "Cc": "cc"}

(MARA, OLIVER, PRIYA, HENRIK, SOFIA, _EWAN, GRACE, NOOR, *_) = CUSTOMERS
(JONAS, LUKAS, YUSUF, ANNEGRET, KATHARINA, _MILAN, ULRIKE, BJOERN, *_FRENCH) = CUSTOMERS[8:]
(AMELIE, CAMILLE, LUC, _ZOE, HUGO, _INES_G, THEO, FATOU) = _FRENCH
(INES, TOMASZ, AISHA, PAUL, GRETA, _NILS) = STAFF


def mails(day: date) -> Iterator[Said]:
    """Yield every mail of a day once, in the order in which they come."""
    post = _Post(day)
    yield from _plain(post)
    yield from _rich(post)
    yield from _among_several(post)
    yield from _invoices(post)


def blind_copy(said: Said, reader: Person) -> Said:
    """Return the same mail as it lies in the mailbox of somebody who got it in secret."""
    mailbox = f"mailto:{reader.mail}"
    trace = f"Delivered-To: {reader.mail}\r\nReceived: from mx.example.org by mail.example.com\r\n"
    place = Place("bcc", mailbox, "", "person")
    raw = trace.encode() + said.raw
    return replace(said, raw=raw, mailbox=mailbox, places=(*said.places, place))


def redelivered(said: Said) -> Said:
    """Return the same mail as it comes when a server sends it once more."""
    return replace(said, raw=b"Received: by backup.example.com (second attempt)\r\n" + said.raw)


class _Post:
    """Writes mails of one day."""

    def __init__(self, day: date) -> None:
        self._day = day
        self._written = 0

    def mail(  # noqa: PLR0913 - what a mail is made of
        self,
        sender: Who,
        to: Who | list[Who],
        subject: str,
        body: str,
        *,
        cc: tuple[Who, ...] = (),
        html: str = "",
        only_html: bool = False,
        charset: str = "utf-8",
        files: tuple[File, ...] = (),
        has_id: bool = True,
    ) -> Said:
        self._written += 1
        people = {"From": [sender], "To": to if isinstance(to, list) else [to], "Cc": list(cc)}
        mail = EmailMessage(policy=SMTP)
        for field, named in people.items():
            if named:
                mail[field] = ", ".join(map(_written, named))
        mail["Subject"] = Header(subject, charset).encode() if charset != "utf-8" else subject
        at = time(9, self._written, 10, tzinfo=ZoneInfo("UTC"))
        mail["Date"] = format_datetime(datetime.combine(self._day, at))
        name = f"{self._day:%Y%m%d}.{self._written:02d}.sample@mail.example.net"
        if has_id:
            mail["Message-ID"] = f"<{name}>"
        if only_html:
            mail.set_content(html, subtype="html", charset=charset)
        else:
            mail.set_content(body, charset=charset)
            if html:
                mail.add_alternative(html, subtype="html", charset=charset)
        for file in files:
            kind, _, subtype = file.media_type.partition("/")
            mail.add_attachment(file.content, maintype=kind, subtype=subtype, filename=file.name)
        for number, part in enumerate(mail.walk()):
            if part.is_multipart():
                part.set_boundary(f"={self._written}.{number}=")  # else a random one
        return self._said(name, people, subject, body, html, files, mail.as_bytes())

    def _said(  # noqa: PLR0913, PLR0917 - what a mail is made of
        self,
        name: str,
        people: dict[str, list[Who]],
        subject: str,
        body: str,
        html: str,
        files: tuple[File, ...],
        raw: bytes,
    ) -> Said:
        places = tuple(
            _place(_ROLES[field], who) for field, named in people.items() for who in named
        )
        own = [place for place in places if place.kind != "external"]
        kinds = {place.kind for place in own}
        cls = "support" if "function" in kinds else "correspondence"
        return Said(
            name=name,
            day=self._day,
            channel="email",
            cls="invoices" if INVOICES in {place.address for place in own} else cls,
            direction="outbound" if own[0].role == "sender" else "inbound",
            places=places,
            body=body.rstrip("\n"),
            html=html.rstrip("\n"),
            subject=subject,
            files=files,
            raw=raw,
            mailbox=own[0].address,
        )


def _place(role: str, who: Who) -> Place:
    if isinstance(who, str):
        return Place(role, who, "", "function")
    kind = "person" if who in STAFF else "external"
    return Place(role, f"mailto:{who.mail}", who.name, kind)


def _written(who: Who) -> str:
    if isinstance(who, str):
        return who.removeprefix("mailto:")
    return formataddr((who.name, who.mail), "utf-8") if who.name.isascii() else _quoted(who)


def _quoted(who: Person) -> str:
    return f'"{who.name}" <{who.mail}>'


def _plain(post: _Post) -> Iterator[Said]:
    yield post.mail(
        OLIVER,
        SUPPORT_MAIL,
        "Two covers, one address",
        "Hello,\n\nplease put both covers into one parcel, I'm only in on Wednesdays.\n\nOliver\n",
    )
    yield post.mail(
        SUPPORT_MAIL,
        OLIVER,
        "Re: Two covers, one address",
        "Dear Oliver,\n\ngladly. The parcel leaves on Tuesday and reaches you on Wednesday.\n\n"
        "Larkspur Paper\n",
    )
    yield post.mail(
        MARA,
        SUPPORT_MAIL,
        "Proofs of the poetry book",
        "Good morning,\n\nthe proofs have come. On page 31 the last line has slipped to the next "
        "page;\notherwise I am delighted.\n\nMara\n",
    )
    yield post.mail(
        SUPPORT_MAIL,
        MARA,
        "Re: Proofs of the poetry book",
        "Dear Mara,\n\nwell spotted. The line is back on its page, the new proof is on its way.\n",
    )
    yield post.mail(
        JONAS,
        SUPPORT_MAIL,
        "Rückgabe: Heft mit Wasserschaden",
        "Guten Tag,\n\nein Heft hat beim Transport Wasser abbekommen. Muss ich es zurückschicken?"
        "\n\nFreundliche Grüße\nJonas Petersen\n",
        charset="iso-8859-1",
    )
    yield post.mail(
        THEO,
        SUPPORT_MAIL,
        "Délai de livraison à l'étranger",
        "Bonjour,\n\nlivrez-vous aussi à Genève, et en combien de jours ?\n\nMerci d'avance\n",
    )
    yield post.mail(
        KATHARINA,
        SUPPORT_MAIL,
        "Ohne Kennung",
        "Diese Mail kommt aus einem Scanner, der keine Message-ID schreibt.\n",
        has_id=False,
    )
    yield post.mail(
        NOOR,
        SUPPORT_MAIL,
        "Sent from the old fax gateway",
        "This gateway writes no Message-ID either. Please confirm twelve boxes of envelopes.\n",
        has_id=False,
    )


def _rich(post: _Post) -> Iterator[Said]:
    yield post.mail(
        YUSUF,
        SUPPORT_MAIL,
        "Fotos vom Einband 📚",
        "Hallo,\n\nanbei zwei Fotos. Die linke Ecke ist gestoßen.\n\nYusuf\n",
        html="<p>Hallo,</p><p>anbei zwei Fotos. Die <b>linke</b> Ecke ist gestoßen.</p>\n",
        files=(made_file("ecke-links.jpg", 5_000), made_file("Rücken.jpg", 7_000)),
    )
    yield post.mail(
        CAMILLE,
        SUPPORT_MAIL,
        "Carte de fidélité",
        "Bonjour, ma carte de fidélité est pleine. Où l'échanger ?",
        html="<p>Bonjour, ma carte de <em>fidélité</em> est pleine. Où l'échanger&nbsp;?</p>\n",
        only_html=True,
    )
    yield post.mail(
        GRACE,
        SUPPORT_MAIL,
        "Order for the reading room",
        "Dear all,\n\nour order as a table, and the floor plan for the driver.\n\nGrace Tembo\n",
        files=(made_file("order.csv", 900), made_file("floor plan.pdf", 24_000)),
    )
    yield post.mail(
        ULRIKE,
        GRETA,
        "Maße für die Schuber",
        "Liebe Greta,\n\ndie Maße stehen in der Tabelle, alles in Millimetern.\n\nUlrike\n",
        files=(made_file("Maße.csv", 1_200),),
    )
    yield post.mail(
        GRETA,
        ULRIKE,
        "AW: Maße für die Schuber",
        "Liebe Ulrike,\n\ndanke! Der Zuschnitt beginnt am Montag, die Zeichnung liegt bei.\n",
        files=(made_file("Zeichnung.pdf", 16_000),),
    )
    yield post.mail(
        PAUL,
        LUC,
        "Échantillons de papier vergé",
        "Cher Luc,\n\nles échantillons partent demain, l'inventaire est joint.\n\nPaul\n",
        html="<p>Cher Luc,</p><p>les échantillons partent demain.</p>\n",
        files=(made_file("inventaire.pdf", 12_000),),
    )


def _among_several(post: _Post) -> Iterator[Said]:
    yield post.mail(
        AISHA,
        [HENRIK, MARA],
        "Programme of the reading",
        "Dear both,\n\ndoors at six, first poem at seven. The microphone is tested.\n\nAisha\n",
        cc=(INES,),
    )
    yield post.mail(
        HENRIK,
        AISHA,
        "Re: Programme of the reading",
        "Thank you, Aisha. I'll be there at five to set up the chairs.\n\nHenrik\n",
        cc=(MARA, INES),
    )
    yield post.mail(
        SOFIA,
        [INES, PRIYA],
        "Exchange of binding tools",
        "Hello,\n\nI can lend the finishing press from the third on. Who fetches it?\n\nSofia\n",
        cc=(MARA,),
    )
    yield post.mail(
        INES,
        [LUKAS, BJOERN],
        "Werkstatttag",
        "Hallo zusammen,\n\nder Werkstatttag beginnt um neun. Bitte feste Schuhe.\n\nInes\n",
        files=(made_file("Lageplan.pdf", 9_000),),
    )
    yield post.mail(
        HUGO,
        [PAUL, AMELIE],
        "Salon du livre",
        "Bonjour,\n\nnotre stand est le C 12, à côté de l'entrée.\n\nHugo\n",
        cc=(TOMASZ,),
    )
    yield post.mail(
        FATOU,
        SUPPORT_MAIL,
        "Copie pour information",
        "Bonjour,\n\nje vous transmets l'accord, avec une copie à qui de droit.\n\nFatou\n",
    )


def _invoices(post: _Post) -> Iterator[Said]:
    numbered = (
        (ANNEGRET, "Rechnung 2087", "Anbei unsere Rechnung über 4.000 Bogen Vorsatzpapier.\n"),
        (LUC, "Facture F-311", "Veuillez trouver ci-joint la facture du mois.\n"),
        (MARA, "Invoice 17: translation of the catalogue", "Attached is my invoice. Thank you!\n"),
        (PRIYA, "Invoice A-904", "Please find the invoice for the linen thread attached.\n"),
    )
    for number, (sender, subject, body) in enumerate(numbered, 1):
        files = (
            made_file(f"invoice-{number}.pdf", 20_000),
            made_file(f"invoice-{number}.xml", 3_000),
        )
        yield post.mail(sender, INVOICES, subject, body, files=files)
