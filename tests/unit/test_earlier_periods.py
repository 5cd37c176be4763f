"""What a version of the policy does to what exists: it ends it earlier, and never later."""

from __future__ import annotations

from datetime import date, timedelta
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lethe.domain.earlier_periods import Starts, never_later
from lethe.domain.periods import Period
from lethe.domain.policy import Policy

from tests.policies import A_CLASS, KEPT, policy, refused


class TestReclassification:
    RECORDED = date(2028, 3, 16)
    CLASSES: ClassVar = {
        "general": A_CLASS,
        "invoices": KEPT,
        "short": A_CLASS | {"period": "P1M"},
    }
    MOVED: ClassVar = {
        "from_class": "general",
        "to_class": "short",
        "first_day": "2026-03-01",
        "last_day": "2026-03-31",
    }

    @pytest.mark.parametrize(
        ("day", "end"),
        [
            (date(2026, 2, 28), date(2028, 2, 29)),
            (date(2026, 3, 1), date(2026, 4, 2)),
            (date(2026, 3, 31), date(2026, 5, 1)),
            (date(2026, 4, 1), date(2028, 4, 2)),
        ],
    )
    def test_messages_of_its_days_end_as_the_other_class_would_end_them(
        self, day: date, end: date
    ) -> None:
        moved = policy(classes=self.CLASSES, reclassifications=[self.MOVED])
        recorded = moved.classes["general"].end_date(day)
        assert moved.effective_end("general", day, recorded) == end
        assert moved.effective_end("invoices", day, recorded) == recorded

    def test_L71_it_never_lengthens(self) -> None:
        longer = {"longer": A_CLASS | {"period": "P9Y"}}
        moved = policy(
            classes={"general": A_CLASS} | longer,
            reclassifications=[self.MOVED | {"to_class": "longer"}],
        )
        day = date(2026, 3, 15)
        assert moved.effective_end("general", day, self.RECORDED) == self.RECORDED
        soon = date(2026, 3, 20)
        assert moved.effective_end("general", day, soon) == soon

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"from_class": "canary"}, "from_class"),
            ({"to_class": "canary"}, "to_class"),
            ({"from_class": "invoices"}, "from_class"),
            ({"to_class": "invoices"}, "to_class"),
            ({"to_class": "general"}, "to_class"),
            ({"last_day": "2026-02-28"}, "last_day"),
        ],
    )
    def test_what_is_refused(self, changes: dict[str, str], field: str) -> None:
        moved = [self.MOVED | changes]
        assert refused(classes=self.CLASSES, reclassifications=moved) == {
            f"/reclassifications/0/{field}"
        }


CLASSES = st.dictionaries(
    st.sampled_from(["general", "other", "third"]),
    st.builds(
        lambda period, starts: A_CLASS | {"period": period, "starts": starts},
        st.sampled_from(["P0D", "P1M", "P30D", "P31D", "P1Y", "P12M", "P365D", "P366D", "P2Y"]),
        st.sampled_from(["message_day", "end_of_year"]),
    ),
).map(lambda some: {"general": A_CLASS} | some)
DAYS = st.dates(date(2025, 1, 1), date(2027, 12, 31))


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Policies with classes of various periods and reclassifications among them."""
    classes = draw(CLASSES)
    pairs = [(one, other) for one in classes for other in classes if one != other]
    moved = []
    for one, other in draw(st.lists(st.sampled_from(pairs), max_size=2)) if pairs else ():
        first, last = sorted((draw(DAYS), draw(DAYS)))
        span = {"first_day": first.isoformat(), "last_day": last.isoformat()}
        moved.append({"from_class": one, "to_class": other} | span)
    return policy(classes=classes, reclassifications=moved)


class TestAfter:
    TODAY = date(2026, 6, 1)

    def test_L71_a_period_that_was_shortened_does_not_come_back(self) -> None:
        long, short = policy(), policy(classes={"general": A_CLASS | {"period": "P1M"}})
        day = date(2026, 5, 20)
        recorded = long.classes["general"].end_date(day)
        again = long.after(short.after(long, self.TODAY), self.TODAY)
        assert again.effective_end("general", day, recorded) == date(2026, 6, 21)
        later = self.TODAY + timedelta(days=1)
        assert again.effective_end("general", later, date(2030, 1, 1)) == date(2028, 6, 3)

    def test_L71_a_class_that_is_gone_ends_what_it_ended(self) -> None:
        short = policy(classes={"general": A_CLASS, "short": A_CLASS | {"period": "P1M"}})
        without = policy().after(short, self.TODAY)
        assert without.effective_end("short", date(2026, 5, 20), date(2028, 1, 1)) == date(
            2026, 6, 21
        )
        [earlier] = without.earlier_periods
        assert (earlier.of_class, earlier.last_day) == ("short", self.TODAY)

    def test_a_policy_that_changes_nothing_promises_nothing_new(self) -> None:
        assert policy().after(policy(), self.TODAY) == policy()
        shorter = policy(classes={"general": A_CLASS | {"period": "P1Y"}})
        assert shorter.after(policy(), self.TODAY).earlier_periods == ()

    def test_promises_do_not_pile_up(self) -> None:
        long, short = policy(), policy(classes={"general": A_CLASS | {"period": "P1M"}})
        present = long
        for day in range(20):
            at = self.TODAY + timedelta(days=day)
            present = (short if day % 2 else long).after(present, at)
            assert len(present.earlier_periods) <= 1

    def test_what_a_document_says_of_earlier_periods_counts_and_cannot_be_dropped(self) -> None:
        stated = {"of_class": "general", "period": "P1M", "last_day": "2026-05-31"}
        first = policy(earlier_periods=[stated])
        then = policy().after(first, self.TODAY)
        assert then.earlier_periods == first.earlier_periods

    def test_a_class_kept_by_law_is_left_alone(self) -> None:
        longer = policy(classes={"general": A_CLASS, "invoices": KEPT | {"period": "P10Y"}})
        assert longer.after(policy(), self.TODAY).earlier_periods == ()

    @settings(deadline=None)  # the first comparison of two periods looks at four years of days
    @given(st.lists(policies(), min_size=2, max_size=5), DAYS, st.integers(0, 900))
    def test_L71_no_version_ends_later_what_an_earlier_one_would_have_ended(
        self, versions: list[Policy], captured: date, kept_days: int
    ) -> None:
        """Whatever versions follow each other, the end of an existing message only comes nearer."""
        recorded = captured + timedelta(days=kept_days)
        present, today = versions[0], captured
        ends = {name: present.effective_end(name, captured, recorded) for name in present.classes}
        for version in versions[1:]:
            present, today = version.after(present, today), today + timedelta(days=10)
            for name, before in ends.items():
                after = present.effective_end(name, captured, recorded)
                assert after <= before
                ends[name] = after

    @pytest.mark.parametrize(
        ("one", "other", "never"),
        [
            ("P1M", "P1M", True),
            ("P12M", "P1Y", True),
            ("P30D", "P1M", False),
            ("P28D", "P1M", True),
            ("P365D", "P1Y", True),
            ("P366D", "P1Y", False),
            ("P1Y", "P365D", False),
        ],
    )
    def test_periods_are_compared_by_the_days_they_give(
        self,
        one: str,
        other: str,
        never: bool,  # noqa: FBT001 - an example
    ) -> None:
        day = Starts.MESSAGE_DAY
        assert never_later((Period.parse(one), day), (Period.parse(other), day)) is never

    def test_the_end_of_the_year_comes_no_earlier_than_the_day(self) -> None:
        year = Period.parse("P1Y")
        assert never_later((year, Starts.MESSAGE_DAY), (year, Starts.END_OF_YEAR))
        assert not never_later((year, Starts.END_OF_YEAR), (year, Starts.MESSAGE_DAY))
