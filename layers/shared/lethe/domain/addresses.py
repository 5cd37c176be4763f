"""Addresses: one identifier on one network, as a canonical URI; docs/addresses.md has the rules.

Two spellings of one identifier must become one address, or an erasure would miss half of it; two
identifiers must never become one, or it would take too much.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final, NewType
from urllib.parse import unquote

from lethe.domain.errors import FieldProblem, InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable

Address = NewType("Address", str)
"""A canonical URI: `mailto:…`, `tel:+…`, `slack:T/U` and so on."""

MAX_INPUT_CHARACTERS: Final = 1024
MAX_ADDRESS_BYTES: Final = 512

_ATOM: Final = re.compile(r'[^\s"(),:;<>@\[\\\]]+')
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')
_HOST: Final = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*|\[[0-9a-f.:]+\]")
_IPV6_TAG: Final = "[ipv6:"
_MAX_HOST: Final = 253

_INTERNATIONAL: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_PERHAPS_TRUNK_ZERO: Final = re.compile(r"\+[1-9][0-9]{0,2}0")
_DIALLED: Final = re.compile(r"\+[0-9A-Za-z]+")
_SHORT_CODE: Final = re.compile(r"[0-9]{3,8}")
_VISUAL_SEPARATORS: Final = re.compile(r"[\s().\-/\u2010-\u2015\u2212]")

_DIRECTION_MARKS: Final = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_UNFIT: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp"})


def _number_up_to(digits: int) -> re.Pattern[str]:
    return re.compile(rf"-?[1-9][0-9]{{0,{digits - 1}}}")


def _as_is(text: str) -> str:
    return text


_GUID: Final = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_NETWORKS: Final[dict[str, tuple[Callable[[str], str], re.Pattern[str], str]]] = {
    "slack": (str.upper, re.compile("[A-Z0-9]{2,32}/[A-Z0-9]{2,32}"), "team id/user id"),
    "teams": (str.lower, re.compile(f"{_GUID}/{_GUID}"), "two GUIDs, tenant/user"),
    "line": (str.capitalize, re.compile("[UCR][0-9a-f]{32}"), "U and 32 hexadecimal digits"),
    "telegram": (_as_is, _number_up_to(20), "the numeric id"),
    "messenger": (_as_is, _number_up_to(32), "the numeric page-scoped id"),
    "instagram": (_as_is, _number_up_to(32), "the numeric scoped id"),
    "discord": (_as_is, _number_up_to(32), "the numeric id"),
    "sms-sender": (
        str.lower,
        re.compile("(?=.*[a-z])[ -~]{1,11}"),
        "a name of up to 11 characters",
    ),
}
"""Per network: how letter case is folded, what an identifier looks like, and that in words."""
_MATRIX: Final = re.compile(r"@([!-9;-~]+):(.+?)((?::[0-9]{1,5})?)")
_OTHER_NETWORK: Final = re.compile(r"x-[a-z0-9][a-z0-9-]{0,30}")


def parse(text: str, *, pointer: str = "") -> Address:
    """Return the canonical form of an address that is written as a URI.

    Raises InvalidInputError with `pointer`; the text is never repeated.
    """
    scheme, colon, rest = _clean(text, pointer).partition(":")
    scheme = scheme.lower()
    if not colon:
        raise _invalid(pointer, "Write the address as a URI, such as mailto:… or tel:+….")
    rest = _clean(_decoded(rest, pointer), pointer)
    if scheme == "mailto":
        return _finished(scheme, _mailbox(rest, pointer), pointer)
    if scheme in {"tel", "sms", "whatsapp"}:
        return _phone(scheme, rest, pointer)
    return _finished(scheme, _member(scheme, rest, pointer), pointer)


def from_email(addr_spec: str, pointer: str = "") -> Address:
    """Return the address of a raw e-mail address as it stands in a header: no URI, no escapes."""
    return _finished("mailto", _mailbox(_clean(addr_spec, pointer), pointer), pointer)


def network(address: Address) -> str:
    """Return the network of an address: the scheme of its URI."""
    return address.partition(":")[0]


def identifier(address: Address) -> str:
    """Return what the network itself calls the address, such as the e-mail address."""
    return unquote(address.partition(":")[2])


def _mailbox(text: str, pointer: str) -> str:
    local, at, domain = text.rpartition("@")
    if not at:
        raise _invalid(pointer, "An e-mail address needs an @ between local part and domain.")
    if quoted := _QUOTED.fullmatch(local):
        local = _lower(re.sub(r"\\(.)", r"\1", quoted[1]))
        if not _ATOM.fullmatch(local):
            local = '"' + re.sub(r'(["\\])', r"\\\1", local) + '"'
    elif not _ATOM.fullmatch(local := _lower(local)):
        raise _invalid(pointer, "The part before the @ is empty or needs quotation marks.")
    return f"{local}@{_host(domain, pointer)}"


def _host(text: str, pointer: str) -> str:
    host = _lower(text)
    if not host.isascii():
        host = _a_labels(host, pointer)
    host = host.removesuffix(".").replace(_IPV6_TAG, "[")
    if len(host) > _MAX_HOST or not _HOST.fullmatch(host):
        raise _invalid(pointer, "The domain is not a valid host name.")
    return host


def _a_labels(host: str, pointer: str) -> str:
    import idna  # noqa: PLC0415 - most domains are ASCII, and a cold start pays for imports

    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        detail = "The domain is not a valid internationalised name (IDNA 2008)."
        raise _invalid(pointer, detail) from None


def _phone(scheme: str, text: str, pointer: str) -> Address:
    number, *parameters = text.split(";")
    if any(parameter.strip().lower().startswith("phone-context") for parameter in parameters):
        raise _invalid(pointer, "Write the international form of the number, no phone-context.")
    bare = "".join(map(_digit, _VISUAL_SEPARATORS.sub("", number)))
    if scheme == "whatsapp" and bare.isdecimal():
        bare = f"+{bare}"  # WhatsApp's own ids are E.164 without the plus sign
    if _SHORT_CODE.fullmatch(bare):
        return Address(f"tel:{bare}")
    if _DIALLED.fullmatch(bare):
        bare = _e164(bare)
        if _INTERNATIONAL.fullmatch(bare):
            return Address(f"tel:{bare}")
    elif scheme == "sms":
        return _finished("sms-sender", _member("sms-sender", number.strip(), pointer), pointer)
    raise _invalid(pointer, "Write the phone number in its international form, beginning with +.")


def _digit(character: str) -> str:
    """Turn a digit of any script into an ASCII one."""
    return str(unicodedata.decimal(character)) if character.isdecimal() else character


def _e164(number: str) -> str:
    """Drop a trunk zero and an extension, turn letters into digits, until nothing changes.

    Most numbers come as E.164 from a vendor and need none of it, nor the library.
    """
    while not _INTERNATIONAL.fullmatch(number) or _PERHAPS_TRUNK_ZERO.match(number):
        known = _known_number(number)
        if known == number or not _INTERNATIONAL.fullmatch(known):
            break
        number = known
    return number


def _known_number(number: str) -> str:
    """Return how the numbering plans of the world read it, or itself where they know none."""
    import phonenumbers  # noqa: PLC0415 - seldom needed, and a cold start pays for imports

    try:
        known = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(known, phonenumbers.PhoneNumberFormat.E164)


def _member(scheme: str, text: str, pointer: str) -> str:
    """Return the canonical identifier on a network that is neither mail nor telephone."""
    if scheme == "matrix":
        return _matrix(text, pointer)
    if scheme in _NETWORKS:
        fold, pattern, expected = _NETWORKS[scheme]
        folded = fold(text)
        if text.isascii() and pattern.fullmatch(folded):
            return folded
        raise _invalid(pointer, f"The network {scheme}: takes {expected}.")
    if not _OTHER_NETWORK.fullmatch(scheme):
        raise _invalid(pointer, "The network is unknown; name one without rules here x-<network>:.")
    if not text:
        raise _invalid(pointer, "The identifier after the colon is missing.")
    return text


def _matrix(text: str, pointer: str) -> str:
    parts = _MATRIX.fullmatch(text)
    if not parts:
        raise _invalid(pointer, "The network matrix: takes @user:server.")
    return f"@{parts[1]}:{_host(parts[2], pointer)}{parts[3]}"


def _clean(text: str, pointer: str) -> str:
    """Return the text in NFKC without outer blanks, or refuse what nobody can see.

    Unassigned characters are refused so that a newer Unicode never moves a stored address.
    """
    if len(text) > MAX_INPUT_CHARACTERS:
        raise _invalid(pointer, f"An address has at most {MAX_INPUT_CHARACTERS} characters.")
    if text.isascii() and text.isprintable():
        return text.strip()
    clean = unicodedata.normalize("NFKC", _DIRECTION_MARKS.sub("", text)).strip()
    if any(unicodedata.category(character) in _UNFIT for character in clean.replace(" ", "")):
        raise _invalid(pointer, "An address holds no control, invisible or unassigned characters.")
    return clean


def _lower(text: str) -> str:
    """Fold to lower case until nothing changes: some characters normalise anew after folding."""
    while (folded := unicodedata.normalize("NFKC", text.lower())) != text:
        text = folded
    return text


def _decoded(text: str, pointer: str) -> str:
    if "%" not in text:
        return text
    if re.search(r"%(?![0-9A-Fa-f]{2})", text):
        raise _invalid(pointer, "Write a percent sign in an address as %25.")
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise _invalid(pointer, "The percent-encoding in the address is not UTF-8.") from None


def _finished(scheme: str, text: str, pointer: str) -> Address:
    """Escape what would end a URI or its escapes, nothing else, and hold the limit."""
    encoded = re.sub(r"[%?# ]", lambda found: f"%{ord(found[0]):02X}", text)
    address = f"{scheme}:{encoded}"
    if len(address.encode()) > MAX_ADDRESS_BYTES:
        raise _invalid(pointer, f"An address has at most {MAX_ADDRESS_BYTES} bytes.")
    return Address(address)


def _invalid(pointer: str, expected: str) -> InvalidInputError:
    return InvalidInputError("The address is not valid.", (FieldProblem(pointer, expected),))
