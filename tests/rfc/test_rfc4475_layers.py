"""RFC 4475 §3.2–§3.4: well-formed messages that ask too much of what is above the parser.

Each message was written for this file from what its section tests; it tests the same thing, and is not
the RFC's text. The name of the RFC's own message stands beside the section.
"""

import pytest

from edge.sip.message import Response
from tests.support.directory import FakeDirectory
from tests.support.edge import Bench, Phone, final
from tests.support.torture import SOURCE, answers, fault, request, response, wire

SDP = (
    b"v=0\r\no=mhandley 29739 7272939 IN IP4 192.0.2.5\r\ns=-\r\nc=IN IP4 192.0.2.5\r\nt=0 0\r\n"
    b"m=audio 49217 RTP/AVP 0\r\n"
)


@pytest.fixture
def phone() -> Phone:
    directory = FakeDirectory()
    directory.add_user("100")
    return Phone(Bench(directory), "100")


def register(phone: Phone, contact: str, **more: str) -> Response:
    """REGISTER with digest and this Contact."""
    uri, to = "sip:demo.local", "<sip:100@demo.local>"
    lines = f"m: {contact}\r\n" + "".join(f"{name}: {value}\r\n" for name, value in more.items())
    phone.say("REGISTER", uri, to=to)
    proof = phone.authorization(final(phone.got()), "REGISTER", uri)
    host, port = phone.source
    phone.bench.receive(
        (
            f"REGISTER {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {host}:{port};branch=z9hG4bKtorture\r\n"
            f"From: {to};tag=f\r\nTo: {to}\r\nCall-ID: torture\r\nCSeq: 9 REGISTER\r\nMax-Forwards: 70\r\n"
            f"{lines}{proof}Content-Length: 0\r\n\r\n"
        ).encode(),
        phone.source,
    )
    return final(phone.got())


def test_a_branch_that_is_the_cookie_alone_is_matched_as_of_old() -> None:
    """§3.2.1 (badbranch): two requests with this branch are two transactions, one and its copy are one."""
    text = """
OPTIONS sip:user@demo.local SIP/2.0
To: sip:user@demo.local
From: sip:caller@example.org;tag=33242
Max-Forwards: 3
Via: SIP/2.0/UDP 127.0.0.77;branch=z9hG4bK
Accept: application/sdp
Call-ID: badbranch.sadonfo23i420jv0as0derf3j3n
CSeq: {} OPTIONS
l: 0
"""
    assert request(wire(text.format(8))).branch == "z9hG4bK"
    bench = Bench()
    for number in (8, 9, 8):
        bench.receive(wire(text.format(number)), SOURCE)
    first, second, copy = (message for message, _ in bench.take())
    assert (first.cseq.number, second.cseq.number, copy.cseq.number) == (8, 9, 8)
    assert copy.wire() == first.wire() and first.to.tag != second.to.tag


def test_what_lacks_fields_that_an_answer_copies_is_refused_with_what_is_there() -> None:
    """§3.3.1 (insuf): the branch says which request it was (RFC 3261 §17.1.3)."""
    data = wire(
        """
INVITE sip:user@demo.local SIP/2.0
CSeq: 193942 INVITE
Via: SIP/2.0/UDP 192.0.2.95;branch=z9hG4bKkdj.insuf
Content-Type: application/sdp
l: 0
"""
    )
    assert fault(data).status == 400 and fault(data).request is not None
    assert answers(data) == [400]
    assert fault(data.replace(b"CSeq", b"X-CSeq")).request is None


@pytest.mark.parametrize(
    "uri",
    [
        pytest.param("nobodyKnowsThisScheme:totallyopaquecontent", id="unknown"),  # §3.3.2 (unkscm)
        pytest.param("soap.beep://192.0.2.103:3002", id="known, not for SIP"),  # §3.3.3 (novelsc)
    ],
)
def test_a_request_uri_of_a_foreign_scheme_is_answered_416(uri: str) -> None:
    data = wire(
        f"""
OPTIONS {uri} SIP/2.0
To: sip:user@demo.local
From: sip:caller@example.net;tag=384
Max-Forwards: 70
Call-ID: unkscm.nasdfasser0q239nwsdfasdkl34
CSeq: 3923423 OPTIONS
Via: SIP/2.0/TCP host9.example.com;branch=z9hG4bKkdjuw39234
Content-Length: 0
"""
    )
    scheme, _, rest = uri.partition(":")
    assert str(request(data).uri) == f"{scheme.lower()}:{rest}"
    assert answers(data) == [416]


def test_foreign_schemes_are_no_address_of_record_and_may_be_a_contact(phone: Phone) -> None:
    """§3.3.4 (unksm2): a Contact may be of any scheme (RFC 3261 §10.2.1)."""
    data = wire(
        """
REGISTER sip:demo.local SIP/2.0
To: isbn:2983792873
From: <http://www.example.com>;tag=3234233
Call-ID: unksm2.daksdj@hyphenated-host.example.com
CSeq: 234902 REGISTER
Max-Forwards: 70
Via: SIP/2.0/UDP 192.0.2.21:5060;branch=z9hG4bKkdjuw
Contact: <name:John_Smith>
l: 0
"""
    )
    got = request(data)
    assert (got.to.uri.scheme, got.from_.uri.scheme) == ("isbn", "http")
    assert got.contacts[0].uri.scheme == "name"
    assert answers(data) == [400]
    assert register(phone, "<name:John_Smith>, <sip:j@192.0.2.21>").status == 200


def test_required_extensions_that_nobody_knows_are_named_in_a_420() -> None:
    """§3.3.5 (bext01): also those of a proxy that we are not are left alone."""
    data = wire(
        """
OPTIONS sip:user@demo.local SIP/2.0
To: sip:j_user@demo.local
From: sip:caller@example.net;tag=242etr
Max-Forwards: 6
Call-ID: bext01.0ha0isndaksdj
Require: nothingSupportsThis, nothingSupportsThisEither
Proxy-Require: noProxiesSupportThis, norDoAnyProxiesSupportThis
CSeq: 8 OPTIONS
Via: SIP/2.0/TLS fold-and-staple.example.com;branch=z9hG4bKkdjuw
Content-Length: 0
"""
    )
    bench = Bench()
    bench.receive(data, SOURCE)
    refusal = final([message for message, _ in bench.sent])
    assert refusal.status == 420
    assert refusal.headers.elements("Unsupported") == ["nothingSupportsThis", "nothingSupportsThisEither"]


def test_a_body_of_an_unknown_type_is_answered_415() -> None:
    """§3.3.6 (invut)."""
    data = wire(
        """
INVITE sip:user@demo.local SIP/2.0
Contact: <sip:caller@host5.example.net>
To: sip:j.user@demo.local
From: sip:caller@example.net;tag=8392034
Max-Forwards: 70
Call-ID: invut.0ha0isndaksdjadsfij34n23d
CSeq: 235448 INVITE
Via: SIP/2.0/UDP somehost.example.com;branch=z9hG4bKkdjuw
Content-Type: application/unknownformat
Content-Length: 40
""",
        b"<audio>\r\n <pcmu port='443'/>\r\n</audio>\r\n\r\n"[:40],
    )
    bench = Bench()
    bench.receive(data, SOURCE)
    refusal = final([message for message, _ in bench.sent])
    assert refusal.status == 415 and refusal.headers.get("Accept") == "application/sdp"


def test_credentials_of_an_unknown_scheme_are_as_good_as_none() -> None:
    """§3.3.7 (regaut01)."""
    data = wire(
        """
REGISTER sip:demo.local SIP/2.0
To: sip:j.user@demo.local
From: sip:j.user@demo.local;tag=87321hj23128
Max-Forwards: 8
Call-ID: regaut01.0ha0isndaksdj
CSeq: 9338 REGISTER
Via: SIP/2.0/TCP 192.0.2.253;branch=z9hG4bKkdjuw
Authorization: NoOneKnowsThisScheme opaque-data=here
Content-Length:0
"""
    )
    assert request(data).headers.all("Authorization") == ["NoOneKnowsThisScheme opaque-data=here"]
    assert answers(data) == [401]


@pytest.mark.parametrize(
    "line",
    [
        "CSeq: 59 INVITE",
        "Call-ID: multi01.98asdh@192.0.2.2",
        "Max-Forwards: 5",
        "From: sip:caller@example.com;tag=3413415",
        "To: sip:other@demo.local",
        "Content-Type: application/sdp",
    ],
)
def test_a_single_field_must_not_come_twice(line: str) -> None:
    """§3.3.8 (multi01)."""
    data = wire(
        f"""
INVITE sip:user@demo.local SIP/2.0
Contact: <sip:caller@host25.example.net>
Via: SIP/2.0/UDP 192.0.2.25;branch=z9hG4bKkdjuw
Max-Forwards: 70
CSeq: 5 INVITE
Call-ID: multi01.98asdh@192.0.2.1
From: sip:caller@example.com;tag=3413415
To: sip:user@demo.local
Content-Type: application/sdp
{line}
l: 0
"""
    )
    assert (fault(data).where, fault(data).why) == (line.partition(":")[0], "more than one")
    assert answers(data) == [400]


@pytest.mark.parametrize("first", ["13", "5"])
def test_two_content_lengths_even_equal_ones_are_a_fault(first: str) -> None:
    """§3.3.9 (mcl01): two readers must not see two messages."""
    data = wire(
        f"""
OPTIONS sip:user@demo.local SIP/2.0
Via: SIP/2.0/UDP host5.example.net;branch=z9hG4bK293423
To: sip:user@demo.local
From: sip:other@example.net;tag=3923942
Call-ID: mcl01.fhn2323orihawfdoa3o4r52o3irsdf
CSeq: 15932 OPTIONS
Content-Length: {first}
Max-Forwards: 60
Content-Length: 5
Content-Type: text/plain
""",
        b"There's no way to know how many octets are supposed to be here.\r\n",
    )
    assert fault(data).where == "Content-Length"
    assert answers(data) == [400]


def test_a_response_for_somebody_else_goes_nowhere() -> None:
    """§3.3.10 (bcast): its topmost Via is not ours."""
    data = wire(
        """
SIP/2.0 200 OK
Via: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923
Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23
Call-ID: bcast.0384840201234ksdfak3j2erwedfsASdf
CSeq: 35 INVITE
From: sip:user@example.com;tag=11141343
To: sip:user@example.edu;tag=2229
Content-Length: 0
Contact: <sip:user@host28.example.com>
"""
    )
    assert response(data).branch == "z9hG4bK1324923"
    bench = Bench()
    bench.receive(data, SOURCE)
    assert not bench.sent and bench.idle()


@pytest.mark.parametrize(("method", "status"), [("OPTIONS", 200), ("INVITE", 483)])
def test_without_a_hop_left_we_answer_for_ourselves_but_place_no_call(method: str, status: int) -> None:
    """§3.3.11 (zeromf)."""
    data = wire(
        f"""
{method} sip:user@demo.local SIP/2.0
To: sip:user@demo.local
From: sip:caller@example.net;tag=3ghsd41
Call-ID: zeromf.jfasdlfnm2o2l43r5u0asdfas
CSeq: 39234321 {method}
Via: SIP/2.0/UDP host1.example.com;branch=z9hG4bKkdjuw2349i
Contact: <sip:caller@host1.example.com>
Max-Forwards: 0
Content-Length: 0
"""
    )
    assert request(data).max_forwards == 0
    assert answers(data) == [status]


def test_an_unknown_contact_parameter_is_kept(phone: Phone) -> None:
    """§3.3.12 (cparam01)."""
    granted = register(phone, "<sip:100@127.0.0.2;ob>;unknownparam")
    assert granted.status == 200
    assert granted.contacts[0].param("unknownparam") == "" and granted.contacts[0].uri.param("ob") == ""


def test_an_unknown_parameter_of_a_contacts_uri_is_kept(phone: Phone) -> None:
    """§3.3.13 (cparam02)."""
    granted = register(phone, "<sip:100@127.0.0.2;unknownparam>")
    assert granted.status == 200
    assert granted.contacts[0].uri.param("unknownparam") == "" and not granted.contacts[0].param(
        "unknownparam"
    )


def test_escaped_header_fields_of_a_contact_are_kept_and_not_obeyed(phone: Phone) -> None:
    """§3.3.14 (regescrt)."""
    granted = register(phone, "<sip:100@127.0.0.2?Route=%3Csip:sip.example.com%3E>")
    assert granted.status == 200
    assert granted.contacts[0].uri.header("route") == "<sip:sip.example.com>"
    assert phone.bench.journal.bound[0].binding is not None and not phone.bench.journal.bound[0].binding.path


def test_an_accept_that_fits_nothing_is_answered_406() -> None:
    """§3.3.15 (sdp01): the caller could not read the answer."""
    data = wire(
        f"""
INVITE sip:user@demo.local SIP/2.0
To: sip:j_user@demo.local
Contact: <sip:caller@host15.example.net>
From: sip:caller@example.net;tag=234
Max-Forwards: 5
Call-ID: sdp01.ndaksdj9342dasdd
Accept: text/nobodyKnowsThis
CSeq: 8 INVITE
Via: SIP/2.0/UDP 192.0.2.15;branch=z9hG4bKkdjuw
Content-Length: {len(SDP)}
Content-Type: application/sdp
""",
        SDP,
    )
    assert request(data).headers.get("Accept") == "text/nobodyKnowsThis"
    assert answers(data) == [406]
    assert answers(data.replace(b"text/nobody", b"text/plain, application/sdp;level=1, text/nobody")) == [401]


def test_an_invite_of_rfc_2543_is_understood() -> None:
    """§3.4.1 (inv2543): no branch, no tag, no Max-Forwards, no Content-Length, no Contact."""
    data = wire(
        """
INVITE sip:UserB@demo.local SIP/2.0
Via: SIP/2.0/UDP iftgw.example.com
From: <sip:+13035551111@ift.client.example.net;user=phone>
Record-Route: <sip:UserB@demo.local;maddr=ss1.demo.local>
To: sip:+16505552222@ss1.demo.local;user=phone
Call-ID: inv2543.1717@ift.client.example.com
CSeq: 56 INVITE
Content-Type: application/sdp
""",
        SDP,
    )
    got = request(data)
    assert got.branch == "" and got.max_forwards is None and got.from_.tag == ""
    assert got.body == SDP
    assert answers(data) == [401]
