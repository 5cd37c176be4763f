"""How long everything is kept, and what its end means: the notice on Art. 5(1)(e) and 17."""

from __future__ import annotations

from collections.abc import Iterator

from lethe.domain import disclosures as of
from lethe.domain.in_force import Audience
from lethe.domain.live import LiveSettings
from lethe.domain.policy import DeletableBy, ErasureRule, OnErasure, OwnRecord, Policy
from lethe.domain.statements import Count, Entry, Literal, Section, Statement, Unit, Value, Word


def retention(policy: Policy, audience: Audience) -> Section:
    """Say how long each class keeps a message, and what ends it earlier."""
    shown = of.classes(policy, audience)
    said = [
        Statement("fixed", "retention_fixed"),
        Statement("default", "retention_default", {"class": _title(policy, policy.default_class)}),
    ]
    if any(not c.keeps and c.erasure_rule is ErasureRule.AUTHOR for c in shown.values()):
        says = "retention_rule_staff" if audience is Audience.EMPLOYEES else "retention_rule"
        said.append(Statement("rule", says))
    if any(c.deletable_by is DeletableBy.EXTERNAL for c in shown.values()):
        said.append(Statement("deletion", "retention_deletion"))
    if any(c.deletable_by is not DeletableBy.NOBODY for c in shown.values()):
        said.append(Statement("late", "retention_late"))
    said += of.reclassifications(policy, shown)
    entries = (
        Entry(name, _title(policy, name), tuple(_class(policy, name, audience))) for name in shown
    )
    return Section("retention", tuple(said), tuple(entries))


def ending(live: LiveSettings) -> Section:
    """Say what happens when a message ends, and when that is final."""
    every = live.sweep_every
    sweep = (
        Statement("sweep", "ending_sweep", {"rhythm": every})
        if every
        else Statement("sweep", "ending_schedule", {"schedule": Literal(live.sweep_schedule)})
    )
    removed = {"removed": Count(live.removed_after_days, Unit.DAY)}
    wait = {"wait": Count(live.longest_capture_seconds, Unit.SECOND)}
    return Section(
        "ending",
        (
            Statement("keys", "ending_keys"),
            Statement("read", "ending_read"),
            sweep,
            Statement("removed", "ending_removed", removed),
            Statement("checked", "ending_checked", wait),
            _backup("final", "key_backups", live.key_backup_days),
            _backup("backups", "message_backups", live.message_backup_days),
            Statement("logs", "ending_logs", {"kept": Count(live.log_retention_days, Unit.DAY)}),
            Statement("uploads", "ending_uploads", {"kept": Count(live.upload_days, Unit.DAY)}),
        ),
    )


def own_records(policy: Policy) -> Iterator[Section]:
    """Say what Lethe records of its own acts, and for how long."""
    entries = tuple(
        Entry(name, of.record_title(name, record), _record(name, record))
        for name, record in policy.records.items()
    )
    if entries:
        yield Section("records", (Statement("lead", "records_lead"),), entries)


def hosting(live: LiveSettings) -> Statement:
    """Say where messages are stored."""
    place = of.country(live.country) if live.country else Word("words", "unknown_country")
    values: dict[str, Value] = {"region": Literal(live.region), "country": place}
    return Statement("hosting", "recipients_hosting", values)


def security(policy: Policy, live: LiveSettings) -> Section:
    """Say how what is stored is protected (Art. 32)."""
    said = [
        Statement("sealed", "security_sealed", {"kem": Word("kem", live.kem.lower())}),
        Statement("separate", "security_separate"),
    ]
    if measures := policy.notice.security_measures:
        values = {"measures": of.owns(measures, "notice", "security_measures")}
        said.append(Statement("measures", "security_measures", values))
    return Section("security", tuple(said))


def _class(policy: Policy, name: str, audience: Audience) -> Iterator[Statement]:
    at, cls = ("classes", name), policy.classes[name]
    yield of.period(cls)
    yield from of.earlier_periods(policy, name)
    basis = of.named(cls.legal_basis, *at, "legal_basis")
    yield Statement("basis", "verbatim", {"text": basis}, "basis")
    if cls.keep_article is not None:
        article = {"article": of.named(cls.keep_article, *at, "keep_article")}
        yield Statement("on_erasure", "erasure_keep", article, "on_erasure")
    else:
        yield Statement("on_erasure", f"erasure_{cls.on_erasure}", label="on_erasure")
    if cls.erasure_rule is ErasureRule.ANY_PARTY:
        staff = "_staff" if audience is Audience.EMPLOYEES else ""
        yield Statement("rule", f"rule_any_party{staff}", label="rule")
    deletion: dict[str, Value] = {}
    if cls.deletable_by is not DeletableBy.NOBODY:
        deletion = {"window": cls.deletion_window}
    yield Statement("deletion", f"deletable_by_{cls.deletable_by}", deletion, "deletion")
    if cls.keep_original:
        original = "original_kept" if cls.on_erasure is OnErasure.KEEP else "original"
        yield Statement("original", original, label="original")


def _record(name: str, record: OwnRecord) -> tuple[Statement, ...]:
    basis = of.named(record.legal_basis, "records", name, "legal_basis")
    personal = "record_personal" if record.personal_data else "record_not_personal"
    return (
        of.record_period(name, record),
        Statement("basis", "verbatim", {"text": basis}, "basis"),
        Statement("personal", personal, label="personal"),
    )


def _backup(name: str, says: str, days: int) -> Statement:
    if not days:
        return Statement(name, f"{says}_none")
    return Statement(name, says, {"days": Count(days, Unit.DAY)})


def _title(policy: Policy, name: str) -> Value:
    return of.class_title(policy, name)
