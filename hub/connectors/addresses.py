"""Where the hub may connect to: the guard against calls into private networks (SSRF).

A name is resolved once, every address it has is judged, and the connection goes to an address
that was judged: a name that changes its mind in between gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import SplitResult, urlsplit

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

PUBLIC_PORTS = frozenset({443, 8443})
URL_CHARACTERS = 2000

# Beyond what the library calls global: shared (CGNAT), benchmarking, protocol assignments,
# relays and the IPv6 forms that carry an IPv4 address somewhere inside.
_REFUSED = [
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "2001::/23",  # protocol assignments, among them Teredo
        "2001:db8::/32",
        "2002::/16",  # 6to4
        "2620:4f:8000::/48",
        "3fff::/20",
        "5f00::/16",
    )
]
# Only this is given out for public use; mapped, NAT64, unique local and link-local lie outside.
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")


class AddressRefused(Exception):
    """The hub does not connect there; the text says why and names no resolved address."""


@dataclass(frozen=True)
class Allowed:
    """The private networks of settings.PRIVATE_NETWORKS, which may be called, also in clear."""

    networks: tuple[str, ...] = ()

    def covers(self, address: IpAddress) -> bool:
        """Whether the address lies in a network that the operator has named."""
        return any(
            network.version == address.version and address in network
            for network in parse_networks(self.networks)
        )


@lru_cache(maxsize=64)
def parse_networks(networks: tuple[str, ...]) -> tuple[IpNetwork, ...]:
    """The networks as objects; raises ValueError for one that is no CIDR."""
    return tuple(ipaddress.ip_network(text) for text in networks)


def is_public(address: IpAddress) -> bool:
    """Whether an address belongs to the public internet and hides no other address."""
    if address.version == 6 and (address.scope_id or address not in _GLOBAL_UNICAST):  # noqa: PLR2004
        return False
    refused = any(net.version == address.version and address in net for net in _REFUSED)
    return address.is_global and not address.is_multicast and not refused


def split_url(url: str) -> SplitResult:
    """The parts of a URL that the hub may call in principle; raises AddressRefused otherwise.

    Only http and https, with a host, and without user information or odd characters.
    """
    if (
        len(url) > URL_CHARACTERS
        or not url.isascii()
        or any(c <= " " or c in "\\\x7f" for c in url)
    ):
        raise AddressRefused("the URL holds characters that do not belong in one")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise AddressRefused("the URL cannot be understood") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise AddressRefused("the URL must be http(s) and name a host")
    if "@" in parts.netloc:
        raise AddressRefused("the URL carries a user name or password")
    return parts


def check_url(url: str, *, allowed: Allowed) -> None:
    """Refuse at once what could never be called: for forms that take a URL.

    A name is judged when it is resolved, at each connection. Raises AddressRefused.
    """
    parts = split_url(url)
    host = parts.hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        if parts.scheme != "https" and not allowed.networks:
            raise AddressRefused("the URL must begin with https://") from None
        return
    port = parts.port or (443 if parts.scheme == "https" else 80)
    _judge(address, port=port, encrypted=parts.scheme == "https", allowed=allowed)


def resolve(host: str, port: int, *, encrypted: bool, allowed: Allowed) -> list[tuple[int, str]]:
    """The (family, address) pairs of a host, all of them judged; raises AddressRefused, OSError.

    One address that may not be called refuses the host: a name with a public and a private
    address is a trick, or broken.
    """
    found: dict[tuple[int, str], None] = {}
    for family, _, _, _, place in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        _judge(_parsed(str(place[0])), port=port, encrypted=encrypted, allowed=allowed)
        found[int(family), str(place[0])] = None
    return list(found)


def _judge(address: IpAddress, *, port: int, encrypted: bool, allowed: Allowed) -> None:
    mapped = getattr(address, "ipv4_mapped", None)
    if allowed.covers(mapped or address):
        return
    if not is_public(address):
        raise AddressRefused("the host is not on the public internet")
    if not encrypted:
        raise AddressRefused("the URL must begin with https://")
    if port not in PUBLIC_PORTS:
        raise AddressRefused(f"port {port} may not be called")


def _parsed(text: str) -> IpAddress:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        raise AddressRefused("the host has an address of an unknown kind") from None


def allowed_from(networks: Iterable[str]) -> Allowed:
    """``Allowed`` of a list of CIDR texts."""
    return Allowed(tuple(networks))
