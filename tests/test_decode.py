"""Decoding: marks, declarations, guesses, and what is refused."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.reasons import Reason
from transforms.formats.decode import charset_of, decode_text
from transforms.formats.errors import UnreadableError

TEXT = "Fähre – naïve “Zoë” 東京"


@pytest.mark.parametrize(
    ("content", "declared", "expected"),
    [
        pytest.param(b"plain", None, ("plain", False), id="ascii"),
        pytest.param(TEXT.encode(), None, (TEXT, False), id="utf-8"),
        pytest.param(TEXT.encode("utf-8-sig"), None, (TEXT, False), id="utf-8 with mark"),
        pytest.param(TEXT.encode("utf-16"), None, (TEXT, False), id="utf-16 with mark"),
        pytest.param(
            codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), None, (TEXT, False), id="utf-16-be"
        ),
        pytest.param(TEXT.encode("utf-32"), None, (TEXT, False), id="utf-32 with mark"),
        pytest.param(
            codecs.BOM_UTF32_BE + TEXT.encode("utf-32-be"), None, (TEXT, False), id="utf-32-be"
        ),
        pytest.param(
            TEXT.encode("utf-8-sig"), "iso-8859-1", (TEXT, False), id="the mark beats the header"
        ),
        pytest.param("Привет".encode("koi8-r"), "KOI8-R", ("Привет", False), id="declared"),
        pytest.param("東京".encode("shift_jis"), "Shift_JIS", ("東京", False), id="declared kanji"),
        pytest.param(TEXT.encode("utf-16-le"), "utf-16", (TEXT, False), id="utf-16 without mark"),
        pytest.param(TEXT.encode("utf-16-be"), "utf-16be", (TEXT, False), id="utf-16be declared"),
        pytest.param("A".encode("utf-32-be"), "utf-32", ("A", False), id="utf-32 without mark"),
        pytest.param(b"caf\xe9", "iso-8859-1", ("café", False), id="latin-1 declared"),
        pytest.param(b"\x93a\x94", "latin1", ("“a”", False), id="latin-1 means windows-1252"),
        pytest.param("café".encode(), "latin1", ("café", True), id="latin-1 declared, is utf-8"),
        pytest.param("café".encode(), "us-ascii", ("café", True), id="ascii declared, is utf-8"),
        pytest.param(b"caf\xe9", "us-ascii", ("café", True), id="ascii declared, is not"),
        pytest.param(b"caf\xe9 \x96", None, ("café –", True), id="guessed"),
        pytest.param(b"caf\xe9", "utf-8", ("café", True), id="utf-8 declared, is not"),
        pytest.param("é東".encode(), "big5hkscs-x", ("é東", False), id="unknown name"),
        pytest.param(b"\xef\xbb\xbfcaf\xe9", None, ("café", True), id="mark, then not utf-8"),
        pytest.param(b"caf\xe9 \x81", None, ("café \x81", True), id="hole of windows-1252"),
        pytest.param(b"a\\u0041", "unicode_escape", ("a\\u0041", False), id="not a charset"),
        pytest.param(b"YQ==", "base64", ("YQ==", False), id="bytes codec"),
        pytest.param(b"a", "utf\x00-8", ("a", False), id="NUL in the name"),
        pytest.param(b"a\x1ab", None, ("a\x1ab", False), id="a stray control"),
        pytest.param(b"", None, ("", False), id="empty"),
    ],
)
def test_decode(content: bytes, declared: str | None, expected: tuple[str, bool]) -> None:
    assert decode_text(content, declared) == expected


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"PK\x03\x04\x14\x00\x00\x00", id="zip"),
        pytest.param(b"text\x00text", id="NUL"),
        pytest.param(b"\x01\x02\x03\x04", id="controls"),
        pytest.param(TEXT.encode("utf-16-le"), id="utf-16 neither marked nor declared"),
        pytest.param(codecs.BOM_UTF16_LE + b"\x00\xd8a\x00", id="lone surrogate"),
        pytest.param(codecs.BOM_UTF16_LE + b"a", id="half a character"),
        pytest.param(bytes(range(1, 32)) * 4, id="every control"),
    ],
)
def test_refuses_what_is_not_text(content: bytes) -> None:
    with pytest.raises(UnreadableError) as refusal:
        decode_text(content)
    assert refusal.value.reason is Reason.BAD_ENCODING


@pytest.mark.parametrize(
    ("media_type", "expected"),
    [
        (None, None),
        ("text/plain", None),
        ("text/plain; charset=utf-8", "utf-8"),
        ('text/plain; Charset = "KOI8-R"; format=flowed', "KOI8-R"),
        ("text/plain; charset=", None),
    ],
)
def test_charset_of(media_type: str | None, expected: str | None) -> None:
    assert charset_of(media_type) == expected


@given(
    st.binary(max_size=300),
    st.none()
    | st.text(max_size=20)
    | st.sampled_from(["utf-8", "utf-16", "utf-32", "cp1251", "gb18030", "iso-2022-jp", "utf-7"]),
)
def test_any_bytes_give_text_or_a_refusal(content: bytes, declared: str | None) -> None:
    try:
        text, _ = decode_text(content, declared)
    except UnreadableError:
        return
    text.encode()  # no lone surrogate
    assert "\0" not in text


@given(st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=80))
def test_utf8_is_never_a_guess(text: str) -> None:
    assert decode_text(text.encode()) == (text.removeprefix("\ufeff"), False)
