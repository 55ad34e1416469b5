"""Which addresses the hub may call."""

import ipaddress
import socket

import pytest

from hub.connectors.addresses import AddressRefused, Allowed, check_url, is_public, resolve

REFUSED = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.127.255.254",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.170",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::127.0.0.1",
    "::8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "2620:4f:8000::1",
    "4000::1",
]
PUBLIC = ["8.8.8.8", "1.1.1.1", "93.184.215.14", "2606:4700:4700::1111", "2a00:1450:4001::200e"]
NONE = Allowed()
LOOPBACK = Allowed(("127.0.0.0/8", "::1/128"))


def answering(monkeypatch, *addresses):
    """Let every name have these addresses."""

    def getaddrinfo(host, port, **_):
        return [
            (socket.AF_INET6 if ":" in a else socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port))
            for a in addresses
        ]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


@pytest.mark.parametrize("text", REFUSED)
def test_addresses_that_are_not_public_or_hide_another_are_refused(text):
    assert not is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses_are_allowed(text):
    assert is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "//example.com/",
        "https://",
        "https:///path",
        "https://user@example.com/",
        "https://user:password@example.com/",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://example.com:port/",
        "https://[::1/",
        "https://exam ple.com/",
        "https://example.com/\r\nHost: other",
        "https://example.com\\@127.0.0.1/",
        "https://éxample.com/",
        "https://example.com/\x00",
        "https://example.com/" + "a" * 2000,
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/latest/meta-data",
        "http://example.com/",
        "http://8.8.8.8/",
        "https://8.8.8.8:22/",
    ],
)
def test_urls_that_could_never_be_called_are_refused_at_once(url):
    with pytest.raises(AddressRefused):
        check_url(url, allowed=NONE)


@pytest.mark.parametrize("url", ["https://example.com/hooks?a=b", "https://8.8.8.8:8443/x"])
def test_public_https_urls_are_accepted(url):
    check_url(url, allowed=NONE)


def test_a_private_network_may_be_called_in_clear_once_the_operator_names_it():
    check_url("http://127.0.0.1:8300/x", allowed=LOOPBACK)
    check_url("http://[::ffff:127.0.0.1]:8300/x", allowed=LOOPBACK)
    with pytest.raises(AddressRefused):
        check_url("http://10.0.0.1/x", allowed=LOOPBACK)


def test_one_private_address_refuses_the_whole_name(monkeypatch):
    answering(monkeypatch, "8.8.8.8", "10.0.0.7")
    with pytest.raises(AddressRefused):
        resolve("mixed.example", 443, encrypted=True, allowed=NONE)


@pytest.mark.parametrize(("port", "encrypted"), [(80, False), (443, False), (22, True)])
def test_public_names_are_called_encrypted_and_on_few_ports_only(monkeypatch, port, encrypted):
    answering(monkeypatch, "8.8.8.8")
    with pytest.raises(AddressRefused):
        resolve("public.example", port, encrypted=encrypted, allowed=NONE)


def test_every_address_of_a_public_name_is_returned_once(monkeypatch):
    answering(monkeypatch, "2606:4700:4700::1111", "8.8.8.8", "8.8.8.8")
    assert resolve("public.example", 443, encrypted=True, allowed=NONE) == [
        (socket.AF_INET6, "2606:4700:4700::1111"),
        (socket.AF_INET, "8.8.8.8"),
    ]


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "localhost"])
def test_odd_spellings_of_loopback_are_refused_after_resolution(host):
    with pytest.raises((AddressRefused, OSError)):
        resolve(host, 443, encrypted=True, allowed=NONE)
