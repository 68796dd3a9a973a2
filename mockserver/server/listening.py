"""Where a server listens: its address, its port, its certificate. Nothing here needs the server itself."""

import errno
import socket

from mockserver.corridor.settings import Settings

_BACKLOG = 2048
"""So many clients may wait for a server that has only its port yet; the kernel may allow fewer."""


_ADVICE = {
    errno.EACCES: "take a port above 1023, or a free one with --port 0",
    errno.EADDRNOTAVAIL: "--host is an address of this machine, such as 127.0.0.1 or 0.0.0.0",
}
"""What to do about an address that cannot be bound, by the error; most often its port is taken."""


def _advice(error: OSError) -> str:
    if isinstance(error, socket.gaierror):  # a name that leads to no address of the family
        return _ADVICE[errno.EADDRNOTAVAIL]
    return _ADVICE.get(error.errno or 0, "take a free port with --port 0")


class PortTakenError(OSError):
    """The address cannot be bound; the message says why and what to do."""


def bind(host: str, port: int, *, many: bool = False) -> socket.socket:
    """A listening socket: who connects waits until a server takes it over. Raises `PortTakenError`.

    `many`: there are more of them at the same address, among which the kernel deals out who connects.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        if many:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind((host, port))
        sock.listen(_BACKLOG)
    except OSError as error:
        sock.close()
        msg = f"cannot listen on {host}:{port}: {error.strerror}; {_advice(error)}"
        raise PortTakenError(msg) from None
    sock.set_inheritable(True)
    return sock


class CertificateError(ValueError):
    """A TLS certificate cannot be used; the message says why and what to do."""


def check_certificate(settings: Settings) -> None:
    """Raises `CertificateError` for a certificate and a key that no TLS can be spoken with."""
    if settings.certificate is None:
        return
    import ssl  # noqa: PLC0415 - most servers speak no TLS, and their port is open the sooner

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
            settings.certificate, settings.certificate_key, password=lambda: ""
        )
    except (OSError, ValueError) as error:  # an `ssl.SSLError` is an `OSError`
        files = f"{settings.certificate} and {settings.certificate_key}"
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
        msg = f"no TLS with {files}: {reason}; both must be PEM, of one pair, the key without a password"
        raise CertificateError(msg) from None


def listen(settings: Settings) -> socket.socket:
    """The listening socket that settings ask for. Raises `PortTakenError` or `CertificateError`."""
    check_certificate(settings)
    return bind(settings.host, settings.port)


def listen_many(settings: Settings, count: int) -> list[socket.socket]:
    """So many sockets at one address, one for each process. Raises `PortTakenError` or `CertificateError`."""
    check_certificate(settings)
    if settings.port:
        bind(settings.host, settings.port).close()  # a server that runs there already is none of ours
    first = bind(settings.host, settings.port, many=True)
    port = first.getsockname()[1]
    return [first, *(bind(settings.host, port, many=True) for _ in range(count - 1))]


def url_of(sock: socket.socket, scheme: str = "http") -> str:
    """The base URL of a bound socket."""
    host, port = sock.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"{scheme}://{shown}:{port}"
