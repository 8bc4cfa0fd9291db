"""Why a request brought no answer."""


class FetchError(Exception):
    """There is no usable answer.

    Args:
        detail: one line for a person; it holds no secret.
        requests: requests that were sent.
        status: HTTP status, when the answer got that far.
    """

    def __init__(self, detail: str, requests: int = 0, status: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.requests = requests
        self.status = status


class BadAddressError(FetchError):
    """The address, or one that a redirect gave, is no address of a web page."""


class RefusedAddressError(FetchError):
    """The host is an address that must not be connected to, or has no other."""


class ConnectionFailedError(FetchError):
    """No connection: the name is unknown, nobody listens, the certificate is not good."""


class TimedOutError(FetchError):
    """A limit of time was reached."""


class TooLargeError(FetchError):
    """The body is larger than the limit, as sent or as decoded."""


class BrokenAnswerError(FetchError):
    """What came back is no complete HTTP answer, or its body cannot be decoded."""


class RedirectError(FetchError):
    """Redirects go in a circle, are too many, or lead nowhere."""


class KeptConnectionClosedError(FetchError):
    """A kept connection had been closed by the other side; the request can be sent again."""
