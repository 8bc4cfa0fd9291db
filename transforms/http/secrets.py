"""Addresses and headers that hold credentials: what may be shown of them, and what is sent.

A feed's address is *public* after :func:`public_url`: rows, logs and messages hold that form only.
Secrets are written ``${NAME}`` in a feed list and put in from the environment where the request is
made.
"""

import base64
import re
from collections.abc import Collection, Iterable, Mapping
from urllib.parse import quote, unquote, unquote_plus, unquote_to_bytes

import xxhash

HIDDEN = "***"
_SHORTEST = 4

CREDENTIAL_NAMES = frozenset(
    """
    accesskey accesstoken apikey apitoken appkey auth authkey authorization authtoken awsaccesskeyid
    bearer clientsecret consumersecret cred credential credentials feedkey feedtoken hmac idtoken
    jsessionid jwt key oauthsignature oauthtoken pass passphrase passwd password phpsessid
    privatetoken pwd refreshtoken rsskey rsstoken secret secretkey securitytoken sessionid sharedkey
    sid sig sign signature subscriptionkey token usertoken
    """.split()
)
"""Parameters whose value is a credential, compared without case, ``-``, ``_`` and ``.``: the names
of RFC 6750, section 2.3, and of OAuth 1 (RFC 5849), of signed addresses (``sig`` of Azure,
``signature`` of AWS and CloudFront), of session ids, and what feed servers call a key."""

CREDENTIAL_ENDINGS = ("key", "password", "secret", "signature", "token", "credential")
"""A name of two words or more that ends in one of these is one too: ``X-Amz-Signature``,
``gl_feed_token``."""

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_VARIABLES = re.compile(r"(?:\$\{[A-Za-z_][A-Za-z0-9_]*\})+")
_SCHEME = re.compile(
    r"(?:feed:)?(?:(?:[A-Za-z][A-Za-z0-9+.-]*:)?[/\\]{2,}|https?:[/\\]?)", re.IGNORECASE
)
_AUTHORITY = re.compile(r"[^/\\?#]*")
_HOST_AND_PORT = re.compile(r"(?:\[[^\]@]*\]|[^:@\[\]]*)(?::\d+)?")
_INNER_USERINFO = re.compile(r"(?<=//)[^/\\?#&;@\s]*@")
_PATH_BREAK = re.compile(r"(;)")
_TELLING = 8
_WORD = re.compile("[a-z]+")
_QUERY_BREAK = re.compile(r"([;?])")
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_WORD_BREAKS = re.compile(r"[-_.\[\]\s]+")


class MissingVariableError(ValueError):
    """The environment lacks a variable; its name is the attribute ``name``."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the environment has no variable {name}")
        self.name = name


def public_url(url: str) -> str:
    """Return what may be shown of an address; never raises, whatever the text is.

    User name and password go, the fragment goes, the values of parameters that are credentials
    become ``***``. ``${NAME}`` stays as written, for it shows nothing. Characters that would break
    a line or that are no characters become U+FFFD.

    Args:
        url: an address, complete or not, or what somebody wrote in its place.
    """
    before, after = "", url
    # Text that is no address can hide one name behind another; each pass uncovers one layer.
    while before != after:
        before, after = after, _shown(after)
    return after


def _shown(url: str) -> str:
    url = _UNPRINTABLE.sub("\ufffd", url.strip())
    head, _, rest = _parted(url)
    rest = _INNER_USERINFO.sub("", rest.partition("#")[0])
    path, mark, query = rest.partition("?")
    shown = "/".join(_parameters(part, _PATH_BREAK) for part in path.split("/"))
    return f"{head}{shown}{mark}" + "&".join(
        _parameters(part, _QUERY_BREAK) for part in query.split("&")
    )


def _parameters(text: str, breaks: re.Pattern[str]) -> str:
    """Hide the values of credentials in one part of a path or of a query."""
    pieces = []
    hidden = False
    for piece in breaks.split(text):
        name, equals, value = piece.partition("=")
        if equals:
            hidden = bool(value) and not _VARIABLES.fullmatch(value) and _is_credential(name)
            pieces.append(f"{name}={HIDDEN}" if hidden else piece)
        elif not hidden or breaks.fullmatch(piece):
            pieces.append(piece)
        else:
            # What was taken for the end of a value may stand in the middle of one.
            pieces.append(HIDDEN)
    return "".join(pieces)


def _is_credential(name: str) -> bool:
    words = [word for word in _WORD_BREAKS.split(unquote_plus(name).lower()) if word]
    return "".join(words) in CREDENTIAL_NAMES or (
        len(words) > 1 and words[-1] in CREDENTIAL_ENDINGS
    )


def _parted(url: str) -> tuple[str, str | None, str]:
    """Split into scheme with slashes, userinfo, and what follows it.

    An authority that can be no host and port (``user:pa/ss@host``) has a password nobody encoded:
    it reaches to the last ``@``.
    """
    scheme = _SCHEME.match(url)
    start = scheme.end() if scheme else 0
    authority = _AUTHORITY.match(url, start)
    end = authority.end() if authority else start
    at = url.rfind("@", start, end)
    if at + 1 == end > start or not _HOST_AND_PORT.fullmatch(url, max(at + 1, start), end):
        at = url.rfind("@", start)
    if at < 0:
        return url[:start], None, url[start:]
    return url[:start], url[start:at], url[at + 1 :]


def split_credentials(url: str) -> tuple[str, str | None]:
    """Take user name and password out of an address.

    Args:
        url: an absolute address.

    Returns:
        The address without them, and the value of the Authorization header that says them (RFC
        7617, in UTF-8) or None.
    """
    scheme, userinfo, rest = _parted(url)
    if not userinfo:
        return scheme + rest, None
    user, _, password = userinfo.partition(":")
    said = unquote_to_bytes(user) + b":" + unquote_to_bytes(password)
    return scheme + rest, f"Basic {base64.b64encode(said).decode('ascii')}"


def feed_key(address: str) -> str:
    """Return what a feed's state is kept under: 16 hex digits of the xxh3_64 of its address.

    Args:
        address: as written in the feed list, ``${NAME}`` not filled in.
    """
    digest: str = xxhash.xxh3_64_hexdigest(address.encode("utf-8", "surrogatepass"))
    return digest


def fill(text: str, environment: Mapping[str, str]) -> str:
    """Put variables in where ``${NAME}`` stands, as they are.

    Raises:
        MissingVariableError: the environment lacks one.
    """
    return _VARIABLE.sub(lambda match: _value(match[1], environment), text)


def fill_address(address: str, environment: Mapping[str, str]) -> str:
    """:func:`fill` for an address: in the user name and the password, values are percent-encoded.

    A password may hold ``/``, ``#`` and ``@``; elsewhere a value may be a piece of the address.

    Raises:
        MissingVariableError: the environment lacks one.
    """
    scheme, userinfo, rest = _parted(address)
    if userinfo is None:
        return fill(address, environment)
    said = _VARIABLE.sub(lambda match: quote(_value(match[1], environment), safe=""), userinfo)
    return f"{fill(scheme, environment)}{said}@{fill(rest, environment)}"


def values_in(text: str, environment: Mapping[str, str]) -> frozenset[str]:
    """Return the values of the variables that a text names: what must be hidden of it.

    Raises:
        MissingVariableError: the environment lacks one.
    """
    return frozenset(_value(name, environment) for name in _VARIABLE.findall(text)) - {""}


def hide(text: str, values: Collection[str]) -> str:
    """Return the text with ``***`` for every one of the values, percent-encoded or not.

    Values of less than four characters stay: they protect nothing, and stand everywhere.
    """
    for form in _forms(value for value in values if len(value) >= _SHORTEST):
        text = text.replace(form, HIDDEN)
    return text


def hide_in_document(content: bytes, values: Collection[str]) -> bytes:
    """:func:`hide` for a document, in UTF-8 or a smaller set.

    A value of less than eight characters or of nothing but small letters stays: it may be a word of
    the text, which must not be spoilt.
    """
    telling = (value for value in values if len(value) >= _TELLING and not _WORD.fullmatch(value))
    for form in _forms(telling):
        content = content.replace(form.encode("utf-8", "surrogatepass"), HIDDEN.encode())
    return content


def _forms(values: Iterable[str]) -> list[str]:
    """As written and percent-encoded, the longer first: one may be the beginning of another."""
    forms = {form for value in values for form in (value, quote(value), quote(value, safe=""))}
    return sorted(forms, key=lambda form: (-len(form), form))


def credentials_in(url: str) -> frozenset[str]:
    """Return the credentials in an address: the password, and what its parameters hold.

    Of each both what stands there and what it means when it is percent-encoded.
    """
    _, userinfo, rest = _parted(url)
    found = {userinfo.partition(":")[2]} if userinfo else set()
    for part in rest.partition("#")[0].partition("?")[2].split("&"):
        for piece in _QUERY_BREAK.split(part):
            name, _, value = piece.partition("=")
            if _is_credential(name):
                found.add(value)
    return frozenset(form for value in found for form in (value, unquote(value))) - {""}


def _value(name: str, environment: Mapping[str, str]) -> str:
    try:
        return environment[name]
    except KeyError:
        raise MissingVariableError(name) from None
