"""The way out, of pushes and webhooks alike: only to the open internet, and never for long."""

import socket
import ssl
from contextlib import suppress
from functools import cache
from http.client import HTTPConnection
from ipaddress import IPv6Address, IPv6Network, ip_address
from threading import Timer
from urllib.parse import SplitResult

from django.conf import settings

CONNECT_SECONDS = 5
CALL_SECONDS = 10  # for greeting, sending and hearing the answer, however slowly it drips
LOOPBACK = "127.0.0.1"
# Addresses that carry one of the older internet in them, which may be one of ours.
CARRIERS = [
    IPv6Network(net)
    for net in ("::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
]


class AddressNotAllowed(Exception):
    """A name leads to where nothing of the open internet is."""


class Line(HTTPConnection):
    """A connection whose address was looked at when it was made, not before."""

    def __init__(self, where: SplitResult) -> None:
        self.tls = _tls() if where.scheme == "https" else None
        super().__init__(where.hostname or "", where.port or 443, timeout=CALL_SECONDS)

    def connect(self) -> None:
        self.sock = connect_outside(self.host, self.port)
        self.sock.settimeout(CALL_SECONDS)
        if self.tls:
            self.sock = self.tls.wrap_socket(
                self.sock, server_hostname=self.host, do_handshake_on_connect=False
            )
        # A socket's own time-out begins anew with every byte.
        self.cutter = Timer(CALL_SECONDS, _cut, [self.sock])
        self.cutter.daemon = True
        self.cutter.start()
        if isinstance(self.sock, ssl.SSLSocket):
            self.sock.do_handshake()

    def close(self) -> None:
        if cutter := getattr(self, "cutter", None):
            cutter.cancel()
        super().close()


def _cut(line: socket.socket) -> None:
    with suppress(OSError):  # it has ended by itself
        socket.socket.shutdown(line, socket.SHUT_RDWR)


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def connect_outside(host: str, port: int) -> socket.socket:
    """Connect to the first address of a name, if all of its addresses may be spoken to.

    :raises AddressNotAllowed: if one lies in a private, local or otherwise special net
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(address[0]) for *_kind, address in found]
    if not all(may_be_spoken_to(address) for address in addresses):
        raise AddressNotAllowed(host)
    return socket.create_connection((addresses[0], port), timeout=CONNECT_SECONDS)


def may_be_spoken_to(address: str) -> bool:
    ip = ip_address(address.partition("%")[0])
    if settings.CALL_LOOPBACK and str(ip) == LOOPBACK:
        return True
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped:
            return may_be_spoken_to(str(ip.ipv4_mapped))
        if ip.is_site_local or any(ip in net for net in CARRIERS):
            return False
    return ip.is_global and not ip.is_multicast
