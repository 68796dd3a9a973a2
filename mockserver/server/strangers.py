"""Whether a request looks as if a page in a browser sent it that is not this server's own.

A foreign page sends its `Origin`, and one that has pointed its own name at the loopback (DNS rebinding)
sends that name as `Host`. What a page may send without asking first has a plain content type and no header
that names a key (Fetch standard, CORS-safelisted requests).
"""

import ipaddress
from urllib.parse import urlsplit

from mockserver.wire.incoming import RequestHeaders

_LOCAL_NAMES = (".localhost", ".local", ".internal", ".test", ".home.arpa")
"""Names whose lower ones nobody can register, so that no stranger can point one at this machine
(RFC 6761, RFC 6762, RFC 8375; ICANN on `.internal`, 2024). The rest of `.arpa` is the Internet's own."""

_OWN_SITES = ("same-origin", "none")
"""What a browser says of a request of a page of this server's own, or of its user."""

_UNASKED = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data")
"""The content types that a page sends without asking."""

_KEY_HEADERS = ("authorization", "x-api-key", "api-key")
"""Headers that a page cannot send without asking."""


def is_loopback(host: str) -> bool:
    """Whether an address to listen on, or a name of one, is reached from this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _host_name(authority: str) -> str | None:
    """The host of `host:port`, in lower case; None when it is none."""
    try:
        return urlsplit(f"//{authority}").hostname
    except ValueError:
        return None


def _is_local(name: str) -> bool:
    """Whether no stranger can have given this name to the address that a browser asked."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        whole = name.rstrip(".")
        if "." not in whole:
            return whole != ""
        return not whole.startswith(".") and f".{whole}".endswith(_LOCAL_NAMES)
    return True


def foreign_origin(headers: RequestHeaders) -> str | None:
    """The origin of a page that is not this server's own; None where no page asks."""
    origin = headers.get("origin")
    own = origin is None or origin.partition("://")[2].lower() == headers.get("host", "").lower()
    return None if own else str(origin)


def foreign_site(headers: RequestHeaders) -> bool:
    """Whether a browser says that a page of another site asks; it may without an origin: for a picture."""
    return headers.get("sec-fetch-site", "none").lower() not in _OWN_SITES


def foreign_host(headers: RequestHeaders) -> str | None:
    """A name of this machine that others can own; None for one that they cannot, and without one."""
    host = headers.get("host", "")
    name = _host_name(host)
    return None if not host or (name and _is_local(name)) else str(host)


def unasked_type(headers: RequestHeaders) -> str | None:
    """The content type of a body that any page could have sent; None where it could not."""
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    safe = content_type not in _UNASKED or any(name in headers for name in _KEY_HEADERS)
    return None if safe else str(content_type)
