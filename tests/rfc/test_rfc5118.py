"""RFC 5118: SIP torture messages of IPv6.

Each message was written for this file from what its section tests; it tests the same thing, and is not
the RFC's text.
"""

import pytest

from config.schema import SipLimits
from edge.sdp.audio import Audio, read
from edge.sdp.description import Description, parse
from edge.sip.grammar import Malformed
from edge.sip.uri import Uri
from edge.sip.via import Via
from tests.support.torture import answers, fault, request, wire


def register(uri: str, *more: str, via: str = "[2001:db8::9:1]", contact: str = "[2001:db8::9:1]") -> bytes:
    return wire(
        "\n".join(
            (
                f"REGISTER {uri} SIP/2.0",
                "To: sip:user@demo.local",
                "From: sip:user@demo.local;tag=81x2",
                f"Via: SIP/2.0/UDP {via};branch=z9hG4bKas3-111",
                "Call-ID: SSG9559905523997077@hlau_4100",
                "Max-Forwards: 70",
                f'Contact: "Caller" <sip:caller@{contact}>',
                "CSeq: 98176 REGISTER",
                *more,
                "Content-Length: 0",
            )
        )
    )


def invite(body: str, *more: str, contact: str = "[2001:db8::20]") -> bytes:
    lines = body.strip("\n").replace("\n", "\r\n") + "\r\n"
    return wire(
        "\n".join(
            (
                "INVITE sip:user@[2001:db8::10] SIP/2.0",
                "To: sip:user@[2001:db8::10]",
                "From: sip:user@demo.local;tag=81x2",
                "Via: SIP/2.0/UDP [2001:db8::20];branch=z9hG4bKas3-111",
                "Call-ID: SSG9559905523997077@hlau_4100",
                f'Contact: "Caller" <sip:caller@{contact}>',
                "CSeq: 8612 INVITE",
                "Max-Forwards: 70",
                *more,
                "Content-Type: application/sdp",
                f"Content-Length: {len(lines)}",
            )
        ),
        lines.encode(),
    )


def described(data: bytes) -> Description:
    got = parse(request(data).body, SipLimits())
    assert isinstance(got, Description), got
    return got


def remote(description: Description, place: int = 0) -> tuple[str, int]:
    audio = read(description, description.media[place])
    assert isinstance(audio, Audio), audio
    return audio.remote


def test_an_ipv6_reference_is_a_host() -> None:
    """§4.1."""
    got = request(register("sip:[2001:db8::10]"))
    assert (got.uri.address, got.uri.host, got.uri.port) == ("2001:db8::10", "[2001:db8::10]", None)
    assert got.via.address == "2001:db8::9:1" and got.contacts[0].uri.address == "2001:db8::9:1"


def test_an_ipv6_address_without_brackets_is_a_fault() -> None:
    """§4.2."""
    data = register("sip:2001:db8::10")
    assert (fault(data).where, fault(data).status) == ("URI", 400)
    assert answers(data) == [400]


def test_what_looks_like_a_port_within_the_brackets_is_of_the_address() -> None:
    """§4.3."""
    uri = request(register("sip:[2001:db8::10:5070]")).uri
    assert (uri.address, uri.port) == ("2001:db8::10:5070", None)


def test_a_port_stands_behind_the_brackets() -> None:
    """§4.4."""
    uri = request(register("sip:[2001:db8::10]:5070")).uri
    assert (uri.address, uri.port) == ("2001:db8::10", 5070)


@pytest.mark.parametrize("received", ["[2001:db8::9:255]", "2001:db8::9:255"])
def test_received_may_be_with_and_without_brackets(received: str) -> None:
    """§4.5."""
    got = request(register("sip:demo.local", via=f"[2001:db8::9:1];received={received}"))
    assert got.via.received == "2001:db8::9:255" and got.branch == "z9hG4bKas3-111"


def test_a_description_may_name_ipv6_addresses() -> None:
    """§4.6."""
    description = described(
        invite(
            """
v=0
o=assistant 971731711378798081 0 IN IP6 2001:db8::20
s=Live video feed for today's meeting
c=IN IP6 2001:db8::20
t=3338481189 3370017201
m=audio 6000 RTP/AVP 2 0
a=rtpmap:2 G726-32/8000
m=video 6024 RTP/AVP 107
a=rtpmap:107 H263-1998/90000
"""
        )
    )
    assert remote(description) == ("2001:db8::20", 6000)


def test_vias_of_both_families_stand_beside_each_other() -> None:
    """§4.7."""
    data = register(
        "sip:demo.local",
        "Via: SIP/2.0/UDP [2001:db8::9:253];branch=z9hG4bKnas2, SIP/2.0/TCP 192.0.2.1:5061;branch=z9hG4bKx",
    )
    hops = Via.parse_many(request(data).headers.all("Via"))
    assert [(hop.address, hop.port) for hop in hops] == [
        ("2001:db8::9:1", None),
        ("2001:db8::9:253", None),
        ("192.0.2.1", 5061),
    ]
    assert answers(data) == [401]


def test_sections_of_a_description_may_differ_in_family() -> None:
    """§4.8."""
    description = described(
        invite(
            """
v=0
o=bob 280744730 28977631 IN IP4 host.example.com
s=
t=0 0
m=audio 22334 RTP/AVP 0
c=IN IP4 192.0.2.1
m=audio 6024 RTP/AVP 0
c=IN IP6 2001:db8::1
"""
        )
    )
    assert remote(description, 0) == ("192.0.2.1", 22334) and remote(description, 1) == ("2001:db8::1", 6024)


def test_an_ipv4_mapped_address_is_a_host() -> None:
    """§4.9."""
    data = invite(
        """
v=0
o=assistant 971731711378798081 0 IN IP6 ::ffff:192.0.2.2
s=-
c=IN IP6 ::ffff:192.0.2.2
t=0 0
m=audio 6000 RTP/AVP 0
""",
        contact="[::ffff:192.0.2.2]:5060",
    )
    contact = request(data).contacts[0].uri
    assert (contact.address, contact.port) == ("::ffff:192.0.2.2", 5060)
    host, port = remote(described(data))
    assert host.startswith("::ffff:") and port == 6000


def test_an_ipv4_tail_follows_one_colon_and_three_in_a_row_are_forgiven() -> None:
    """§4.10: the grammar of RFC 3261 errs and yields three colons; nobody must send them."""
    assert Uri.parse("sip:user@[2001:db8::192.0.2.1]").address == "2001:db8::192.0.2.1"
    assert Uri.parse("sip:user@[2001:db8:::192.0.2.1]").address == "2001:db8:::192.0.2.1"


@pytest.mark.parametrize(
    "host", ["[2001:db8::1", "2001:db8::1]", "[]", "[2001:db8::1]x", "[fe80::1%eth0]", "[[::1]]", "[g::1]"]
)
def test_broken_references_are_faults(host: str) -> None:
    """RFC 3261 §25.1, `IPv6reference`."""
    with pytest.raises(Malformed):
        Uri.parse(f"sip:user@{host}")
    with pytest.raises(Malformed):
        Via.parse(f"SIP/2.0/UDP {host};branch=z9hG4bK1")
