"""Odd, and allowed: what phones, carriers and other people's test suites send, and what must come of it.

Each line is one way to differ from the plain INVITE of a carrier to a DID, with the section that allows it.
"""

import pytest

from edge.directory import Target
from edge.sip.message import Request, Response
from media import port
from tests.support.directory import FakeDirectory
from tests.support.edge import Bench, Phone, final

CARRIER = ("127.0.0.9", 5060)
INVITE = """INVITE sip:12025550123@demo.local SIP/2.0
Via: SIP/2.0/UDP 127.0.0.9:5060;branch=z9hG4bKodd
From: <sip:+15550001@carrier.example>;tag=odd
To: <sip:12025550123@demo.local>
Call-ID: odd
CSeq: 1 INVITE
Contact: <sip:carrier@127.0.0.9>
Content-Type: application/sdp"""
HEAD = "v=0\r\no=- 1 1 IN IP4 127.0.0.9\r\ns=-\r\n"
TIME = "t=0 0\r\n"
C = "c=IN IP4 127.0.0.9\r\n"
AUDIO = "m=audio 40000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\n"
SDP = HEAD + C + TIME + AUDIO
OURS = "INVITE sip:12025550123@demo.local"


class Carrier:
    """A trunk by address, whose words are the test's."""

    def __init__(self) -> None:
        directory = FakeDirectory()
        directory.extensions["*43"] = Target("echo", "")
        directory.add_did("12025550123", "echo")
        directory.add_trunk("carrier", "sip:127.0.0.9:5060", ip=CARRIER[0], default=True)
        self.bench = Bench(directory)
        self.cseq = 1
        self.to, self.target = "", ""

    def say(self, head: str, body: str = "") -> list[Request | Response]:
        self.bench.receive((head.replace("\n", "\r\n") + "\r\n\r\n" + body).encode(), CARRIER)
        return [message for message, _ in self.bench.take()]

    def sent(self, head: str) -> list[int]:
        """Statuses of the answers, read no further than that."""
        with self.bench.raw() as sent:
            self.say(head)
        return [int(data.split()[1]) for data in sent]

    def call(self, head: str = INVITE, body: str = SDP) -> Response:
        answer = final(self.say(head, body))
        if answer.status == 200:
            self.to, self.target = answer.headers.get("To") or "", str(answer.contacts[0].uri)
            self.ack()
        return answer

    def ack(self, body: str = "") -> None:
        kind = "\nContent-Type: application/sdp" if body else ""
        self.say(self.inside("ACK", f"Max-Forwards: 70{kind}"), body)

    def inside(self, method: str, lines: str = "Max-Forwards: 70", target: str = "") -> str:
        if method != "ACK":
            self.cseq += 1
        return (
            f"{method} {target or self.target} SIP/2.0\n"
            f"Via: SIP/2.0/UDP 127.0.0.9:5060;branch=z9hG4bK{method}{self.cseq}\n"
            f"From: <sip:+15550001@carrier.example>;tag=odd\nTo: {self.to}\nCall-ID: odd\n"
            f"CSeq: {self.cseq} {method}\nContact: <sip:carrier@127.0.0.9>\n{lines}"
        )

    def again(self, body: str, lines: str = "") -> Response:
        """A re-INVITE and its ACK."""
        kind = "Content-Type: application/sdp" if body else "Max-Forwards: 70"
        answer = final(self.say(self.inside("INVITE", "\n".join(filter(None, (kind, lines)))), body))
        if answer.status == 200:
            self.ack("" if body else SDP)
        return answer

    @property
    def up(self) -> bool:
        return len(self.bench.switch.calls) == 1


def streams(answer: Response) -> list[str]:
    return [line for line in answer.body.decode().split("\r\n") if line.startswith("m=")]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("Max", "Max", id="no Max-Forwards, no rport, no Content-Length: §8.1.1.6, §18.3"),
        pytest.param(OURS, "INVITE tel:+12025550123", id="tel: RFC 3966"),
        pytest.param(OURS, "INVITE tel:+1-202-555-0123", id="tel with separators: RFC 3966 §5.1.1"),
        pytest.param(OURS, "INVITE tel:2025550123;phone-context=+1", id="phone-context: RFC 3966 §5.1.5"),
        pytest.param(OURS, "INVITE sip:+12025550123@demo.local;user=phone", id="user=phone: §19.1.1"),
        pytest.param(OURS, "INVITE sip:+1-202-555-0123@demo.local;user=phone", id="separators: §19.1.6"),
        pytest.param(
            OURS, "INVITE sip:+12025550123;npdi;rn=+1999@demo.local;user=phone", id="npdi: RFC 4694"
        ),
        pytest.param(OURS, "INVITE sip:%2B12025550123@demo.local", id="escaped plus: §19.1.2"),
        pytest.param(
            "demo.local SIP/2.0", "DEMO.local:5060;x=y SIP/2.0", id="host in capitals, port: §19.1.4"
        ),
        pytest.param(
            "Via: ", "v: SIP/2.0/TCP 10.0.0.1;branch=z9hG4bKx\nv: ", id="two Vias of two kinds: §7.3.1"
        ),
        pytest.param(
            "odd\nFrom", "odd, SIP/2.0/TCP 10.0.0.1;branch=z\nFrom", id="two Vias in a line: §7.3.1"
        ),
        pytest.param("Via: SIP/2.0/UDP ", "VIA :\n SIP / 2.0 / UDP  ", id="folded and blown up: §7.3.1"),
        pytest.param("Call-ID", "Route: <sip:127.0.0.1:5060;lr>\nCall-ID", id="a Route to us: §16.4"),
        pytest.param("Call-ID", "Record-Route: <sip:127.0.0.5;lr>\ni", id="Record-Route: §12.1.1"),
        pytest.param("Call-ID", "Proxy-Require: privacy\nCall-ID", id="Proxy-Require: §20.29"),
        pytest.param("Call-ID", "Supported:\nCall-ID", id="empty Supported: §20.37"),
        pytest.param(";tag=odd", ";TAG=odd;x", id="TAG in capitals: §7.3.1"),
        pytest.param(
            "From: <sip:+15550001@carrier.example>",
            "f: anonymous <sip:anonymous@anonymous.invalid>",
            id="anonymous",
        ),
    ],
)
def test_an_invite_may_look_so(old: str, new: str) -> None:
    carrier = Carrier()
    answer = carrier.call(INVITE.replace(old, new, 1))
    assert answer.status == 200 and carrier.up
    assert "Record-Route" not in new or answer.headers.get("Record-Route") == "<sip:127.0.0.5;lr>"
    assert final(carrier.say(carrier.inside("BYE"))).status == 200 and not carrier.up


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(
            HEAD + TIME + AUDIO + C, ["m=audio 20000 RTP/AVP 0 8 101"], id="c= of the stream: RFC 4566 §5.7"
        ),
        pytest.param(
            SDP.replace("\r\n", "\n"), ["m=audio 20000 RTP/AVP 0 8 101"], id="LF alone: RFC 4566 §5"
        ),
        pytest.param(SDP.replace("s=-\r\n", ""), ["m=audio 20000 RTP/AVP 0 8 101"], id="no s="),
        pytest.param(
            HEAD + C + TIME + "m=video 5000 RTP/AVP 96\r\nm=audio 0 RTP/AVP 0\r\nm=audio 5002 RTP/AVP 8\r\n",
            ["m=video 0 RTP/AVP 96", "m=audio 0 RTP/AVP 0", "m=audio 20000 RTP/AVP 8"],
            id="port 0 is refused already: RFC 3264 §6",
        ),
        pytest.param(
            HEAD + C + TIME + "m=audio 5000 RTP/AVP 0\r\nm=audio 5002 RTP/AVP 8\r\n",
            ["m=audio 20000 RTP/AVP 0", "m=audio 0 RTP/AVP 8"],
            id="one of two streams: RFC 3264 §6",
        ),
        pytest.param(
            SDP + "m=image 5004 udptl t38\r\n",
            ["m=audio 20000 RTP/AVP 0 8 101", "m=image 0 udptl t38"],
            id="audio and fax: RFC 3264 §6",
        ),
        pytest.param(
            SDP.replace("RTP/AVP", "RTP/AVPF"), ["m=audio 20000 RTP/AVPF 0 8 101"], id="AVPF: RFC 4585"
        ),
    ],
)
def test_an_offer_may_look_so(body: str, expected: list[str]) -> None:
    answer = Carrier().call(body=body)
    assert answer.status == 200 and streams(answer) == expected


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(HEAD + TIME + AUDIO, id="no c="),
        pytest.param(HEAD + C + TIME + "m=image 5000 udptl t38\r\n", id="fax alone"),
        pytest.param(HEAD + C + TIME + "m=audio 5000 RTP/AVP 18\r\n", id="G.729 alone"),
        pytest.param(HEAD + C + TIME + "m=audio 0 RTP/AVP 0\r\n", id="a stream that is none"),
        pytest.param(SDP.replace("RTP/AVP", "RTP/SAVP"), id="SRTP without a key"),
    ],
)
def test_an_offer_that_nobody_can_use_is_488_with_a_warning(body: str) -> None:
    """RFC 3261 §13.3.1.3, §20.43."""
    carrier = Carrier()
    answer = carrier.call(body=body)
    assert answer.status == 488 and answer.headers.get("Warning") and not carrier.up


@pytest.mark.parametrize(("encoding", "status"), [("gzip", 415), ("Identity", 200)])
def test_an_offer_that_is_packed_is_refused_with_what_we_read(encoding: str, status: int) -> None:
    """RFC 3261 §8.2.3."""
    answer = Carrier().call(f"{INVITE}\nContent-Encoding: {encoding}")
    assert answer.status == status
    assert status == 200 or answer.headers.get("Accept-Encoding") == "identity"


@pytest.mark.parametrize(
    ("sdp", "direction"),
    [
        (SDP + "a=inactive\r\n", "inactive"),
        (SDP + "a=sendonly\r\n", "recvonly"),
        (SDP.replace("c=IN IP4 127.0.0.9", "c=IN IP4 0.0.0.0"), "recvonly"),
        (SDP.replace(TIME, TIME + "a=sendonly\r\n"), "recvonly"),
    ],
)
def test_a_call_is_held_and_resumed_in_every_way_of_old(sdp: str, direction: str) -> None:
    """RFC 3264 §8.4; the address 0.0.0.0 as of RFC 2543."""
    carrier = Carrier()
    carrier.call()
    held = carrier.again(sdp)
    assert held.status == 200 and f"a={direction}\r\n" in held.body.decode()
    resumed = carrier.again(SDP)
    assert resumed.status == 200 and "a=sendrecv\r\n" in resumed.body.decode() and carrier.up


NO_MEDIA = HEAD + C + TIME
BLACK_HOLE = SDP.replace("c=IN IP4 127.0.0.9", "c=IN IP4 0.0.0.0")


@pytest.mark.parametrize(
    ("first", "answered"),
    [
        pytest.param(NO_MEDIA, [], id="no stream: RFC 3264 §5, RFC 3725 §4.4"),
        pytest.param(BLACK_HOLE, ["m=audio 20000 RTP/AVP 0 8 101"], id="a black hole: RFC 3725 §4.2"),
        pytest.param("", ["m=audio 20000 RTP/AVP 0 8 101"], id="no description: RFC 3725 §4.3"),
    ],
)
def test_a_controller_begins_without_sound_and_gives_it_later(first: str, answered: list[str]) -> None:
    carrier = Carrier()
    answer = final(carrier.say(INVITE, first))
    assert answer.status == 200 and streams(answer) == answered
    carrier.to, carrier.target = answer.headers.get("To") or "", str(answer.contacts[0].uri)
    carrier.ack("" if first else BLACK_HOLE)
    silent = carrier.bench.commanded(port.Connect)[-1]
    assert isinstance(silent, port.Connect)
    assert silent.direction in (port.Direction.INACTIVE, port.Direction.RECVONLY)
    given = carrier.again(SDP)
    assert given.status == 200 and streams(given) == ["m=audio 20000 RTP/AVP 0 8 101"]
    heard = carrier.bench.commanded(port.Connect)[-1]
    assert isinstance(heard, port.Connect) and heard.remote == ("127.0.0.9", 40_000)
    assert heard.direction is port.Direction.SENDRECV and carrier.up


def test_who_takes_its_stream_back_hears_nothing_until_it_offers_one_again() -> None:
    """RFC 3264 §8.2: port 0 in the place of every stream; ours is 0 as well."""
    carrier = Carrier()
    carrier.call()
    answer = carrier.again(SDP.replace("m=audio 40000", "m=audio 0"))
    assert answer.status == 200 and streams(answer) == ["m=audio 0 RTP/AVP 0 8 101"]
    silent = carrier.bench.commanded(port.Connect)[-1]
    assert isinstance(silent, port.Connect) and silent.direction is port.Direction.INACTIVE
    offered = carrier.again("")
    assert streams(offered)[0].startswith("m=audio 20000 RTP/AVP") and len(streams(offered)) == 1
    assert carrier.again(SDP).status == 200 and carrier.up


def test_a_session_without_sound_is_refreshed_as_it_is() -> None:
    """RFC 4028 §7.4 by what was said last, which holds no stream."""
    carrier = Carrier()
    lines = "Supported: timer\nSession-Expires: 90;refresher=uas"
    carrier.call(f"{INVITE}\n{lines}", NO_MEDIA)
    carrier.bench.advance(50.0)
    refresh = next(m for m, _ in carrier.bench.take() if isinstance(m, Request))
    assert refresh.method == "INVITE" and b"m=" not in refresh.body
    head = "".join(
        f"{name}: {refresh.headers.get(name)}\n" for name in ("Via", "From", "To", "Call-ID", "CSeq")
    )
    lines = "Contact: <sip:carrier@127.0.0.9>\nContent-Type: application/sdp"
    carrier.say(f"SIP/2.0 200 OK\n{head}{lines}", NO_MEDIA)
    assert carrier.again(SDP).status == 200 and carrier.up


def test_a_codec_changes_in_the_middle() -> None:
    """RFC 3264 §8.3.2."""
    carrier = Carrier()
    carrier.call()
    assert "AVP 8" in streams(carrier.again(SDP.replace("0 8 101", "8 101")))[0]
    connects = [c for c in carrier.bench.commands if isinstance(c, port.Connect)]
    assert [c.codec.name for c in connects][-1] == "pcma"


@pytest.mark.parametrize(
    "sdp",
    [
        HEAD + C + TIME + "m=image 5000 udptl t38\r\n",
        HEAD + C + TIME + "m=audio 0 RTP/AVP 0\r\nm=image 5 udptl t38\r\n",
    ],
)
def test_fax_in_the_middle_is_488_and_the_call_goes_on(sdp: str) -> None:
    """RFC 3261 §14.2; RFC 3362 for the type."""
    carrier = Carrier()
    carrier.call()
    assert carrier.again(sdp).status == 488 and carrier.up
    assert carrier.again(SDP).status == 200


def test_an_offer_asked_for_in_the_middle_and_never_answered_changes_nothing() -> None:
    """RFC 3261 §13.2.2.4 asks for an answer in the ACK; who leaves it out still talks."""
    carrier = Carrier()
    carrier.call()
    assert final(carrier.say(carrier.inside("INVITE"))).status == 200
    carrier.ack()
    assert carrier.up and carrier.again(SDP).status == 200


@pytest.mark.parametrize(
    ("method", "lines", "status"),
    [
        ("OPTIONS", "Max-Forwards: 70", 200),
        ("INFO", "Content-Type: application/dtmf-relay", 200),
        ("UPDATE", "Max-Forwards: 70", 200),
        ("NOTIFY", "Event: keep-alive", 405),
        ("INFO", "Info-Package: unheard-of", 469),
        ("SUBSCRIBE", "Event: kpml", 489),
        ("MESSAGE", "Content-Type: text/plain", 403),
        ("PRACK", "RAck: 1 1 INVITE", 481),
        ("REFER", "Max-Forwards: 70", 400),
        ("NEWMETHOD", "Max-Forwards: 70", 501),
        ("BYE", "Require: teleport", 420),
        ("INVITE", "Content-Encoding: gzip", 415),
        ("INVITE", "Accept: text/plain", 406),
        ("UPDATE", "Accept: text/plain", 200),
        ("MESSAGE", "Content-Encoding: gzip", 415),
    ],
)
def test_other_requests_in_a_dialog_are_answered_and_end_nothing(
    method: str, lines: str, status: int
) -> None:
    """RFC 3261 §12.2.2, §8.2; RFC 6086 for INFO."""
    carrier = Carrier()
    carrier.call()
    answer = final(carrier.say(carrier.inside(method, lines)))
    assert answer.status == status and carrier.up
    assert status not in (405, 501) or "INVITE" in (answer.headers.get("Allow") or "")


def test_an_ack_and_a_bye_to_another_address_belong_to_their_dialog() -> None:
    """RFC 3261 §12.2.2: the tags decide, not the Request-URI."""
    carrier = Carrier()
    answer = final(carrier.say(INVITE, SDP))
    carrier.to, carrier.target = answer.headers.get("To") or "", "sip:whoever@192.0.2.99"
    carrier.ack()
    carrier.bench.advance(40.0)
    assert carrier.up and not carrier.bench.take(), "nobody waits for an ACK"
    assert final(carrier.say(carrier.inside("BYE"))).status == 200 and not carrier.up


@pytest.mark.parametrize("to", ["<sip:john@demo.local ]>", "nobody", "<>", "", "John Doe <sip:john@[::>"])
def test_a_bye_whose_uris_nobody_can_read_ends_its_dialog_by_the_tags(to: str) -> None:
    """RFC 3261 §12.2.2; whose dialog it is, the tags and the Call-ID say."""
    carrier = Carrier()
    carrier.call()
    _, tag, value = carrier.to.rpartition(";tag=")
    for wrong in ("", ";tag=", f"{tag}x{value}"):
        carrier.to = to + wrong
        refused = carrier.sent(carrier.inside("BYE"))
        assert refused in ([400], [481], []) and carrier.up
    carrier.to = f"{to}{tag}{value}"
    text = carrier.inside("BYE").replace("<sip:+15550001@carrier.example>", to)
    assert carrier.sent(text) == [200] and not carrier.up


def test_an_invite_of_rfc_2543_with_credentials_and_the_same_cseq_is_a_copy() -> None:
    """RFC 2543 §6.17, RFC 3261 §17.2.3, §22.2: an ACK could not tell the two apart, another CSeq does."""
    directory = FakeDirectory()
    directory.add_user("1001")
    directory.add_user("1002")
    bench = Bench(directory)
    phone = Phone(bench, "1001")
    plain = "1"
    uri = "sip:1002@demo.local"
    phone.say("INVITE", uri, body=phone.sdp(), branch=plain)
    challenge = final(phone.got())
    assert challenge.status == 401
    proof = phone.authorization(challenge, "INVITE", uri)
    phone.say("INVITE", uri, body=phone.sdp(), branch=plain, headers=proof, cseq=phone.cseq)
    assert final(phone.got()).headers.get("WWW-Authenticate") == challenge.headers.get("WWW-Authenticate")
    phone.say("ACK", uri, to=challenge.headers.get("To") or "", branch=plain, cseq=phone.cseq)
    phone.say("INVITE", uri, body=phone.sdp(), branch=plain, headers=proof)
    assert final(phone.got()).status == 480, "the proof was taken: nobody is registered"


def test_the_same_invite_on_two_paths_is_one_call() -> None:
    """RFC 3261 §8.2.2.2: 482."""
    carrier = Carrier()
    carrier.call()
    assert final(carrier.say(INVITE.replace("z9hG4bKodd", "z9hG4bKother"), SDP)).status == 482
    assert carrier.up


@pytest.mark.parametrize("method", ["INVITE", "BYE", "UPDATE", "INFO", "NOTIFY", "PRACK"])
def test_a_dialog_that_is_none_is_481(method: str) -> None:
    """RFC 3261 §12.2.2."""
    carrier = Carrier()
    carrier.to, carrier.target = "<sip:12025550123@demo.local>;tag=gone", "sip:12025550123@demo.local"
    body = SDP if method == "INVITE" else ""
    kind = "Content-Type: application/sdp" if body else "Max-Forwards: 70"
    assert final(carrier.say(carrier.inside(method, kind), body)).status == 481


def test_another_version_is_505_by_its_name_and_what_is_amiss_in_ours_is_named() -> None:
    """RFC 3261 §21.5.6, §21.4.1."""
    for old, new, line in (
        (" SIP/2.0", " SIP/3.0", (505, "Version Not Supported")),
        ("CSeq: 1 INVITE", "CSeq: 1 BYE", (400, "Bad CSeq")),
    ):
        answer = final(Carrier().say(INVITE.replace(old, new, 1), SDP))
        assert (answer.status, answer.reason) == line and answer.headers.get("Warning")


def test_a_cancel_of_what_nobody_knows_is_481() -> None:
    """RFC 3261 §9.2."""
    carrier = Carrier()
    text = INVITE.replace("INVITE", "CANCEL").replace("Content-Type: application/sdp", "Max-Forwards: 70")
    assert final(carrier.say(text)).status == 481
