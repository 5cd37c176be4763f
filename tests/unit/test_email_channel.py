"""Raw mails become messages: our own, wild ones where they are there, and hostile ones."""

from __future__ import annotations

import email
import email.policy
import re
import subprocess
import sys
import time
from email.message import EmailMessage
from hashlib import sha256
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lethe.channels.charsets import _ALIASES, _CODECS, decode
from lethe.channels.email import parse
from lethe.channels.mailboxes import mailboxes
from lethe.channels.mime import MAX_DEPTH, MAX_PARTS, Reader
from lethe.channels.plaintext import text_of
from lethe.domain.addresses import Address
from lethe.domain.content import comparable
from lethe.domain.errors import InvalidInputError, LetheError, TooLargeError
from lethe.domain.messages import Direction, Message, Role

FIXTURES = Path(__file__).parents[1] / "fixtures" / "email"
CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "email"
SUPPORT = Address("mailto:support@lethe.example")
MARTA = Address("mailto:marta@rosengart.example")


def fixture(name: str) -> Message:
    return parse((FIXTURES / f"{name}.eml").read_bytes(), SUPPORT)


def mail(*lines: str, body: str = "x") -> Message:
    return parse("\r\n".join([*lines, "", body]).encode(), SUPPORT)


def roles(message: Message) -> dict[str, str]:
    return {p.address.removeprefix("mailto:"): p.role.value for p in message.participants}


def files(message: Message) -> list[tuple[str, str, int]]:
    return [(a.name, a.media_type, a.size) for a in message.attachments]


def header(message: Message, name: str) -> str:
    return dict(message.headers).get(name, "")


# What every mail must be true to


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.eml")), ids=lambda path: path.stem)
def test_every_fixture_is_a_message(path: Path) -> None:
    check(path.read_bytes())


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of wild mails is not here")
def test_the_wild_mails_are_messages() -> None:
    paths = sorted(CORPUS.glob("*.eml"))
    for path in paths:
        check(path.read_bytes())
    assert len(paths) >= 40


def check(raw: bytes, mailbox: Address = SUPPORT) -> Message:
    message = parse(raw, mailbox)
    assert message.original == raw
    assert message.content_identified
    assert message.time is None
    assert message.own_address == mailbox
    assert mailbox in {p.address for p in message.participants}
    assert len({p.address for p in message.participants}) == len(message.participants)
    shown = [value for name, value in message.headers if name != "x-lethe-outside"]
    words = set(re.split(r"[<>\s]+", " ".join(shown).lower()))
    assert not words & {p.address.removeprefix("mailto:") for p in message.participants}
    for attachment in message.attachments:
        content = b"".join(attachment.source)
        assert (len(content), sha256(content).digest()) == (attachment.size, attachment.sha256)
        assert attachment.name
        assert not set(attachment.name) & set("/\\\0\n\r")
    comparable(message).decode()  # what is stored is UTF-8, without lone surrogates
    for participant in message.participants:
        str(participant.headers).encode()
    return message


def status(raw: bytes) -> int:
    try:
        check(raw)
    except LetheError as error:
        return error.status
    return 200


# Who took part


def test_an_inbound_mail() -> None:
    message = fixture("plain")
    assert message.channel == "email"
    assert message.direction is Direction.INBOUND
    assert roles(message) == {
        "marta@rosengart.example": "sender",
        "support@lethe.example": "recipient",
    }
    assert message.participants[0].name == "Marta Rosengart"
    assert message.participants[0].headers == (
        ("from", "Marta Rosengart <Marta@Rosengart.example>"),
    )
    assert message.subject == "Order 4711: where is it?"
    assert message.body == "Hello,\n\nmy parcel has not come yet. Can you look?\n\nMarta"
    assert message.html == ""
    assert dict(message.headers) == {
        "date": "Mon, 2 Mar 2026 09:15:00 +0100",
        "mime-version": "1.0",
        "x-mailer": "Rosenpost 3",
        "message-id": "<order-4711-a@rosengart.example>",
        "content-type": "text/plain",
    }


def test_the_mailbox_in_from_or_sender_makes_it_outbound() -> None:
    assert fixture("attachments").direction is Direction.OUTBOUND
    assert mail("From: a@b.example", "Sender: support@lethe.example").direction == "outbound"
    assert mail("From: a@b.example", "To: SUPPORT@Lethe.Example").direction == "inbound"


def test_a_mailbox_that_no_header_names_had_a_blind_copy() -> None:
    message = fixture("list")
    assert roles(message) == {
        "marta@rosengart.example": "sender",
        "roses-bounces@lists.example": "sender",
        "roses@lists.example": "recipient",
        "support@lethe.example": "bcc",
    }
    assert header(message, "list-id") == "<roses.lists.example>"
    assert header(message, "x-lethe-outside") == "___\nroses mailing list"


def test_people_as_mailers_write_them() -> None:
    message = fixture("people")
    assert roles(message) == {
        "jane@doe.example": "sender",
        "john@doe.example": "sender",
        "office@doe.example": "sender",
        "rene@xn--bcher-kva.example": "recipient",
        "support@lethe.example": "recipient",
        "marta@rosengart.example": "recipient",
        "tony@doe.example": "cc",
        "quoted@doe.example": "cc",
        '"john%20smith"@doe.example': "cc",
        "hidden@doe.example": "bcc",
    }
    people = {p.address.removeprefix("mailto:"): p for p in message.participants}
    assert people["jane@doe.example"].name == "Doe, Jane"
    assert people["jane@doe.example"].headers == (
        ("from", "Doe, Jane <jane@doe.example>"),
        ("to", "JANE@DOE.EXAMPLE"),
        ("reply-to", "jane@doe.example"),
        ("message-id", "<jane@doe.example>"),
    )
    assert people["rene@xn--bcher-kva.example"].name == "René"
    assert people["john@doe.example"].name == "John (the elder) Doe"
    assert people["tony@doe.example"].name == "Tony"
    assert people["support@lethe.example"].headers[1:] == (
        ("x-unparsed-cc", "not an address"),
        ("x-unparsed-cc", "broken@@doe example"),
    )
    assert people["marta@rosengart.example"].headers[1:] == (
        ("references", "<marta@rosengart.example>"),
    )
    assert "foreign@elsewhere.example" not in repr(message.participants)
    assert dict(message.headers) == {
        "importance": "high",
        "references": "<ok-1@doe.example>",
        "list-id": "<friends.doe.example>",
        "content-type": "text/plain",
        "x-lethe-defects": "withheld=1",
    }


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("a@b.c", [("a@b.c", "")]),
        ("A <a@b.c>, <d@e.f>", [("a@b.c", "A"), ("d@e.f", "")]),
        ("a@b.c; d@e.f;", [("a@b.c", ""), ("d@e.f", "")]),
        ('"B, A" <a@b.c>', [("a@b.c", "B, A")]),
        (r'"B \"C\" A" <a@b.c>', [("a@b.c", 'B "C" A')]),
        ('"=?utf-8?Q?B=2C_A?=" <a@b.c>', [("a@b.c", "B, A")]),
        ("=?utf-8?Q?B=2C_A?= <a@b.c>", [("a@b.c", "B, A")]),
        ("a@b.c (A (the) B)", [("a@b.c", "A (the) B")]),
        ("Group: a@b.c, D <d@e.f>;", [("a@b.c", ""), ("d@e.f", "D")]),
        ("undisclosed-recipients:;", []),
        ("mailto:a@b.c, <mailto:d@e.f>", [("a@b.c", ""), ("d@e.f", "")]),
        ("<@relay,@other:a@b.c>", [("a@b.c", "")]),
        ("A a@b.c", [("a@b.c", "A")]),
        ("a@b.c d@e.f", [("a@b.c", ""), ("d@e.f", "")]),
        ("A <a@b.c> D <d@e.f>", [("a@b.c", "A"), ("d@e.f", "D")]),
        ("'a@b.c'", [("a@b.c", "")]),
        ("a@[IPv6:::1], B <b@[192.0.2.1]>", [("a@[IPv6:::1]", ""), ("b@[192.0.2.1]", "B")]),
        ('"a b"@c.d', [('"a b"@c.d', "")]),
        ('A " a@b.c', [("a@b.c", "A")]),
        ("A ( <a@b.c>", [("a@b.c", "A (")]),
        ("A < a@b.c", [("a@b.c", "A")]),
        ("<>", []),
        (",,;", []),
        ("", []),
    ],
)
def test_address_lists(written: str, read: list[tuple[str, str]]) -> None:
    assert [(entry.spec, entry.name) for entry in mailboxes(written)] == read


def test_the_highest_of_several_roles_counts() -> None:
    message = mail("Bcc: a@b.example", "Cc: a@b.example", "To: x@y.example", "From: x@y.example")
    assert roles(message) == {
        "x@y.example": "sender",
        "a@b.example": "cc",
        "support@lethe.example": "bcc",
    }


def test_repeated_headers_all_count() -> None:
    message = mail("To: a@b.example", "From: x@y.example", "TO: c@d.example", "From: z@y.example")
    assert [p.address for p in message.participants if p.role is Role.SENDER] == [
        "mailto:x@y.example",
        "mailto:z@y.example",
    ]
    assert roles(message)["c@d.example"] == "recipient"


def test_a_thousand_external_participants_and_no_more() -> None:
    def to(count: int) -> str:
        return "To: " + ",\r\n ".join(f"p{n}@crowd.example" for n in range(count))

    assert len(mail("From: support@lethe.example", to(1000)).participants) == 1001
    with pytest.raises(TooLargeError, match="1,000 addresses"):
        mail("From: support@lethe.example", to(1001))
    with pytest.raises(TooLargeError):
        mail("From: support@lethe.example", to(10_000))
    with pytest.raises(TooLargeError):
        mail("To: " + "no address, " * 10_000)
    with pytest.raises(TooLargeError):
        mail("To: " + "x" * 2_000_000)


# Stand-ins


def test_without_from_the_mailbox_alone_took_part() -> None:
    message = fixture("no-headers")
    assert roles(message) == {"support@lethe.example": "bcc"}
    assert message.direction is Direction.INBOUND
    assert message.external_id.startswith("\n")
    assert message.thread == ""
    assert message.subject == ""
    assert message.body == "Just a text, from nobody, to nobody."


def test_without_from_the_return_path_is_the_sender() -> None:
    assert roles(mail("Return-Path: <a@b.example>", "To: support@lethe.example")) == {
        "a@b.example": "sender",
        "support@lethe.example": "recipient",
    }
    assert "b@b.example" not in roles(mail("Return-Path: <b@b.example>", "From: a@b.example"))


def test_a_sender_that_is_no_address_is_kept_with_the_mailbox() -> None:
    (own,) = fixture("bounce").participants
    assert own.headers == (
        ("to", "support@lethe.example"),
        ("x-unparsed-from", "Mail Delivery System <MAILER-DAEMON>"),
    )


@pytest.mark.parametrize("raw", [b"", b" \r\n\r\n"])
def test_an_empty_mail_is_refused(raw: bytes) -> None:
    with pytest.raises(InvalidInputError):
        parse(raw, SUPPORT)


# Identity and thread


def test_copies_of_one_mail_meet() -> None:
    one, other = fixture("plain"), fixture("plain-other-copy")
    assert one.external_id == other.external_id
    assert one.external_id.partition("\n")[0] == "<order-4711-a@rosengart.example>"
    assert comparable(one) == comparable(other)


def test_a_copy_with_further_recipients_is_the_same_mail() -> None:
    raw = (FIXTURES / "plain.eml").read_bytes()
    copy = parse(b"Bcc: hidden@doe.example\r\n" + raw, Address("mailto:hidden@doe.example"))
    assert copy.external_id == fixture("plain").external_id
    assert comparable(copy) == comparable(fixture("plain"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"my parcel", b"the parcel"),
        (b"Order 4711", b"Order 4712"),
        (b"Marta@Rosengart", b"Martha@Rosengart"),
        (b"09:15:00", b"09:15:01"),
    ],
)
def test_other_content_under_a_known_id_is_another_mail(old: bytes, new: bytes) -> None:
    raw = (FIXTURES / "plain.eml").read_bytes()
    other = parse(raw.replace(old, new), SUPPORT)
    assert other.external_id != fixture("plain").external_id
    assert other.external_id.partition("\n")[0] == "<order-4711-a@rosengart.example>"


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "8bit"])
def test_how_a_file_was_carried_is_no_difference(encoding: str) -> None:
    made = EmailMessage()
    made["From"], made["Message-ID"] = "a@b.example", "<1@b.example>"
    made.set_content("Grüße\n", cte="base64" if encoding == "base64" else "quoted-printable")
    made.add_attachment("Zeile ä\nZeile ö\n", filename="x.txt", cte=encoding)
    copies = {
        parse(made.as_bytes(policy=email.policy.SMTP), SUPPORT).external_id,
        parse(made.as_bytes(policy=email.policy.default), SUPPORT).external_id,
    }
    assert len(copies) == 1


def test_the_thread_is_named_by_its_first_mail() -> None:
    root = mail("Message-ID: <root@a.example>")
    reply = mail("Message-ID: <1@a.example>", "In-Reply-To: you said <root@a.example>")
    later = mail("Message-ID: <2@a.example>", "References: <root@a.example> <1@a.example>")
    assert root.thread == reply.thread == later.thread != ""
    assert mail("Message-ID: <3@a.example>").thread != root.thread


def test_an_endless_id_is_cut_to_its_hash() -> None:
    assert len(mail(f"Message-ID: <{'x' * 100_000}@a.example>").external_id) < 200


# Text


def test_plain_text_and_html_side_by_side() -> None:
    message = fixture("alternative")
    assert message.subject == "Grüße aus Köln"
    assert message.body == "Grüße aus Köln, eine lange Zeile, die hier weich umgebrochen wird."
    assert message.html == "<p>Grüße aus <b>Köln</b></p>"
    assert message.attachments == ()
    assert message.participants[0].name == "Jörg Müller"


def test_html_alone_is_read_as_text() -> None:
    message = fixture("html-only")
    assert message.body == "Spring sale\n\nRoses, 5 < 6 €\nand more\n\none\n\ntwo"
    assert "<title>Not shown</title>" in message.html


def test_what_hangs_under_what() -> None:
    message = fixture("nested")
    assert message.body == "See the rose.\n\nThe footer of the house."
    assert message.html == '<p>See the rose: <img src="cid:rose"></p>'
    assert files(message) == [
        ("attachment-1.ics", "text/calendar", 30),
        ("rose.png", "image/png", 68),
    ]


def test_charsets() -> None:
    message = fixture("charsets")
    assert message.body.split("\n\n") == [
        "Привет",
        "こんにちは",
        "日本",
        "Łódź",
        "안녕",
        "你好",
        "naïve €",
        "Füße",
        r"half ü, broken \xff end",
        r"not \u0041 unescaped",
        "Ω",
    ]
    assert header(message, "x-lethe-defects") == "charset=2"


def test_every_charset_of_the_table_exists() -> None:
    for name in _CODECS:
        "a".encode(name).decode(name)
    assert set(_ALIASES.values()) <= _CODECS


@pytest.mark.parametrize(
    "charset", ["idna", "punycode", "rot13", "base64", "zlib", "x" * 9_999, ""]
)
def test_codecs_that_are_no_charsets_are_not_used(charset: str) -> None:
    assert decode(b"xn--a \\u00e9 cm90", charset) == ("xn--a \\u00e9 cm90", True)


@settings(deadline=None)
@given(st.binary(max_size=200), st.sampled_from(sorted(_CODECS | _ALIASES.keys() | {"", "bogus"})))
def test_decoding_never_fails_and_never_yields_what_cannot_be_stored(
    data: bytes, charset: str
) -> None:
    decode(data, charset)[0].encode()


def test_broken_mails_keep_their_text() -> None:
    message = fixture("broken")
    assert message.body == "Text in front.\n--other\nContent-Type: text/plain\n\nText behind, ü."
    assert message.subject == r"broken \xc3 =?bogus?X?y?= =?utf-8?B?!?="
    assert message.external_id.startswith("<brokenidwithoutbrackets>\n")
    assert header(message, "x-lethe-defects") == "boundary=1 charset=1"


def test_text_behind_base64_is_kept() -> None:
    message = fixture("bad-base64")
    assert message.body.startswith("Grüße aus Köln\n___")
    assert message.body.endswith("The footer of a mailing list.")


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("a<br>b", "a\nb"),
        ("<p>a</p><p>b</p>", "a\n\nb"),
        ("<table><tr><td>a<td>b</table>", "a b"),
        ("a &lt;b&gt; &amp;amp; &#65;&#x42; &bogus;", "a <b> &amp; AB &bogus;"),
        ("5 < 6 and 7 > 6", "5 < 6 and 7 > 6"),
        ("a<!-- b --->c<!-- d", "ac"),
        ("a<script>b</SCRIPT>c<style>d", "ac"),
        ("a<b unclosed", "a<b unclosed"),
        ("<!DOCTYPE html><?xml?><a href=x>a</a>", "a"),
        ("&#" + "9" * 5000 + "; &#xd800;", "\ufffd \ufffd"),
        ("", ""),
    ],
)
def test_text_of_html(html: str, text: str) -> None:
    assert text_of(html) == text


# Files


def test_attachments() -> None:
    message = fixture("attachments")
    assert message.body == "Please find the invoice enclosed."
    assert files(message) == [
        ("Rechnung März 2026.pdf", "application/pdf", 69),
        ("wd.csv", "text/csv", 8),
        ("Übersicht.bin", "application/octet-stream", 10),
        ("attachment-4.png", "image/png", 68),
    ]
    assert b"".join(message.attachments[0].source).startswith(b"%PDF-1.4\n")
    assert b"".join(message.attachments[2].source) == bytes(range(10))


def test_mails_in_mails_stay_whole() -> None:
    message = fixture("forwarded")
    assert files(message) == [
        ("attachment-1.eml", "message/rfc822", 38),
        ("second.eml", "message/rfc822", 117),
    ]
    raw = (FIXTURES / "forwarded.eml").read_bytes()
    for attachment in message.attachments:
        assert b"".join(attachment.source) in raw


def test_signed_and_encrypted_mails() -> None:
    signed = fixture("smime-signed")
    assert signed.body == "I hereby cancel my contract."
    assert files(signed) == [("smime.p7s", "application/pkcs7-signature", 61)]
    encrypted = fixture("smime-encrypted")
    assert encrypted.body == ""
    assert files(encrypted) == [("attachment-1.p7m", "application/pkcs7-mime", 91)]


def test_a_bounce() -> None:
    message = fixture("bounce")
    assert message.body == "Your mail could not be delivered."
    assert [media_type for _, media_type, _ in files(message)] == [
        "message/delivery-status",
        "message/rfc822",
    ]
    assert header(message, "auto-submitted") == "auto-replied"


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ('"../../x.pdf"', "x.pdf"),
        (r'"C:\\temp\\x.pdf"', "x.pdf"),
        (r'"C:\temp\x.pdf"', "x.pdf"),
        ('"  .x.pdf. "', "x.pdf"),
        ('"x\u202efdp.exe"', "xfdp.exe"),
        ("my file.pdf", "my file.pdf"),
        (f'"{"x" * 500}.pdf"', "x" * 196 + ".pdf"),
        ('"/"', "attachment-1.pdf"),
        ("utf-8''x", "utf-8''x"),
    ],
)
def test_file_names_are_bare(written: str, name: str) -> None:
    message = mail(
        "Content-Type: application/pdf", f"Content-Disposition: inline; filename={written}"
    )
    assert [attachment.name for attachment in message.attachments] == [name]


def test_the_parts_beyond_the_bounds_stay_whole() -> None:
    deep = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(100)
    )
    message = check(deep + b"\nthe text")
    assert [b"the text" in b"".join(a.source) for a in message.attachments] == [True]
    wide = b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\npart\n" * 5_000
    message = check(wide)
    assert message.body.count("part") == MAX_PARTS - 1
    rest = b"".join(message.attachments[-1].source)
    assert rest.count(b"part") == 5_000 - (MAX_PARTS - 1)
    assert "bound=1" in header(message, "x-lethe-defects")
    assert MAX_DEPTH < 100


# Journal reports


def test_a_journal_report_is_the_mail_inside_with_everybody_it_names() -> None:
    message = fixture("journal-report")
    assert message.external_id.startswith("<parcel-2@lethe.example>\n")
    assert message.body == "It is on its way."
    assert message.direction is Direction.OUTBOUND
    assert roles(message) == {
        "support@lethe.example": "sender",
        "marta@rosengart.example": "recipient",
        "gardeners@lethe.example": "cc",
        "joerg.mueller@gaertnerei.example": "cc",
        "auditor@pruefer.example": "bcc",
        "late@pruefer.example": "bcc",
    }
    assert message.original == (FIXTURES / "journal-report.eml").read_bytes()


def test_a_journal_report_and_the_mail_itself_meet() -> None:
    raw = (FIXTURES / "journal-report.eml").read_bytes()
    inner = raw[raw.index(b"From: Support") : raw.index(b"\r\n--journal--")]
    assert parse(inner, SUPPORT).external_id == fixture("journal-report").external_id


# Against Python's own parser, which is right about mails that are well-formed


@pytest.mark.parametrize("name", ["alternative", "attachments", "nested", "smime-signed", "list"])
def test_well_formed_mails_are_read_as_python_reads_them(name: str) -> None:
    raw = (FIXTURES / f"{name}.eml").read_bytes()
    known = [
        (part.get_content_type(), part.get_payload(decode=True))
        for part in email.message_from_bytes(raw).walk()
        if not part.is_multipart()
    ]
    ours = [(part.media_type, part.content) for part in Reader().read(raw).leaves()]
    assert ours == known


_text = st.text(st.characters(exclude_categories=["C", "Z"]) | st.sampled_from(" ,.<>\"'()=?_\\"))
_line = _text.map(lambda text: " ".join(text.split()))


@settings(deadline=None)
@given(
    subject=_line,
    body=st.lists(_line).map("\n".join),
    html=st.none() | _line,
    attached=st.lists(st.tuples(_line, st.binary()), max_size=3),
)
def test_what_python_writes_is_read_back(
    subject: str, body: str, html: str | None, attached: list[tuple[str, bytes]]
) -> None:
    made = EmailMessage(policy=email.policy.SMTP)
    made["From"], made["To"], made["Subject"] = "a@b.example", "support@lethe.example", subject
    made.set_content(body)
    if html is not None:
        made.add_alternative(html, subtype="html")
    for name, content in attached:
        made.add_attachment(content, "application", "x-thing", filename=f"x{name}x")
    message = check(made.as_bytes())
    assert message.subject == subject
    if body.strip():
        assert message.body == body.rstrip("\n")
    assert message.html == (html or "")
    assert [b"".join(a.source) for a in message.attachments] == [content for _, content in attached]


# Hostile mails

_pieces = st.sampled_from(
    [
        b"\r\n",
        b"\n",
        b"\r",
        b"\0",
        b" ",
        b"\t",
        b":",
        b";",
        b",",
        b"<",
        b">",
        b'"',
        b"(",
        b")",
        b"\\",
        b"=?utf-8?b?",
        b"=?utf-8?q?=ff?=",
        b"?=",
        b"--b",
        b"--b--",
        b"From: ",
        b"To: ",
        b"@",
        b"a@b.c",
        b"Content-Type: multipart/mixed; boundary=b\n\n",
        b"Content-Type: text/html\n\n",
        b"\xff",
        b"=",
        b"Content-Type: message/rfc822\n\n",
        b"Content-Transfer-Encoding: base64\n",
        b"charset=utf-7",
        b"Content-Disposition: attachment; filename*0*=x''%",
        b"Subject: ",
        b"Message-ID: <a@b.c>\n",
        b"References: ",
        b"X-MS-Journal-Report:\n",
        b"Recipient: a@b.c\n",
        b"&#xd800;",
        b"+2AA-",
        b"*",
    ]
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=400) | st.lists(_pieces, max_size=60).map(b"".join))
def test_any_bytes_are_a_mail_or_refused(raw: bytes) -> None:
    assert status(raw) < 500


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(sorted(FIXTURES.glob("*.eml"))),
    st.randoms(use_true_random=False),
    st.integers(1, 12),
)
def test_any_mutation_of_a_mail_is_a_mail(path: Path, random: Random, times: int) -> None:
    raw = bytearray(path.read_bytes())
    for _ in range(times):
        at, span = random.randrange(len(raw) + 1), random.randrange(60)
        match random.randrange(3):
            case 0:
                raw[at : at + span] = b""
            case 1:
                raw[at:at] = raw[random.randrange(len(raw) + 1) :][:span]
            case _:
                raw[at : at + 1] = bytes([random.randrange(256)])
    assert status(bytes(raw)) < 500


_HOSTILE = {
    "nested multiparts": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(20_000)
    ),
    "delimiters": b"Content-Type: multipart/mixed; boundary=a\n\n" + b"--a\n" * 250_000,
    "delimiters in a line": b"Content-Type: multipart/mixed; boundary=a\n\n" + b"--a" * 300_000,
    "header lines": b"a:b\n" * 250_000,
    "folded lines": b"a: b\n" + b" \n" * 500_000,
    "parameters": b"Content-Type: text/plain" + b'; a="' * 200_000,
    "unclosed quotes": b"To: " + b'\\"' * 500_000,
    "unclosed comments": b"To: " + b"(" * 1_000_000,
    "unclosed brackets": b"To: " + b"<" * 1_000_000,
    "open literals": b"To: " + b"[a:" * 333_000,
    "names": b"To: " + b"a b@c " * 166_000,
    "encoded words": b"Subject: " + b"=?a?q?x?= " * 100_000,
    "broken encoded words": b"Subject: " + b"=?x?b?!?=" * 100_000,
    "half encoded words": b"Subject: " + b"=?a?q?" * 166_000,
    "ids": b"References: " + b"<a" * 500_000,
    "tags": b"Content-Type: text/html\n\n" + b"<a" * 500_000,
    "comments": b"Content-Type: text/html\n\n" + b"<!--" * 250_000,
    "scripts": b"Content-Type: text/html\n\n" + b"<script>" * 125_000,
    "entities": b"Content-Type: text/html\n\n" + b"&" * 1_000_000,
    "base64": b"Content-Transfer-Encoding: base64\n\n" + b"A=\n" * 333_000 + b"!",
    "quoted-printable": b"Content-Transfer-Encoding: quoted-printable\n\n" + b"=\n" * 500_000,
    "utf-7": b"Content-Type: text/plain; charset=utf-7\n\n" + b"+2AA-" * 200_000 + b"\xff",
    "iso-2022-jp": b"Content-Type: text/plain; charset=iso-2022-jp\n\n" + b"\x1b$" * 500_000,
}


@pytest.mark.parametrize("name", _HOSTILE)
def test_a_megabyte_of_malice_takes_little_time(name: str) -> None:
    """Each takes about a second; quadratic time would be minutes."""
    started = time.process_time()
    assert status(_HOSTILE[name]) < 500
    assert time.process_time() - started < 20


def test_importing_the_channel_is_cheap() -> None:
    script = "import sys, lethe.channels.email; print(*{'email', 'pydantic'} & set(sys.modules))"
    command = [sys.executable, "-c", script]
    output = subprocess.run(command, capture_output=True, check=True)  # noqa: S603 - ourselves
    assert output.stdout.strip() == b""
