"""May this message go? Minimised, decided for each recipient, and authorised where Lethe sends not.

An authorisation is for one recipient and the text as it must leave: without what a detector
masked, and with the words that say how to stop where the message is one that a person may stop.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from lethe.crypto.authorisation import LIFETIME, Authorised, Covered, mint
from lethe.crypto.withdrawal_link import WithdrawalLink
from lethe.domain.addresses import Address, network
from lethe.domain.channel_settings import Detector
from lethe.domain.detectors import DetectorPort
from lethe.domain.errors import FieldProblem, InvalidInputError
from lethe.domain.gate import Decision, Flag, Question, Reason
from lethe.domain.gating import denied, together, watched
from lethe.domain.minimisation import Minimised, minimise_html, minimise_text
from lethe.domain.outbox import OutMessage
from lethe.domain.policy import Policy
from lethe.domain.ports import PseudonymHash
from lethe.domain.register import Pseudonym
from lethe.usecases.gate import Decisions, Gate, Look
from lethe.usecases.parting import is_withdrawable, with_withdrawal

NO_PURPOSE: Final = "The policy has no purpose of this name."
_NO_VENDOR: Final = "The policy has no vendor of this name."
_ALONE: Final = (
    "Each recipient has a withdrawal link of their own: send each alone (RFC 8058), without this."
)


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be sent, as the caller states it; its vendor may be left out."""

    message: OutMessage
    together: bool = False
    """One message to all of them, or to nobody."""
    send: bool = False
    explain: bool = False

    @property
    def question(self) -> Question:
        """What the gate is asked."""
        message = self.message
        return Question(message.purpose, message.channel, message.sender, message.vendor or None)

    @property
    def recipients(self) -> list[Address]:
        """To whom it is to go, in order."""
        return [recipient.address for recipient in self.message.recipients]


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer for one recipient; the message is as it must leave, if it may."""

    number: int
    decision: Decision
    message: OutMessage | None = None
    authorisation: str | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """A minimised message, and how often which detector demanded what in all its parts."""

    message: OutMessage
    masked: Mapping[Detector, int] = field(default_factory=dict)
    flagged: Mapping[Detector, int] = field(default_factory=dict)
    refused: Mapping[Detector, int] = field(default_factory=dict)

    @property
    def figures(self) -> dict[str, int]:
        """Return the same as figures of the channel."""
        acts = {"masked": self.masked, "flagged": self.flagged, "refused": self.refused}
        return {
            f"content.{act}.{detector}": number
            for act, found in acts.items()
            for detector, number in found.items()
        }


@dataclass(frozen=True, slots=True)
class Checked:
    """The answers in the order of the recipients, and what is left of the message."""

    content: Content
    answers: tuple[Answer, ...]
    policy_version: int

    @property
    def decisions(self) -> list[Decision]:
        """Return the decisions in the order of the recipients."""
        return [answer.decision for answer in self.answers]


@dataclass(frozen=True)
class Dispatching:
    """The use case. `key` and `links` derive what they need from KMS once in a process."""

    gate: Gate
    hashes: PseudonymHash
    key: Callable[[], bytes]
    """The key of authorisations."""
    links: Callable[[WithdrawalLink], str]
    """The token of a withdrawal link."""
    detectors: Sequence[DetectorPort] = ()

    def check(
        self,
        request: Request,
        *,
        actor: str,
        public_url: str,
        refuse: Callable[[Policy], None] = lambda _: None,
    ) -> Checked:
        """Decide for each recipient; what is allowed and not to be sent by Lethe is authorised.

        `public_url` is where withdrawal links lead. InvalidInputError if the policy does not know
        what the call names, or from `refuse`. Whatever else fails is a no for all, unless the
        purpose is marked.
        """
        look = self.gate.look(request.question)
        if look.known is not None:
            _check(request, look.known.policy)
            refuse(look.known.policy)
        judged = self.gate.judge(look, request.recipients, explain=request.explain)
        content, leaving, key = Content(request.message), {}, b""
        try:
            content = self._minimised(request.message, look.policy)
            judged = _amended(judged, content, request, look)
            if not request.send:
                leaving = self._leaving(content.message, judged, look, public_url)
                key = self.key()
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing leaves
            self.gate.noted(error)
            judged = {a: look.on_failure if d.allowed else d for a, d in judged.items()}
        decided = self.gate.record(look, judged, actor=actor, also=content.figures)
        answers = (
            self._answer(number, decided[address], leaving.get(address), key, look)
            for number, address in enumerate(request.recipients)
        )
        return Checked(content, tuple(answers), look.policy_version)

    def _minimised(self, message: OutMessage, policy: Policy | None) -> Content:
        settings = policy.channels.get(message.channel) if policy else None
        if settings is None or not settings.outbound:
            return Content(message)
        text, subject = (
            minimise_text(part, settings.outbound, self.detectors)
            for part in (message.text, message.subject)
        )
        html = minimise_html(message.html, settings.outbound, self.detectors)
        found = (text, subject, html)
        return Content(
            replace(message, text=text.text, subject=subject.text, html=html.text),
            *(_summed(found, act) for act in ("masked", "flagged", "refused")),
        )

    def _leaving(
        self, message: OutMessage, judged: Decisions, look: Look, public_url: str
    ) -> dict[Address, OutMessage]:
        """The message to each who may get it, with how to stop where a person may stop it."""
        policy = look.policy
        if policy is None:
            return {}
        allowed = [r for r in message.recipients if judged[r.address].allowed]
        single = {r.address: replace(message, recipients=(r,)) for r in allowed}
        if message.purpose not in policy.purposes or not is_withdrawable(
            policy.purposes[message.purpose]
        ):
            return single
        settings = policy.channels.get(message.channel)
        return {
            address: with_withdrawal(
                each,
                settings,
                f"{public_url}/withdrawals/{self._token(each)}",
                is_mail=network(address) == "mailto",
            )
            for address, each in single.items()
        }

    def _token(self, message: OutMessage) -> str:
        """The token by which its one recipient withdraws."""
        sender, recipient = self._pseudonyms(message)
        return self.links(WithdrawalLink(recipient, message.purpose, message.channel, sender))

    def _answer(
        self, number: int, decision: Decision, message: OutMessage | None, key: bytes, look: Look
    ) -> Answer:
        if not decision.allowed or decision.basis is None or message is None:
            return Answer(number, decision)
        if not key:
            return Answer(number, decision, message)
        sender, recipient = self._pseudonyms(message)
        authorised = Authorised(
            purpose=decision.basis.purpose,
            legal_basis=decision.basis.legal_basis,
            evidence=decision.basis.evidence,
            policy_version=look.policy_version,
            expires=look.at + LIFETIME,
        )
        covered = Covered(message.channel, sender, recipient, message.text)
        return Answer(number, decision, message, mint(key, covered, authorised))

    def _pseudonyms(self, message: OutMessage) -> tuple[Pseudonym, Pseudonym]:
        """Who sends a message, and its one recipient."""
        (recipient,) = message.recipients
        return self.hashes.pseudonym(message.sender), self.hashes.pseudonym(recipient.address)


def _check(request: Request, policy: Policy) -> None:
    """Refuse what the policy does not know, and marketing that would go to all at once."""
    message, wrong = request.message, []
    purpose = policy.purposes.get(message.purpose)
    if purpose is None:
        wrong.append(FieldProblem("/purpose", NO_PURPOSE))
    if message.vendor and message.vendor not in policy.vendors:
        wrong.append(FieldProblem("/vendor", _NO_VENDOR))
    several = request.together and len(message.recipients) > 1
    if several and purpose is not None and is_withdrawable(purpose):
        wrong.append(FieldProblem("/together", _ALONE))
    if wrong:
        raise InvalidInputError("The dispatch is not valid.", tuple(wrong))


def _amended(judged: Decisions, content: Content, request: Request, look: Look) -> Decisions:
    """What the content says, and whether it goes to all or to nobody, on top of the decisions."""
    amended = {
        address: _with_content(decision, content, look) for address, decision in judged.items()
    }
    if request.together:
        amended = dict(zip(amended, together(list(amended.values())), strict=True))
    return amended


def _with_content(decision: Decision, content: Content, look: Look) -> Decision:
    if look.is_off or not decision.allowed:
        return decision
    if content.refused:
        refused = denied(decision, Reason.CONTENT)
        return watched(refused, look.question, look.policy) if look.policy else refused
    found = {Flag.CONTENT_MASKED: content.masked, Flag.CONTENT_FLAGGED: content.flagged}
    return replace(decision, flags=decision.flags | {flag for flag, by in found.items() if by})


def _summed(found: Sequence[Minimised], act: str) -> dict[Detector, int]:
    total: Counter[Detector] = Counter()
    for each in found:
        total.update(getattr(each, act))
    return dict(total)
