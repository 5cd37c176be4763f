"""Bytes to text in the charsets that mail is written in; no byte is ever dropped."""

from __future__ import annotations

import re
from typing import Final

_NAMES: Final = """
    utf-8 utf-7 utf-16 utf-16-le utf-16-be utf-32 utf-32-le utf-32-be iso-8859-2
    iso-8859-3 iso-8859-4 iso-8859-5 iso-8859-6 iso-8859-7 iso-8859-8 iso-8859-9
    iso-8859-10 iso-8859-11 iso-8859-13 iso-8859-14 iso-8859-15 iso-8859-16 cp1250
    cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 cp037 cp437 cp500 cp737
    cp775 cp850 cp852 cp855 cp857 cp858 cp860 cp861 cp862 cp863 cp864 cp865 cp866
    cp869 cp874 cp932 cp949 cp950 cp1140 koi8-r koi8-u koi8-t tis-620 ptcp154
    mac-roman mac-cyrillic mac-greek mac-latin2 mac-turkish big5 big5hkscs gb18030
    hz euc-jp euc-jis-2004 iso2022-jp-ext iso2022-jp-2 iso2022-jp-3 iso2022-jp-2004
    iso2022-kr johab
"""
_CODECS: Final = frozenset(_NAMES.split())
# A fixed table, for Python's own lookup reads files for each name and knows codecs that mail must
# not choose (idna takes quadratic time, unicode_escape rewrites text).
_ALIASES: Final = {
    "utf8": "utf-8",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
    "utf-32le": "utf-32-le",
    "utf-32be": "utf-32-be",
    "unicode-1-1-utf-7": "utf-7",
    # Mail that says Latin-1 means Windows-1252, its superset in print.
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "iso-8859-1-windows-3.1-latin-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "latin2": "iso-8859-2",
    "latin9": "iso-8859-15",
    "latin-9": "iso-8859-15",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-6-i": "iso-8859-6",
    "ansi": "cp1252",
    "ibm037": "cp037",
    "macintosh": "mac-roman",
    "mac": "mac-roman",
    "windows-874": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "cp936": "gb18030",
    "windows-936": "gb18030",
    "hz-gb-2312": "hz",
    "euc-cn": "gb18030",
    "big5-hkscs": "big5hkscs",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "windows-31j": "cp932",
    "ms-kanji": "cp932",
    "eucjp": "euc-jp",
    "iso-2022-jp": "iso2022-jp-ext",
    "iso-2022-jp-ms": "iso2022-jp-ext",
    "cp50220": "iso2022-jp-ext",
    "iso-2022-kr": "iso2022-kr",
    "ks-c-5601-1987": "cp949",
    "ks-c-5601": "cp949",
    "euc-kr": "cp949",
    "euckr": "cp949",
    "uhc": "cp949",
    "windows-949": "cp949",
    "koi8r": "koi8-r",
}
_WINDOWS: Final = re.compile(r"(?:windows|win|ibm|cp|dos)-?(\d{3,4})")
_LATIN: Final = re.compile(r"iso-?8859-?(\d{1,2})(?::\d+)?")
_META: Final = re.compile(rb"charset\s{0,9}=\s{0,9}[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")


def decode(data: bytes, charset: str = "", *, html: bool = False) -> tuple[str, bool]:
    r"""Return the text of the bytes, and whether a declared charset or UTF-8 explains it all.

    In this order: the declared charset; for HTML the one that its first 1,024 bytes declare; UTF-8;
    the declared charset with what it can't explain as `\xNN`; Windows-1252; Latin-1.
    """
    declared = _codec(charset)
    if not declared and html and (meta := _META.search(data[:1024])):
        declared = _codec(meta[1].decode("ascii"))
    for codec in (declared, "utf-8"):
        if codec:
            try:
                return _storable(data.decode(codec)), True
            except UnicodeError:
                continue
    if declared and declared != "cp1252":
        return _storable(data.decode(declared, "backslashreplace")), False
    try:
        return data.decode("cp1252"), False
    except UnicodeError:
        return data.decode("latin-1"), False


def _codec(charset: str) -> str:
    name = charset.strip(" \t\"'").lower().replace("_", "-").removeprefix("x-")
    if match := _WINDOWS.fullmatch(name):
        name = f"cp{match[1]}"
    elif match := _LATIN.fullmatch(name):
        name = f"iso-8859-{match[1]}"
    name = _ALIASES.get(name, name)
    return name if name in _CODECS else ""


def _storable(text: str) -> str:
    """Return the text with lone surrogates, which UTF-8 can't store, written out."""
    if text.isascii():
        return text
    return _SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
