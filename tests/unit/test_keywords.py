"""STOP, START and free text that may withdraw, in the languages of the EU."""

from __future__ import annotations

import csv
from pathlib import Path
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lethe.domain import words
from lethe.domain.channel_settings import Keywords
from lethe.domain.folding import fold
from lethe.domain.keywords import MAX_CHARACTERS, MAX_OWN_CHARACTERS, Heard, own_words, read

CODES = "bg cs da de el en es et fi fr ga hr hu it lt lv mt nl pl pt ro sk sl sv"
LANGUAGES = frozenset(CODES.split())
COMMON = (
    "STOP STOPALL UNSUBSCRIBE CANCEL END QUIT ABMELDEN STOPP ARRET DESABONNER BAJA CANCELLA"
    " UITSCHRIJVEN AFMELDEN ODHLASIT WYPISZ СТОП ΣΤΟΠ"
)
FIXTURE = Path(__file__).parents[1] / "fixtures/withdrawals.tsv"
with FIXTURE.open(encoding="utf-8", newline="") as file:
    LABELLED = [
        (row["label"], row["language"], row["text"].replace("\\n", "\n"))
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
    ]
STOP = words.by_language("stop")
START = words.by_language("start")
EVERY_STOP = sorted({word for of_one in STOP.values() for word in of_one})
EVERY_START = sorted({word for of_one in START.values() for word in of_one})
AROUND = st.text("!?.,;:-–—…\"'„“”»«()[]*_~ \n\t🛑✋🏽🙏👍️\u200b\u00a0", max_size=6)


def heard(text: str) -> str:
    return read(text) or "none"


class TestWords:
    def test_L8_every_official_language_has_words_and_phrases(self) -> None:
        assert STOP.keys() == START.keys() == LANGUAGES
        assert {language.name for language in words.phrases().languages} == LANGUAGES
        assert {language for _, language, _ in LABELLED} == LANGUAGES

    @pytest.mark.parametrize("word", COMMON.split())
    def test_L8_what_carriers_and_people_use_is_there(self, word: str) -> None:
        assert read(word) is Heard.STOP

    def test_no_word_means_both(self) -> None:
        assert not words.folded("stop") & words.folded("start")

    @pytest.mark.parametrize("word", ["yes", "ja", "oui", "sí", "tak", "да", "no", "nein"])
    def test_yes_and_no_mean_nothing_without_their_question(self, word: str) -> None:
        assert read(word) is None

    @pytest.mark.parametrize("word", ["fine", "fin", "seis", "stad", "help", "info", "ok", ""])
    def test_a_plain_answer_is_no_keyword(self, word: str) -> None:
        assert read(word) is None


class TestFolding:
    @given(st.sampled_from(EVERY_STOP), AROUND, AROUND)
    def test_L8_case_and_what_stands_around_never_change_the_answer(
        self, word: str, before: str, after: str
    ) -> None:
        for written in (word, word.upper(), word.title(), word.swapcase()):
            assert read(f"{before}{written}{after}") is Heard.STOP

    @given(st.sampled_from(EVERY_STOP + EVERY_START))
    def test_L8_accents_never_change_the_answer(self, word: str) -> None:
        assert read(fold(word)) is read(word)
        assert read("\u0301".join(word)) is read(word)

    @given(st.sampled_from(EVERY_START), AROUND, AROUND)
    def test_so_with_start(self, word: str, before: str, after: str) -> None:
        assert read(f"{before}{word.upper()}{after}") is Heard.START

    @given(st.sampled_from(EVERY_STOP), st.sampled_from(["tomorrow", "Müller", "4711", "bus"]))
    def test_L8_only_the_whole_message_is_a_stop(self, word: str, more: str) -> None:
        assert read(f"{word} {more}") is not Heard.STOP
        assert read(f"{more} {word}") is not Heard.STOP

    @given(st.text(max_size=200))
    def test_folding_twice_is_folding_once(self, text: str) -> None:
        assert fold(fold(text)) == fold(text)

    def test_letters_without_their_mark(self) -> None:
        assert fold("ŁØĐÐĦÆŒß Žižek ﬁ") == "loddhaeoess zizek fi"

    @pytest.mark.parametrize(
        "written", ["S T O P", "S.T.O.P", "s-t-o-p!", "\uff33\uff34\uff2f\uff30", "ⓈⓉⓄⓅ"]
    )
    def test_L8_a_word_in_pieces_or_in_fancy_letters(self, written: str) -> None:
        assert read(written) is Heard.STOP

    def test_once_more_is_the_same(self) -> None:
        assert read("stop STOP Stop!") is Heard.STOP
        assert read("stop start") is not Heard.STOP


class TestMail:
    QUOTED = (
        "STOP\n\nOn Tue, 24 Nov 2026 at 10:00, Example <news@example.com> wrote:\n> Offers!\n> x"
    )

    def test_L8_what_a_mail_quotes_is_not_the_message(self) -> None:
        assert read(self.QUOTED) is Heard.STOP
        assert read("Thanks!\n\n> Reply STOP to unsubscribe.") is None
        assert read("> STOP") is None

    @pytest.mark.parametrize(
        "tail",
        [
            "\n-- \nAnn Example\nExample GmbH",
            "\n\n-----Original Message-----\nFrom: news@example.com\nOffers!",
            "\n________________________________\nVon: news@example.com",
        ],
    )
    def test_L8_a_signature_or_an_older_mail_below(self, tail: str) -> None:
        assert read(f"Abmelden{tail}") is Heard.STOP
        assert own_words(f"Abmelden{tail}") == "Abmelden"

    def test_L8_a_keyword_on_a_line_of_its_own_goes_to_a_human(self) -> None:
        assert read("Hello,\nSTOP\nKind regards, Ann") is Heard.MAYBE


class TestPolicy:
    OWN = Keywords(stop=("STOP WERBUNG", "Schluss!"), start=("Wieder da",))

    @pytest.mark.parametrize("text", ["stop werbung", "STOP-WERBUNG!", "schluss", "Schluß"])
    def test_L8_a_policy_adds_words_of_its_own(self, text: str) -> None:
        assert read(text, self.OWN) is Heard.STOP

    def test_words_of_the_policy_start_too_and_the_built_in_ones_stay(self) -> None:
        assert read("wieder da", self.OWN) is Heard.START
        assert read("wieder da") is None
        assert read("ABMELDEN", self.OWN) is Heard.STOP


class TestFreeText:
    def test_L8_every_labelled_message_is_heard(self) -> None:
        """A stop is heard as a stop, a start as a start, and no plain sentence as either."""
        for label, _, text in LABELLED:
            if label in {"stop", "start"}:
                assert heard(text) == label, text
            else:
                assert heard(text) in {"maybe", "none"}, text

    def test_L8_free_text_that_may_withdraw_is_found(self) -> None:
        asked = [heard(text) for label, _, text in LABELLED if label == "maybe"]
        assert len(asked) > 300
        assert asked.count("maybe") / len(asked) > 0.98

    def test_L8_in_every_language(self) -> None:
        for language in LANGUAGES:
            asked = [text for label, of, text in LABELLED if (label, of) == ("maybe", language)]
            assert len(asked) >= 5, language
            assert [text for text in asked if heard(text) != "maybe"] == []

    def test_plain_sentences_go_to_no_human(self) -> None:
        plain = [heard(text) for label, _, text in LABELLED if label == "none"]
        assert len(plain) > 200
        assert plain.count("maybe") / len(plain) < 0.02

    @pytest.mark.parametrize(
        "text",
        ["the bus stop is closed", "stop by tomorrow", "Please don't stop sending me your offers"],
    )
    def test_these_are_neither(self, text: str) -> None:
        assert read(text) is None

    def test_long_letters_are_left_alone(self) -> None:
        asks = "Please stop writing to me. "
        assert read(asks) is Heard.MAYBE
        assert read(asks + "x" * MAX_OWN_CHARACTERS) is None


class TestHostile:
    @pytest.mark.parametrize(
        "text",
        [
            "stop " * 100_000,
            "do not " * (MAX_OWN_CHARACTERS // 7),
            "ne " * (MAX_OWN_CHARACTERS // 3),
            "nicht mehr " * (MAX_OWN_CHARACTERS // 11),
            "> " * (MAX_CHARACTERS // 2),
            ">\n" * (MAX_CHARACTERS // 2),
            "a:\n" * (MAX_CHARACTERS // 6) + ">\n" * (MAX_CHARACTERS // 6),
            "\ufdfa" * MAX_OWN_CHARACTERS,
            "\u0301" * MAX_CHARACTERS,
            "\u200b" * MAX_OWN_CHARACTERS,
            "\n" * 1_000_000,
            "---\n" * (MAX_CHARACTERS // 4),
        ],
        ids=lambda text: ascii(text[:8]),
    )
    def test_no_text_takes_long(self, text: str) -> None:
        read("warm")
        began = perf_counter()
        read(text)
        assert perf_counter() - began < 1

    @given(st.text(max_size=300))
    def test_any_text_has_an_answer(self, text: str) -> None:
        assert read(text) in {None, *Heard}
