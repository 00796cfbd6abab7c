"""The SIP and SDP parsers: a value that survives its own round trip, or the documented error."""

import contextlib
from pathlib import Path
from random import Random

from config.schema import SipLimits
from edge.sdp import audio, body, description, negotiation
from edge.sdp.crypto import KEY_BYTES, Srtp
from edge.sdp.local import Local
from edge.sip.address import Address
from edge.sip.build import response_to
from edge.sip.digest import Challenge, Credentials, Verdict, answer, choose, credentials_for, verify
from edge.sip.grammar import (
    Malformed,
    delta_seconds,
    format_params,
    number,
    one_line,
    parse_params,
    quote,
    split_list,
    unquote,
)
from edge.sip.headers import Headers, canonical
from edge.sip.message import Message, Request
from edge.sip.nonce import Nonces
from edge.sip.parse import ParseError, parse_message
from edge.sip.stream import Framer
from edge.sip.uri import Uri
from edge.sip.via import Via
from media.port import Codec
from tests.fuzz.target import Target

LIMITS = SipLimits()

INVITE = (
    b"INVITE sip:100@demo.local;user=phone SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 127.0.0.2:5070;branch=z9hG4bK74bf9;rport, SIP/2.0/TCP [2001:db8::1];branch=x\r\n"
    b"Max-Forwards: 70\r\nRecord-Route: <sip:127.0.0.3;lr>,<sip:proxy.example;lr;x=1>\r\n"
    b'From: "Bob \\"B\\" Smith" <sip:bob:pw@demo.local>;tag=76341\r\nTo: <sip:100@demo.local>\r\n'
    b"Call-ID: 4Fde34wkd@127.0.0.2\r\nCSeq: 1 INVITE\r\nContact: <sip:bob@127.0.0.2:5070;ob>;q=0.7\r\n"
    b"Subject: folded\r\n and more\r\nSupported: 100rel, replaces\r\nContent-Type: application/sdp\r\n"
)
SDP_SECURE = (
    b"v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n"
    b"m=audio 40000 RTP/SAVP 0 9\r\n"
    b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4\r\n"
    b"a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz WSH=64\r\n"
)
SDP = (
    b"v=0\r\no=bob 28908445 2 IN IP4 127.0.0.2\r\ns=-\r\nc=IN IP4 127.0.0.2\r\nt=0 0\r\n"
    b"m=audio 49172 RTP/AVP 0 8 96 101\r\na=rtpmap:96 opus/48000/2\r\na=rtpmap:101 telephone-event/8000\r\n"
    b"a=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\na=rtcp:49180 IN IP4 127.0.0.2\r\n"
)
SDP_MANY = (
    b"v=0\no=- 1 1 IN IP6 ::1\ns=x\nt=0 0\nm=video 5000 RTP/AVP 96\nc=IN IP4 10.0.0.1\n"
    b"m=audio 5004/2 RTP/SAVP 0\nm=audio 5006 RTP/AVP 8\nc=IN IP6 2001:db8::5\na=inactive\na=maxptime:10\n"
)
PARTS = (
    b"--b\r\nContent-Type: text/plain\r\n\r\nhi\r\n--b\r\nContent-Type: application/sdp\r\n\r\n"
    + SDP
    + b"--b--\r\n"
)


def _with(head: bytes, content: bytes) -> bytes:
    return head + b"Content-Length: %d\r\n\r\n" % len(content) + content


MESSAGES = (
    _with(INVITE, SDP),
    _with(INVITE.replace(b"application/sdp", b'multipart/mixed;boundary="b"'), PARTS),
    b"SIP/2.0 180 Ringing\r\nv: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1;received=1.2.3.4\r\n"
    b"f: <sip:a@b>;tag=1\r\nt: <sip:c@d>;tag=2\r\ni: x\r\n"
    b"CSeq: 00009 INVITE\r\nm: <sip:c@127.0.0.9>\r\nl: 0\r\n\r\n",
    b"REGISTER sips:demo.local SIP/2.0\r\nVia: SIP/2.0/TLS h:5061;branch=z9hG4bKr\r\n"
    b"From: sip:a@demo.local;tag=9\r\nTo: sip:a@demo.local\r\nCall-ID: r\r\n"
    b"CSeq: 2 REGISTER\r\nContact: *\r\nExpires: 0\r\n"
    b'Authorization: Digest username="a", realm="demo.local", nonce="n", uri="sips:demo.local", '
    b'response="6629fae49393a05397450978507c4ef1", algorithm=MD5, qop=auth, nc=00000001, cnonce="0"\r\n\r\n',
    b"CANCEL tel:+1-201-555-0123;phone-context=example.com SIP/2.0\r\nVia:SIP/2.0/UDP a\r\nFrom:<sip:b>\r\n"
    b"To:<urn:x:y>\r\nCall-ID:c\r\nCSeq:1 CANCEL\r\n\r\n",
)
TORTURE = tuple(sorted(path.read_bytes() for path in Path(__file__).parents[1].glob("rfc/rfc*/*.dat")))
"The messages of RFC 4475 and RFC 5118."
URIS = (
    b"sip:alice:secretword@atlanta.example;transport=tcp?subject=project%20x&priority=urgent",
    b"sips:%2B1*72%23@[2001:db8::9:1]:5061;lr;maddr=239.255.255.1;ttl=15",
    b"sip:a;day=tuesday@x",
    b"tel:+1-201-555-0123;phone-context=example.com",
    b"urn:service:sos.fire",
    b"sip:127.0.0.1",
)
ADDRESSES = (
    b'"A. \\"Bell\\" \\\\" <sip:agb@bell.example?Replaces=a%3Bto-tag>;tag=a48s;+sip.instance="<urn:uuid:0>"',
    b"sip:+12125551212@server.phone2net.example;tag=887s",
    b"Anonymous <sip:c8oqz84zk7z@privacy.org>;q=0.5;expires=3600, <tel:1>;x , *",
    b'<sip:a@b;x=1>, "x, <y>" <sips:c@[::1]:1>;tag="q\\""',
)
VIAS = (
    b"SIP / 2.0 / UDP first.example:4000;ttl=16;maddr=224.2.0.1 ;branch=z9hG4bKa7c6a8dlze.1",
    b"SIP/2.0/TCP [2001:db8::9:1]:5060;received=[2001:db8::9:255];rport=9;branch=z9hG4bKas3, SIP/2.0/WSS x",
)
DIGESTS = (
    b'Digest username="bob\\"x", realm="demo.local", nonce="dcd98b7102dd2f0e8b11d0f600bf", uri="sip:b", '
    b'qop=auth, nc=00000001, cnonce="0a4f113b", response="6629fae49393a05397450978507c4ef1", opaque=""',
    b'Digest realm="demo.local", qop="auth,auth-int", nonce="84a4cc6f3082121f32b42a2187831a", opaque="5ccc", '
    b"stale=FALSE, algorithm=SHA-256",
    b'digest realm="x",nonce="y",algorithm=MD5,',
)


def text_of(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def value_of(data: bytes) -> str:
    """Text as the value of a header field can be: of one line."""
    return text_of(data).replace("\r", " ").replace("\n", " ").strip(" \t")


def check_message(data: bytes, random: Random) -> None:
    got = parse_message(data)
    if isinstance(got, ParseError):
        assert got.status in (0, 400, 505, 513) and got.why and got.where
        if got.request is not None:
            _ = got.request.via
            is_framed(response_to(got.request, got.status, to_tag="t").wire())
        return
    must_read(got)
    may_read(got)
    again = parse_message(got.wire())
    assert not isinstance(again, ParseError), again
    assert again.wire() == got.wire()
    assert (again.body, again.cseq, again.from_, again.to) == (got.body, got.cseq, got.from_, got.to)
    if isinstance(got, Request):
        response = response_to(got, 200, to_tag="t", headers=(("Warning", text_of(data[:200])),))
        is_framed(response.wire())
        answered = parse_message(response.wire())
        assert not isinstance(answered, ParseError), answered


def is_framed(wire: bytes) -> None:
    """Each line is a field and nothing of the peer's has become one."""
    head, end, _ = wire.partition(b"\r\n\r\n")
    assert end
    start, *lines = head.split(b"\r\n")
    assert start.startswith(b"SIP/2.0 ") and b"\r" not in start and b"\n" not in start
    for line in lines:
        assert b":" in line and b"\r" not in line and b"\n" not in line and line[:1] not in b" \t"


def must_read(got: Message) -> None:
    assert got.call_id and got.via.host and got.cseq.method
    _ = got.from_.tag, got.to.tag, got.max_forwards, got.branch, got.expires, got.content_type
    _ = got.via.rport, got.via.received, got.via.seen_from("127.0.0.1", 5)


def may_read(got: Message) -> None:
    for name in ("Contact", "Route", "Record-Route", "Refer-To", "P-Asserted-Identity"):
        with contextlib.suppress(Malformed):
            _ = got.addresses(name)
    with contextlib.suppress(Malformed):
        _ = got.contacts
    with contextlib.suppress(Malformed):
        _ = Via.parse_many(got.headers.all("Via"))
    found = body.find_sdp(got.headers.get("Content-Type") or "", got.body)
    assert found is None or found in got.body


def check_uri(data: bytes, random: Random) -> None:
    text = text_of(data)
    with contextlib.suppress(Malformed):
        uri = Uri.parse(text)
        assert Uri.parse(str(uri)) == uri, (uri, str(uri))
        assert uri.equivalent(uri)
        _ = (
            hash(uri),
            uri.address,
            uri.header("replaces"),
            uri.param("lr"),
            uri.without_headers(),
            uri.dialled,
        )
        made = uri.with_param("x", "1")
        assert not uri.is_sip or Uri.parse(str(made)).param("x") == "1"


def check_address(data: bytes, random: Random) -> None:
    text = value_of(data)
    with contextlib.suppress(Malformed):
        for address in Address.parse_many(text, "To"):
            printed = str(address)
            again = Address.parse(printed)
            assert (again.uri, again.params) == (address.uri, address.params), printed
            assert one_line(again.display) == one_line(address.display), printed
            tagged = Address.parse(str(address.with_tag("t1")))
            assert tagged.tag == "t1"
    with contextlib.suppress(Malformed):
        salvaged = Address.salvage(text)
        read = Address.parse(text)
        assert salvaged.tag == read.tag or '"' in text or text.count(">") > 1, text


def check_via(data: bytes, random: Random) -> None:
    text = value_of(data)
    with contextlib.suppress(Malformed):
        for via in Via.parse_many(text):
            again = Via.parse(str(via))
            assert again == via
            noted = Via.parse(str(via.seen_from("127.0.0.9", 1234)))
            assert noted.rport in (None, 1234)
            assert noted.received in (None, "127.0.0.9") or via.address == "127.0.0.9"
    with contextlib.suppress(Malformed):
        salvaged = Via.salvage(text)
        assert Via.parse(str(salvaged)) == salvaged


def check_header(data: bytes, random: Random) -> None:
    text = text_of(data)
    name, _, value = text.partition(":")
    try:
        key = canonical(name)
    except Malformed:
        pass
    else:
        assert canonical(key) == key
        headers = Headers([(key, value)])
        headers.set_top(key, "x")
        headers.add(name.strip(" \t"), value)
        assert headers.get(key) is not None and headers.elements(key)[:1] == ["x"]
    assert all(element and element == element.strip(" \t") for element in split_list(text) if "," in text)
    assert unquote(quote(text)) == text or not text.isprintable()
    assert "\n" not in one_line(text)
    _ = number(text, 10), delta_seconds(text)
    with contextlib.suppress(Malformed):
        params = parse_params(text, "params")
        assert parse_params(format_params(params), "params") == params


_NONCES = Nonces(b"0123456789abcdef", 300.0, 100)
_HA1 = {"md5": "0" * 32, "sha-256": "0" * 64}


def check_digest(data: bytes, random: Random) -> None:
    text = text_of(data)
    with contextlib.suppress(Malformed):
        credentials = Credentials.parse(text)
        printed = str(credentials)
        assert "\n" not in printed and "\r" not in printed
        assert verify(credentials, "INVITE", _HA1, 1.0, nonces=_NONCES) is not Verdict.OK
        assert verify(credentials, "INVITE", None, 1.0, nonces=_NONCES) is not Verdict.OK
    with contextlib.suppress(Malformed):
        challenge = Challenge.parse(text)
        _ = str(challenge)
    found = credentials_for([text, text], "demo.local")
    assert found is None or found.realm == "demo.local"
    chosen = choose([text])
    if chosen is not None:
        value = answer(chosen, "INVITE", "sip:b", "bob", "zanzibar", "0a4f", 1)
        assert Credentials.parse(value).username == "bob"
    assert _NONCES.number_of(text, 5.0) is None


_LOCAL = Local(
    "127.0.0.1",
    20_000,
    (Codec("pcmu", 0), Codec("g722", 9), Codec("opus", 111, 48_000)),
    7,
    srtp=Srtp.OFFERED,
    key=lambda suite: bytes(KEY_BYTES[suite]),
)


def check_sdp(data: bytes, random: Random) -> None:
    got = description.parse(data, LIMITS)
    if isinstance(got, description.SdpError):
        assert str(got)
        return
    again = description.parse(description.build(got), LIMITS)
    assert again == got, again
    for media in got.media:
        read = audio.read(got, media)
        if isinstance(read, audio.Audio):
            assert 0 < read.remote[1] <= 65_535 and read.ptime_ms in audio.PACKET_TIMES
    agreed = negotiation.answer(got, _LOCAL)
    if isinstance(agreed, negotiation.Negotiated):
        assert agreed.description is not None and len(agreed.description.media) == len(got.media)
        answered = description.parse(description.build(agreed.description), LIMITS)
        assert answered == agreed.description, answered
        repeated = negotiation.answer(got, _LOCAL, agreed.description)
        assert isinstance(repeated, negotiation.Negotiated) and repeated.description == agreed.description
        offered = negotiation.offer(_LOCAL, agreed.description)
        _ = negotiation.accept(offered, got)
    _ = negotiation.accept(negotiation.offer(_LOCAL), got)


def check_body(data: bytes, random: Random) -> None:
    kind, _, content = data.partition(b"\r\n\r\n")
    found = body.find_sdp(text_of(kind), content)
    assert found is None or found in content


def check_stream(data: bytes, random: Random) -> None:
    """However the bytes are cut, the messages are the same."""
    whole = Framer(LIMITS)
    messages = whole.receive(data)
    for message in messages:
        assert not isinstance(got := parse_message(message), ParseError) or got.status
    cut = Framer(LIMITS)
    pieces: list[bytes] = []
    at = 0
    step = random.choice((1, 7, 100, 1_000)) if len(data) < 3_000 else random.choice((100, 1_000))
    while at < len(data):
        size = random.randrange(1, step + 1)
        pieces += cut.receive(data[at : at + size])
        at += size
    assert pieces == messages
    assert bool(whole.fault) == bool(cut.fault), (whole.fault, cut.fault)
    assert whole.take_pongs() == cut.take_pongs()


TARGETS = (
    Target("message", (*MESSAGES, *TORTURE), check_message),
    Target("uri", URIS, check_uri),
    Target("address", ADDRESSES, check_address),
    Target("via", VIAS, check_via),
    Target("header", (*ADDRESSES, *VIAS, b"Subject: a, b", b';a=1;b;c="x\\""; d = [::1]'), check_header),
    Target("digest", DIGESTS, check_digest),
    Target("sdp", (SDP, SDP_MANY, SDP_SECURE), check_sdp),
    Target(
        "body", (b"multipart/mixed;boundary=b\r\n\r\n" + PARTS, b"application/sdp\r\n\r\n" + SDP), check_body
    ),
    Target("stream", (*MESSAGES, b"\r\n\r\n".join(MESSAGES[:3]), MESSAGES[3] + MESSAGES[0]), check_stream),
)
