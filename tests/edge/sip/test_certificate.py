"""RFC 5922 §7: whom a certificate proves its holder to be."""

import pytest

from edge.sip.certificate import proves


def certificate(*names: tuple[str, str]) -> dict[str, object]:
    return {"subject": ((("commonName", "sip.example.com"),),), "subjectAltName": names}


@pytest.mark.parametrize(
    ("names", "peer", "good"),
    [
        ((("DNS", "sip.Example.com"),), "SIP.example.com", True),
        ((("DNS", "example.com"),), "sip.example.com", False),
        ((("DNS", "*.example.com"),), "sip.example.com", True),
        ((("DNS", "*.example.com"),), "a.sip.example.com", False),
        ((("DNS", "*.example.com"),), "example.com", False),
        ((("DNS", "*.com"),), "example.com", False),
        # §7.1: SIP identities win over DNS names
        ((("URI", "sip:example.com"), ("DNS", "other.example")), "example.com", True),
        ((("URI", "sip:example.com"), ("DNS", "other.example")), "other.example", False),
        # §7.1: a person, or another protocol, is no SIP domain
        ((("URI", "sip:alice@example.com"), ("DNS", "example.com")), "example.com", True),
        ((("URI", "https://example.com"), ("DNS", "example.com")), "example.com", True),
        ((("URI", "sip:["), ("DNS", "example.com")), "example.com", True),
        ((("IP Address", "192.0.2.1"),), "192.0.2.1", True),
        ((("IP Address", "2001:DB8:0:0:0:0:0:1"),), "[2001:db8::1]", True),
        ((("DNS", "192.0.2.1"),), "192.0.2.1", False),
        ((), "sip.example.com", False),  # the common name does not count
    ],
)
def test_a_peer_is_who_its_certificate_names(
    names: tuple[tuple[str, str], ...], peer: str, good: bool
) -> None:
    assert proves(certificate(*names), peer) is good


def test_a_peer_without_a_certificate_is_nobody() -> None:
    assert not proves({}, "example.com")
