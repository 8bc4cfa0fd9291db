"""JSON Feed: whole records of hand-written documents, then what is no JSON Feed."""

import json
from pathlib import Path

import pytest
from test_feed import DATA, as_json, read

from schemas.reasons import Reason
from transforms.formats import jsonfeed
from transforms.formats.errors import UnreadableError

FIXTURES = sorted(
    path for path in (DATA / "jsonfeed").iterdir() if not path.name.endswith(".expected.json")
)


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.name)
def test_whole_records(path: Path) -> None:
    expected = json.loads(path.with_suffix(".expected.json").read_text(encoding="utf-8"))
    assert as_json(read(path.read_bytes())) == expected


def feed(items: str, version: str = "1.1") -> bytes:
    return f'{{"version": "https://jsonfeed.org/version/{version}",\n"items": {items}}}'.encode()


@pytest.mark.parametrize(
    ("content", "owned"),
    [
        (feed("[]"), True),
        (b"\xef\xbb\xbf \n" + feed("[]"), True),
        (feed("[]").decode().encode("utf-16"), True),
        (feed("[").replace(b"/", b"\\/"), True),
        (b'{"items": [{"id": 1, "content_text": "a"}]}', True),
        (b'{"items": [{"id": 1}]}', False),
        (b'{"items": [1], "note": "see https://jsonfeed.org/"}', False),
        (b'{"type": "picture", "items": {}}', False),
        (b"[{}]", False),
        (b'<p>{"version": "https://jsonfeed.org/version/1"}</p>', False),
        (b"", False),
        (b"{\xff", False),
    ],
)
def test_owns(content: bytes, owned: bool) -> None:
    assert jsonfeed.owns(content) is owned


@pytest.mark.parametrize(
    ("content", "reason", "detail"),
    [
        (feed("[1,"), Reason.MALFORMED_JSON, "line 2, column 13: Expecting value"),
        (feed("{}"), Reason.MALFORMED_JSON, "is not a list"),
        (feed('[{"id": NaN}]'), Reason.MALFORMED_JSON, "NaN is not JSON"),
        (feed('[{"id": -Infinity}]'), Reason.MALFORMED_JSON, "-Infinity is not JSON"),
        (feed('[{"id": 1, "id": 2}]'), Reason.MALFORMED_JSON, "one twice: id"),
        (feed("[" * 100_000), Reason.MALFORMED_JSON, "nested too deeply"),
        (feed('["\udcff"]'.encode("utf-8", "surrogateescape").decode("latin-1"))
         .replace(b"\xc3\xbf", b"\xff"), Reason.BAD_ENCODING, "not utf-8 at byte"),
    ],
)  # fmt: skip
def test_unreadable(content: bytes, reason: Reason, detail: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        read(content)
    assert caught.value.reason is reason
    assert detail in caught.value.detail


def test_numbers_are_kept_as_written() -> None:
    digits = "9" * 10_000
    found = read(feed(f'[{{"id": {digits}}}, {{"id": 1.10}}, {{"id": -0}}]')).items
    assert [item.guid for item in found] == [digits, "1.10", "-0"]
    assert all(type(item.guid) is str for item in found)


@pytest.mark.parametrize(
    ("version", "name"), [("1", "jsonfeed10"), ("1.1", "jsonfeed11"), ("1/", "jsonfeed10")]
)
def test_format(version: str, name: str) -> None:
    assert read(feed("[]", version)).format == name
