"""The compliance notice, apart from any language: computed from policy and live settings.

Art. 12 to 14 and 88. Nothing in it is typed: periods, counts, places and names are values, and
the files in `locales/` hold the sentences around them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lethe.domain import disclosures as of
from lethe.domain.channel_settings import DEFAULT_HEADERS, Action, ChannelSettings, Gate
from lethe.domain.classification import LegalBasis
from lethe.domain.in_force import Audience
from lethe.domain.live import LiveSettings
from lethe.domain.notice_address import address
from lethe.domain.notice_endings import ending, hosting, own_records, retention, security
from lethe.domain.policy import Policy
from lethe.domain.purposes import EventGrant, InboundGrant, OnFailure, Purpose
from lethe.domain.statements import Entry, Literal, Page, Section, Statement, Value, Word
from lethe.domain.vendors import Vendor

_OBJECTED: tuple[LegalBasis, ...] = (
    LegalBasis.PUBLIC_TASK,
    LegalBasis.LEGITIMATE_INTERESTS,
    LegalBasis.SOFT_OPT_IN,
)
_RIGHTS: tuple[str, ...] = (
    "access",
    "rectification",
    "erasure",
    "restriction",
    "portability",
    "withdrawal",
    "objection",
    "human",
)


@dataclass(frozen=True, slots=True)
class _Maker:
    policy: Policy
    live: LiveSettings
    audience: Audience

    @property
    def purposes(self) -> dict[str, Purpose]:
        return of.purposes(self.policy, self.audience)

    def sections(self) -> Iterator[Section]:
        """Every section in the order of the page; the right to object comes first (Art. 21(4))."""
        yield self.objection()
        if self.audience is Audience.EMPLOYEES:
            yield self.employees()
        yield self.controller()
        yield self.why()
        yield from self.consent()
        yield self.data()
        yield self.sources()
        yield from self.channels()
        yield self.recipients()
        yield self.transfers()
        yield retention(self.policy, self.audience)
        yield ending(self.live)
        yield from own_records(self.policy)
        yield security(self.policy, self.live)
        yield self.rights()
        yield self.complaint()
        yield self.requirement()
        yield self.automated()
        yield self.about()

    def objection(self) -> Section:
        named = {name: p for name, p in self.purposes.items() if p.legal_basis in _OBJECTED}
        general, marketing = (
            tuple(of.title(name, p.description, "purposes") for name, p in some.items())
            for some in (
                {name: p for name, p in named.items() if not p.direct_marketing},
                {name: p for name, p in self.purposes.items() if p.direct_marketing},
            )
        )
        said = []
        if general:
            said.append(Statement("general", "objection_general", {"purposes": general}))
        if marketing:
            said.append(Statement("marketing", "objection_marketing", {"purposes": marketing}))
        else:
            said.append(Statement("marketing", "objection_marketing_any"))
        said.append(Statement("how", "objection_how", {"contact": of.contact(self.policy)}))
        return Section("objection", tuple(said))

    def employees(self) -> Section:
        policy = self.policy
        said = [Statement("captured", "employees_captured")]
        if policy.notice.employees is not None:
            told = of.own(policy.notice.employees, "notice", "employees")
            said.append(Statement("told", "verbatim", {"text": told}))
        said += [
            Statement("read", "employees_read"),
            Statement("function", "employees_function"),
        ]
        return Section("employees", tuple(said))

    def controller(self) -> Section:
        return Section("controller", of.controller_statements(self.policy))

    def why(self) -> Section:
        lead = (Statement("lead", "purposes_lead"),)
        entries = (
            Entry(name, of.title(name, p.description, "purposes"), tuple(self._purpose(name, p)))
            for name, p in self.purposes.items()
        )
        return Section("purposes", lead, tuple(entries))

    def _purpose(self, name: str, purpose: Purpose) -> Iterator[Statement]:
        at = ("purposes", name)
        yield Statement("basis", "verbatim", {"text": of.BASES[purpose.legal_basis]}, "basis")
        if purpose.special_categories:
            yield of.special(name, purpose)
        if purpose.legitimate_interest is not None:
            interest = of.own(purpose.legitimate_interest, *at, "legitimate_interest")
            yield Statement("interest", "verbatim", {"text": interest}, "interest")
        if purpose.assessment is not None:
            values = {"contact": of.contact(self.policy)}
            yield Statement("assessment", "purpose_assessment", values, "assessment")
        yield from _granted(name, purpose)
        if purpose.on_failure is OnFailure.ALLOW_AND_FLAG:
            yield Statement("on_failure", "purpose_on_failure", label="gate")
        if purpose.children:
            yield Statement("children", "purpose_children", label="children")
        for field, texts in (
            ("data_categories", purpose.data_categories),
            ("recipients", purpose.recipients),
        ):
            if texts:
                yield Statement(field, "verbatim", {"text": of.owns(texts, *at, field)}, field)
        if purpose.requirement is not None:
            value = of.own(purpose.requirement, *at, "requirement")
            yield Statement("requirement", "verbatim", {"text": value}, "requirement")

    def consent(self) -> Iterator[Section]:
        if any(p.legal_basis is LegalBasis.CONSENT for p in self.purposes.values()):
            how = Statement("how", "consent_how", {"contact": of.contact(self.policy)})
            yield Section("consent", (how, Statement("then", "consent_then")))

    def data(self) -> Section:
        return Section(
            "data",
            (
                Statement("message", "data_message"),
                Statement("further", "data_further"),
                Statement("dropped", "data_dropped"),
                Statement("choices", "data_choices"),
            ),
        )

    def sources(self) -> Section:
        said = [Statement("direct", "sources_direct"), Statement("others", "sources_others")]
        if self.policy.notice.sources:
            values = {"sources": of.owns(self.policy.notice.sources, "notice", "sources")}
            said.append(Statement("further", "sources_further", values))
        return Section("sources", tuple(said))

    def channels(self) -> Iterator[Section]:
        channels = self.policy.channels
        entries = tuple(
            Entry(
                name,
                of.title(name, channel.description, "channels"),
                tuple(_channel(self.policy, name, channel)),
            )
            for name, channel in channels.items()
        )
        if entries:
            modes = [mode for mode in Gate if any(c.gate is mode for c in channels.values())]
            said = [Statement("lead", "channels_lead")]
            said += [Statement(f"gate-{mode}", f"gate_{mode}") for mode in modes]
            if any(_keeps_usual(channel) for channel in channels.values()):
                usual = {"headers": tuple(map(Literal, DEFAULT_HEADERS))}
                said.append(Statement("headers", "channels_headers", usual))
            yield Section("channels", tuple(said), entries)

    def recipients(self) -> Section:
        said = (
            Statement("inside", "recipients_inside"),
            Statement("participants", "recipients_participants"),
            hosting(self.live),
        )
        entries = (
            Entry(name, of.named(v.name, "vendors", name, "name"), tuple(_vendor(name, v)))
            for name, v in of.vendors(self.policy).items()
        )
        return Section("recipients", said, tuple(entries))

    def transfers(self) -> Section:
        said = of.transfer_statements(self.policy)
        if said[0].id == "none":
            return Section("transfers", said)
        copy = Statement("copy", "transfers_copy", {"contact": of.contact(self.policy)})
        return Section("transfers", (Statement("lead", "transfers_lead"), *said, copy))

    def rights(self) -> Section:
        said = [Statement("lead", "rights_lead")]
        said += [Statement(name, f"right_{name}", label=f"right_{name}") for name in _RIGHTS]
        said.append(Statement("how", "rights_how", {"contact": of.contact(self.policy)}))
        return Section("rights", tuple(said))

    def complaint(self) -> Section:
        said = [Statement("right", "complaint_right")]
        if (authority := self.policy.controller.supervisory_authority) is not None:
            values = {"authority": of.named(authority, "controller", "supervisory_authority")}
            said.append(Statement("authority", "complaint_authority", values))
        return Section("complaint", tuple(said))

    def requirement(self) -> Section:
        text = self.policy.notice.requirement
        if text is None:
            return Section("requirement", (Statement("purposes", "requirement_by_purpose"),))
        value = of.own(text, "notice", "requirement")
        return Section("requirement", (Statement("text", "verbatim", {"text": value}),))

    def automated(self) -> Section:
        text = self.policy.notice.automated_decisions
        value = of.own(text or "", "notice", "automated_decisions")
        return Section("automated", (Statement("text", "verbatim", {"text": value}),))

    def about(self) -> Section:
        page = Page(address(self.policy, self.live.api_url, self.audience))
        url = Statement("url", "about_url", {"url": page})
        return Section("about", (Statement("computed", "about_computed"), url))


def sections(policy: Policy, live: LiveSettings, audience: Audience) -> tuple[Section, ...]:
    """Return everything that the notice for an audience says."""
    return tuple(_Maker(policy, live, audience).sections())


def _granted(name: str, purpose: Purpose) -> Iterator[Statement]:
    """When a message may be sent for a purpose, and for how long a consent counts."""
    if purpose.legal_basis is LegalBasis.CONSENT:
        terms = purpose.consent
        values: dict[str, Value] = {"validity": terms.validity, "pause": terms.ask_again_after}
        yield Statement("consent", "purpose_consent", values, "consent")
    elif isinstance(purpose.granted_by, EventGrant):
        event = of.named(purpose.granted_by.event, "purposes", name, "granted_by", "event")
        values = {"event": event}
        yield Statement("granted", "purpose_event", values, "granted")
    elif isinstance(purpose.granted_by, InboundGrant):
        values = {"period": purpose.granted_by.inbound_within}
        yield Statement("granted", "purpose_inbound", values, "granted")


def _channel(policy: Policy, name: str, channel: ChannelSettings) -> Iterator[Statement]:
    at = ("channels", name)
    yield Statement("gate", "verbatim", {"text": Word("gate", channel.gate)}, "gate")
    captured = "channel_captured" if channel.captures else "channel_not_captured"
    yield Statement("captured", captured, label="archive")
    if channel.announcement is not None:
        said = {"text": of.own(channel.announcement, *at, "announcement")}
        yield Statement("announcement", "verbatim", said, "announcement")
    vendor = policy.vendors.get(channel.vendor or "")
    if vendor is not None:
        sender = {"text": of.named(vendor.name, "vendors", channel.vendor or "", "name")}
        yield Statement("vendor", "verbatim", sender, "vendor")
    if channel.captures:
        yield from _kept(name, channel)
    yield from _checked(channel)
    if channel.first_contact:
        yield Statement("first_contact", "channel_first_contact", label="first_contact")


def _kept(name: str, channel: ChannelSettings) -> Iterator[Statement]:
    """What is stored of a message besides its text, and what is not (Art. 5(1)(c))."""
    if not _keeps_usual(channel):
        kept: Value = tuple(map(Literal, channel.headers)) or Word("words", "none")
        yield Statement("headers", "verbatim", {"text": kept}, "headers")
    if channel.header_purpose is not None and channel.further_headers:
        why = {"text": of.own(channel.header_purpose, "channels", name, "header_purpose")}
        yield Statement("header_purpose", "verbatim", why, "headers")
    if channel.drop:
        dropped = {"text": tuple(Word("parts", part) for part in channel.drop)}
        yield Statement("dropped", "verbatim", dropped, "dropped")
    if channel.tag_inbound:
        yield Statement("inbound", "channel_tagged", label="inbound")


def _keeps_usual(channel: ChannelSettings) -> bool:
    return channel.captures and channel.headers == DEFAULT_HEADERS


def _checked(channel: ChannelSettings) -> Iterator[Statement]:
    """What is looked for in the texts that we send, and what follows."""
    for action in (Action.MASK, Action.REFUSE, Action.FLAG):
        found = tuple(
            Word("detectors", d) for d, does in channel.outbound.items() if does is action
        )
        if found:
            yield Statement(f"outbound-{action}", f"channel_{action}", {"kinds": found}, "outbound")
    if channel.tag_inbound:
        yield Statement("inbound", "channel_tagged", label="inbound")


def _vendor(name: str, vendor: Vendor) -> Iterator[Statement]:
    at = ("vendors", name)
    service = of.own(vendor.service, *at, "service")
    yield Statement("service", "verbatim", {"text": service}, "service")
    place: dict[str, Value] = {
        "country": of.country(vendor.country),
        "region": of.named(vendor.region, *at, "region"),
    }
    yield Statement("place", "vendor_place", place, "place")
    if vendor.processing_agreement is not None:
        signed = {"signed": vendor.processing_agreement.signed}
        yield Statement("agreement", "vendor_agreement", signed, "agreement")
    for number, sub in enumerate(vendor.sub_processors or ()):
        yield of.sub_processor(name, number, sub)
