"""What may be shown of an address, and what is sent of it."""

import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.http.secrets import (
    MissingVariableError,
    feed_key,
    fill,
    fill_address,
    hide,
    public_url,
    split_credentials,
    values_in,
)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://news.example/feed", "https://news.example/feed"),
        ("https://news.example/feed?page=2&q=a;b", "https://news.example/feed?page=2&q=a;b"),
        ("https://news.example/feed#top", "https://news.example/feed"),
        ("https://news.example?mail=a@b.example", "https://news.example?mail=a@b.example"),
        ("https://anna:geheim@news.example/feed", "https://news.example/feed"),
        ("https://anna@news.example:8443/feed", "https://news.example:8443/feed"),
        ("https://a:b@c@news.example/feed", "https://news.example/feed"),
        ("https://anna:ge/heim@news.example/feed", "https://news.example/feed"),
        ("https://anna:ge#heim@news.example/feed", "https://news.example/feed"),
        ("https://anna:ge?heim@news.example/feed", "https://news.example/feed"),
        ("https://anna:@/geheim@news.example/feed", "https://news.example/feed"),
        ("https://social.example/@anna.rss", "https://social.example/@anna.rss"),
        ("https://anna:geheim@[2001:db8::1]:81/feed", "https://[2001:db8::1]:81/feed"),
        ("//anna:geheim@news.example/feed", "//news.example/feed"),
        ("anna:geheim@news.example/feed", "news.example/feed"),
        ("https:anna:geheim@news.example/feed", "https:news.example/feed"),
        ("feed:https://anna:geheim@news.example/", "feed:https://news.example/"),
        (r"https:\\anna:geheim@news.example\feed", r"https:\\news.example\feed"),
        ("https://news.example/feed?key=a/b+c==&n=1", "https://news.example/feed?key=***&n=1"),
        ("https://news.example/feed?n=1&API_Key=abc", "https://news.example/feed?n=1&API_Key=***"),
        ("https://news.example/?access%5Ftoken=abc", "https://news.example/?access%5Ftoken=***"),
        ("https://news.example/?X-Amz-Signature=abc", "https://news.example/?X-Amz-Signature=***"),
        ("https://news.example/?gl_feed_token=abc", "https://news.example/?gl_feed_token=***"),
        ("https://news.example/?n=1&amp;token=abc", "https://news.example/?n=1&amp;token=***"),
        ("https://news.example/?token=ab;cd?ef&n=1", "https://news.example/?token=***;***?***&n=1"),
        ("https://news.example/?token=", "https://news.example/?token="),
        ("https://news.example/a;sid=abc/b", "https://news.example/a;sid=***/b"),
        (
            "https://news.example/?u=http://anna:geheim@o.example/",
            "https://news.example/?u=http://o.example/",
        ),
        (
            "https://news.example/?monkey=grey&author=x",
            "https://news.example/?monkey=grey&author=x",
        ),
        ("https://${U}:${P}@news.example/${ID}?n=${N}", "https://news.example/${ID}?n=${N}"),
        ("https://news.example/?key=${KEY}", "https://news.example/?key=${KEY}"),
        ("https://news.example/?key=${KEY}abc", "https://news.example/?key=***"),
        ("https://news.example/a\nb", "https://news.example/a\ufffdb"),
        ("", ""),
        ("https://[::1", "https://[::1"),
    ],
)
def test_what_is_shown(url, shown):
    assert public_url(url) == shown


NAMES = ("key", "api_key", "apikey", "token", "access_token", "auth", "sig", "signature")
NAMES += ("password", "passwd", "secret", "client_secret", "Private-Token", "pwd", "hmac")


@pytest.mark.parametrize("name", NAMES)
def test_names_of_credentials(name):
    assert public_url(f"https://a.example/?{name}=x&b=c") == f"https://a.example/?{name}=***&b=c"


@given(st.text())
def test_any_text_has_a_public_form_that_is_its_own(text):
    shown = public_url(text)
    assert public_url(shown) == shown
    assert not re.search(r"[\x00-\x20\x7f]", shown)


@given(
    st.text("abc:/?#[]!$&'()*+,;=%-._~", max_size=12),
    st.text("xyz:/?#[]!$&'()*+,;=%", max_size=12).map(lambda text: f"geheim{text}geheim"),
)
def test_a_password_that_nobody_encoded_is_not_shown(user, password):
    assert "geheim" not in public_url(f"https://u:{user}:{password}@news.example/feed")


@given(st.text(), st.text())
def test_any_credentials_come_through(user, password):
    address = fill_address(
        "https://${USER}:${PASS}@news.example/feed?a=1#b", {"USER": user, "PASS": password}
    )
    said = base64.b64encode(f"{user}:{password}".encode("utf-8", "replace")).decode()
    if not re.search("[\ud800-\udfff]", user + password):
        assert split_credentials(address) == (
            "https://news.example/feed?a=1#b",
            f"Basic {said}",
        )


@pytest.mark.parametrize(
    ("url", "bare", "says"),
    [
        ("https://news.example/a@b", "https://news.example/a@b", None),
        ("https://@news.example/", "https://news.example/", None),
        ("https://anna@news.example/", "https://news.example/", b"anna:"),
        ("https://anna:a%3Ab%40c@news.example/", "https://news.example/", b"anna:a:b@c"),
        (
            "https://j%C3%BCrg:gr\u00fcn@news.example/",
            "https://news.example/",
            "jürg:grün".encode(),
        ),
        ("https://:token@news.example/", "https://news.example/", b":token"),
    ],
)
def test_credentials_are_taken_out(url, bare, says):
    value = None if says is None else f"Basic {base64.b64encode(says).decode()}"
    assert split_credentials(url) == (bare, value)


def test_a_key_is_a_hash_of_the_address_as_written():
    # Fixed: state in lakes is found under it.
    assert feed_key("https://coast.example/feed?key=${KEY}") == "656c17bc2d198dc8"


def test_variables_are_put_in():
    assert fill("Bearer ${A_1}-${B}${A_1} ${no ${} $A", {"A_1": "x", "B": "${A_1}"}) == (
        "Bearer x-${A_1}x ${no ${} $A"
    )


def test_a_missing_variable_is_named_and_nothing_else():
    with pytest.raises(MissingVariableError) as caught:
        fill("https://anna:geheim@a.example/${LOST}", {"FOUND": "geheim"})
    assert (caught.value.name, str(caught.value)) == (
        "LOST",
        "the environment has no variable LOST",
    )
    assert caught.value.__cause__ is None


def test_values_are_hidden_in_every_form():
    values = values_in(
        "https://${U}/${P}?${N}${E}", {"U": "abcd", "P": "ab/cd ef", "N": "7", "E": ""}
    )
    assert values == {"abcd", "ab/cd ef", "7"}
    assert hide("ab/cd ef ab/cd%20ef ab%2Fcd%20ef abcde 7", values) == "*** *** *** ***e 7"
