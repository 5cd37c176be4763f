"""Addresses: two spellings of one identifier become one, two identifiers never do."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lethe.domain.addresses import (
    MAX_ADDRESS_BYTES,
    MAX_INPUT_CHARACTERS,
    Address,
    from_email,
    identifier,
    network,
    parse,
)
from lethe.domain.errors import InvalidInputError

TENANT = "6f1c0b1e-3a7d-4a39-9c55-0d6f3f9c2b11"
USER = "0c9d7f3e-91b2-4e0c-8a46-5b1f2d3c4e5f"
LINE_ID = "0123456789abcdef" * 2


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("mailto:Ann.Smith@Example.COM", "mailto:ann.smith@example.com"),
        ("MAILTO:ann@example.com", "mailto:ann@example.com"),
        (" mailto:ann@example.com ", "mailto:ann@example.com"),
        ("mailto:ann@example.com.", "mailto:ann@example.com"),
        ("mailto:ann+news@example.com", "mailto:ann+news@example.com"),
        ("mailto:ann%2Bnews@example.com", "mailto:ann+news@example.com"),
        ("mailto:JÖRG@bücher.example", "mailto:jörg@xn--bcher-kva.example"),
        ("mailto:j%C3%B6rg@xn--bcher-kva.example", "mailto:jörg@xn--bcher-kva.example"),
        ("mailto:jo\u0308rg@example.com", "mailto:jörg@example.com"),
        ("mailto:ａｎｎ@ｅｘａｍｐｌｅ．ｃｏｍ", "mailto:ann@example.com"),  # noqa: RUF001 - full width
        ("mailto:ann@straße.example", "mailto:ann@xn--strae-oqa.example"),
        ("mailto:\u202aann@example.com\u202c", "mailto:ann@example.com"),
        ('mailto:"ann"@example.com', "mailto:ann@example.com"),
        ('mailto:"Ann\\ Lee"@example.com', 'mailto:"ann%20lee"@example.com'),
        ("mailto:a..b.@mobile.example", "mailto:a..b.@mobile.example"),
        ("mailto:user%25relay@example.com", "mailto:user%25relay@example.com"),
        ("mailto:who%3F@example.com", "mailto:who%3F@example.com"),
        ("mailto:root@localhost", "mailto:root@localhost"),
        ("mailto:ann@my_host.example", "mailto:ann@my_host.example"),
        ("mailto:ann@[192.0.2.1]", "mailto:ann@[192.0.2.1]"),
        ("mailto:ann@[IPv6:2001:DB8::1]", "mailto:ann@[2001:db8::1]"),
    ],
)
def test_mail(written: str, canonical: str) -> None:
    assert parse(written) == canonical


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("tel:+4915112345678", "tel:+4915112345678"),
        ("tel:+49 151 1234-5678", "tel:+4915112345678"),
        ("tel:+49 (0)151 / 1234.5678", "tel:+4915112345678"),
        ("tel:+49\u2011151\u201012345678", "tel:+4915112345678"),
        ("tel:\u202a+49 151 12345678\u202c", "tel:+4915112345678"),
        ("tel:＋４９15112345678", "tel:+4915112345678"),  # noqa: RUF001 - full width
        ("tel:+٤٩١٥١١٢٣٤٥٦٧٨", "tel:+4915112345678"),
        ("tel:+4915112345678;ext=12", "tel:+4915112345678"),
        ("tel:+1-800-FLOWERS", "tel:+18003569377"),
        ("tel:+4407911123456", "tel:+447911123456"),
        ("tel:+390236618300", "tel:+390236618300"),  # Italy's leading zero is part of the number
        ("tel:+12025550123", "tel:+12025550123"),
        ("tel:+999123456789", "tel:+999123456789"),  # no such country yet
        ("sms:+4915112345678", "tel:+4915112345678"),
        ("whatsapp:+4915112345678", "tel:+4915112345678"),
        ("whatsapp:4915112345678", "tel:+4915112345678"),
        ("tel:72975", "tel:72975"),
        ("sms:729-75", "tel:72975"),
        ("sms:ACME Bank", "sms-sender:acme%20bank"),
        ("sms-sender:Acme", "sms-sender:acme"),
    ],
)
def test_telephone(written: str, canonical: str) -> None:
    assert parse(written) == canonical


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("slack:t01ab2c3/u9xyz", "slack:T01AB2C3/U9XYZ"),
        (f"teams:{TENANT.upper()}/{USER}", f"teams:{TENANT}/{USER}"),
        ("telegram:123456789", "telegram:123456789"),
        ("telegram:-1001234567890", "telegram:-1001234567890"),
        (f"line:u{LINE_ID.upper()}", f"line:U{LINE_ID}"),
        ("messenger:24680", "messenger:24680"),
        ("instagram:17841400000000000", "instagram:17841400000000000"),
        ("discord:80351110224678912", "discord:80351110224678912"),
        ("matrix:@ann:Example.ORG", "matrix:@ann:example.org"),
        ("matrix:@Ann:example.org:8448", "matrix:@Ann:example.org:8448"),
        ("X-Pager:Room 7", "x-pager:Room%207"),
        ("x-pager:Room%207", "x-pager:Room%207"),
    ],
)
def test_other_networks(written: str, canonical: str) -> None:
    assert parse(written) == canonical


def test_every_example_of_the_document() -> None:
    document = (Path(__file__).parents[2] / "docs/addresses.md").read_text("utf-8")
    examples = re.findall(r"^\| `(.+?)` \| `(.+?)` \|$", document, re.MULTILINE)
    assert len(examples) >= 15
    assert [(written, parse(written)) for written, _ in examples] == examples


def test_the_document_has_every_network_and_limit() -> None:
    document = (Path(__file__).parents[2] / "docs/addresses.md").read_text("utf-8")
    assert [scheme for scheme in SCHEMES if f"`{scheme}:" not in document] == []
    assert f"{MAX_INPUT_CHARACTERS:,} characters" in document
    assert f"{MAX_ADDRESS_BYTES} bytes" in document


@pytest.mark.parametrize(
    "written",
    [
        "",
        "ann@example.com",
        "mailto:",
        "mailto:ann",
        "mailto:@example.com",
        "mailto:ann@",
        "mailto:ann lee@example.com",
        "mailto:ann@example.com?subject=hello",
        "mailto:ann@exa mple.com",
        "mailto:ann@example..com",
        "mailto:ann@☃.example",
        "mailto:50%@example.com",
        "mailto:%FF@example.com",
        "mailto:ann\n@example.com",
        "mailto:ann\u200b@example.com",
        "mailto:ann%00@example.com",
        "mailto:\ud800@example.com",
        "mailto:\u0378@example.com",  # not assigned
        "mailto:ann@" + "a" * 64 + ".example",
        "mailto:ann@" + "a." * 127 + "example",
        "mailto:" + "a" * 600 + "@example.com",
        "mailto:" + "a" * 5000,
        "mailto:" + "\ufdfa" * 100 + "@example.com",  # NFKC makes 18 characters of each
        "tel:",
        "tel:0151 12345678",
        "tel:004915112345678",
        "tel:+49",
        "tel:+4915112345678901234",
        "tel:+0151123456",
        "tel:+49 151 #12345678",
        "tel:7042;phone-context=+1914555",
        "whatsapp:ann",
        "sms:a name that is too long",
        "slack:T1",
        "slack:T\u0131/U12",
        f"teams:{TENANT}",
        "telegram:@ann",
        "line:ann",
        "matrix:ann",
        "matrix:@ann:exa mple",
        "x-pager:",
        "x-:7",
        "fax:+4915112345678",
    ],
)
def test_invalid_addresses_name_the_field_and_never_the_value(written: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        parse(written, pointer="/participants/0/address")
    (problem,) = refused.value.fields
    assert problem.pointer == "/participants/0/address"
    assert problem.detail.endswith(".")
    value = written.partition(":")[2]
    if len(value) > 3:
        assert value not in str(refused.value) + problem.detail


def test_a_raw_address_of_a_header_is_not_percent_decoded() -> None:
    address = from_email("user%41relay@Example.com")
    assert address == "mailto:user%2541relay@example.com"
    assert parse(address) == address
    assert identifier(address) == "user%41relay@example.com"


def test_a_raw_address_of_a_header_and_its_uri_are_one() -> None:
    assert from_email('"Ann Lee"@BÜCHER.example') == parse('mailto:"ann lee"@bücher.example')


def test_the_network_is_the_scheme() -> None:
    assert network(parse("whatsapp:4915112345678")) == "tel"
    assert network(Address("mailto:ann@example.com")) == "mailto"


def test_an_international_number_needs_no_library_and_an_ascii_domain_none() -> None:
    script = """
import sys
from lethe.domain.addresses import parse
parse("tel:+4915112345678"), parse("mailto:ann@example.com")
sys.exit(bool({"phonenumbers", "idna", "pydantic"} & set(sys.modules)))
"""
    subprocess.run([sys.executable, "-c", script], check=True)  # noqa: S603 - ourselves


SCHEMES = [
    "mailto",
    "tel",
    "sms",
    "whatsapp",
    "slack",
    "teams",
    "telegram",
    "line",
    "messenger",
    "instagram",
    "discord",
    "sms-sender",
    "matrix",
    "x-pager",
]


@given(st.sampled_from(SCHEMES), st.text(max_size=40))
@example("x-pager", "0\u1680")
@example("mailto", "\u0130@example.com")
def test_parsing_a_canonical_address_changes_nothing(scheme: str, text: str) -> None:
    assert_stable(f"{scheme}:{text}")


@given(st.text(max_size=20), st.from_regex(r"[a-zäöüßİ]{1,9}(\.[a-z]{2,5})?", fullmatch=True))
@example('"a\\\u0308"', "example.com")
@example("\u00b4", "example.com")
def test_parsing_a_canonical_mailbox_changes_nothing(local: str, domain: str) -> None:
    assert_stable(f"mailto:{local}@{domain}")
    assert_stable(f'mailto:"{local}"@{domain}')


@given(st.sampled_from(["tel", "sms", "whatsapp"]), st.text("0123456789 -()x;=abc٤", max_size=18))
@example("tel", "44007911")
def test_parsing_a_canonical_number_changes_nothing(scheme: str, digits: str) -> None:
    assert_stable(f"{scheme}:+{digits}")


@given(st.emails())
def test_case_never_makes_a_second_address(email: str) -> None:
    assert from_email(email.upper()) == from_email(email.lower()) == from_email(email)


@given(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True), st.randoms())
def test_separators_never_make_a_second_address(number: str, random: Random) -> None:
    spaced = number[0] + "".join(digit + random.choice(" -.()/") for digit in number[1:])
    assert parse(f"tel:{spaced}") == parse(f"whatsapp:{number}") == parse(f"tel:{number}")


def assert_stable(text: str) -> None:
    try:
        address = parse(text)
    except InvalidInputError:
        return
    assert parse(address) == address
    assert address.isprintable()
    assert len(address.encode()) <= MAX_ADDRESS_BYTES
