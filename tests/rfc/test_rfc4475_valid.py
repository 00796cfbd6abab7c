"""RFC 4475 §3.1.1: messages that look wrong and are right.

Each message was written for this file from what its section tests; it tests the same thing, and is not
the RFC's text. The name of the RFC's own message stands beside the section.
"""

from edge.sip.grammar import unquote
from edge.sip.via import Via
from tests.support.torture import answers, request, response, wire

SDP = (
    b"v=0\r\no=u 29739 7272939 IN IP4 192.0.2.3\r\ns=-\r\nc=IN IP4 192.0.2.4\r\nt=0 0\r\n"
    b"m=audio 49217 RTP/AVP 0\r\n"
)


def test_folding_white_space_compact_forms_and_leading_zeros_are_read_through() -> None:
    """§3.1.1.1 (wsinv)."""
    data = wire(
        """
INVITE sip:vivekg@demo.local;unknownparam SIP/2.0
TO :
 sip:vivekg@demo.local ;   tag    = 1918181833n
from   : "J Rosenberg \\\\\\""       <sip:jdrosen@example.com>
  ;
  tag = 98asjd8
MaX-fOrWaRdS: 0068
Call-ID: wsinv.ndaksdj@192.0.2.1
Content-Length   : 139
cseq: 0009
  INVITE
Via  : SIP  /   2.0
 /UDP
    192.0.2.2;branch=390skdjuw
s :
NewFangledHeader:   newfangled value
 continued newfangled value
UnknownHeaderWithUnusualValue: ;;,,;;,;
Content-Type: application/sdp
Route:
 <sip:services.example.com;lr;unknownwith=value;unknown-no-value>
v:  SIP  / 2.0  / TCP     spindle.example.com   ;
  branch  =   z9hG4bK9ikj8  ,
 SIP  /    2.0   / UDP  192.168.255.111   ; branch=
 z9hG4bK30239
m:"Quoted string \\"\\"" <sip:jdrosen@example.com> ; newparam =
      newvalue ;
  secondparam ; q = 0.33
""",
        SDP.ljust(139, b"x"),
    )
    got = request(data)
    assert (got.to.tag, got.to.uri.user) == ("1918181833n", "vivekg")
    assert (got.from_.display, got.from_.tag) == ('J Rosenberg \\"', "98asjd8")
    assert got.max_forwards == 68 and got.cseq == (9, "INVITE")
    assert [via.branch for via in Via.parse_many(got.headers.all("Via"))] == [
        "390skdjuw",
        "z9hG4bK9ikj8",
        "z9hG4bK30239",
    ]
    assert got.headers.get("Subject") == ""
    assert got.headers.get("NewFangledHeader") == "newfangled value continued newfangled value"
    assert got.addresses("Route")[0].uri.param("unknown-no-value") == ""
    contact = got.contacts[0]
    assert contact.display == 'Quoted string ""' and contact.param("newparam") == "newvalue"
    assert contact.param("q") == "0.33" and contact.param("secondparam") == ""


def test_every_character_that_a_token_may_hold_may_be_in_a_method_and_a_name() -> None:
    """§3.1.1.2 (intmeth)."""
    data = wire(
        """
!interesting-Method0123456789_*+`.%indeed'~ sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:\
&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@demo.local SIP/2.0
Via: SIP/2.0/TCP host1.example.com;branch=z9hG4bK-.!%66*_+`'~
To: "BEL:\\\x07 NUL:\\\x00 DEL:\\\x7f" <sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@demo.local>
From: token1~` token2'+_ token3*%!.- <sip:mundane@example.com>;fromParam''~+*_!.-%="\u0440\u0430\u0431"\
;tag=_token~1'+`*%!-.
Call-ID: intmeth.word%ZK-!.*_+'@word`~)(><:\\/"][?}{
CSeq: 139122385 !interesting-Method0123456789_*+`.%indeed'~
Max-Forwards: 255
extensionHeader-!.%*+_`'~:\ufeff\u5927\u505c\u96fb
Content-Length: 0
"""
    )
    got = request(data)
    assert got.method == got.cseq.method == "!interesting-Method0123456789_*+`.%indeed'~"
    assert got.uri.user == "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"
    assert got.uri.password == "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)" and got.uri.host == "demo.local"
    assert got.branch == "z9hG4bK-.!%66*_+`'~"
    assert got.to.display == "BEL:\x07 NUL:\x00 DEL:\x7f"
    assert got.from_.display == "token1~` token2'+_ token3*%!.-" and got.from_.tag == "_token~1'+`*%!-."
    assert unquote(got.from_.param("fromparam''~+*_!.-%") or "") == "\u0440\u0430\u0431"
    assert got.call_id == "intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{"
    assert answers(data) == [501]


def test_escapes_in_a_user_part_are_its_characters() -> None:
    """§3.1.1.3 (esc01)."""
    got = request(
        wire(
            """
INVITE sip:sips%3Auser%40example.com@demo.local SIP/2.0
To: sip:%75se%72@demo.local
From: <sip:I%20have%20spaces@example.net>;tag=938
Max-Forwards: 87
i: esc01.239409asdfakjkn23onasd0-3234
CSeq: 234234 INVITE
Via: SIP/2.0/UDP host5.example.net;branch=z9hG4bKkdjuw
C: application/sdp
Contact: <sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31>
Content-Length: 0
"""
        )
    )
    assert got.uri.user == "sips:user@example.com" and got.uri.host == "demo.local"
    assert str(got.uri) == "sip:sips%3Auser%40example.com@demo.local"
    assert got.to.uri.user == "user" and got.from_.uri.user == "I%20have%20spaces"
    contact = got.contacts[0].uri
    assert contact.user == "caller"
    assert contact.param("lr") is None, "an escape in a parameter name is not taken for the flag"


def test_escaped_nulls_do_not_end_a_string() -> None:
    """§3.1.1.4 (escnull)."""
    got = request(
        wire(
            """
REGISTER sip:demo.local SIP/2.0
To: sip:null-%00-null@demo.local
From: sip:null-%00-null@demo.local;tag=839923423
Max-Forwards: 70
Call-ID: escnull.39203ndfvkjdasfkq3w4otrq0adsfdfnavd
CSeq: 14398234 REGISTER
Via: SIP/2.0/UDP host5.example.com;branch=z9hG4bKkdjuw
Contact: <sip:%00@host5.example.com>
Contact: <sip:%00%00@host5.example.com>
L:0
"""
        )
    )
    assert got.to.uri.user == "null-%00-null"
    assert [contact.uri.user for contact in got.contacts] == ["%00", "%00%00"]


def test_a_percent_sign_is_no_escape_outside_of_uris() -> None:
    """§3.1.1.5 (esc02)."""
    data = wire(
        """
RE%47IST%45R sip:registrar.demo.local SIP/2.0
To: "%Z%45" <sip:resource@demo.local>
From: "%Z%45" <sip:resource@demo.local>;tag=f232jadfj23
Call-ID: esc02.asdfnqwo34rq23i34jrjasdcnl23nrlknsdf
Via: SIP/2.0/TCP host.example.com;branch=z9hG4bK209%fzsnel234
CSeq: 29344 RE%47IST%45R
Max-Forwards: 70
Contact: <sip:alias1@host1.example.com>
C%6Fntact: <sip:alias2@host2.example.com>
Contact: <sip:alias3@host3.example.com>
l: 0
"""
    )
    got = request(data)
    assert got.method == "RE%47IST%45R" and got.to.display == "%Z%45"
    assert [contact.uri.user for contact in got.contacts] == ["alias1", "alias3"]
    assert answers(data) == [501], "not a REGISTER"


def test_no_white_space_is_needed_between_name_and_angle() -> None:
    """§3.1.1.6 (lwsdisp)."""
    data = wire(
        """
OPTIONS sip:user@demo.local SIP/2.0
To: sip:user@demo.local
From: caller<sip:caller@example.com>;tag=323
Max-Forwards: 70
Call-ID: lwsdisp.1234abcd@funky.example.com
CSeq: 60 OPTIONS
Via: SIP/2.0/UDP funky.example.com;branch=z9hG4bKkdjuw
l: 0
"""
    )
    assert request(data).from_.display == "caller"
    assert answers(data) == [200]


def test_long_values_are_taken() -> None:
    """§3.1.1.7 (longreq)."""
    user = "amazinglylongcallername" * 9
    name = "long" + "unknownheadername" * 9
    vias = "\n".join(f"Via: SIP/2.0/TCP sip{n}.example.com" for n in range(33, 0, -1))
    data = wire(
        f"""
INVITE sip:user@demo.local SIP/2.0
To: "I have a user name of {"extreme" * 12} proportion"<sip:user@demo.local:6000;unknownparam1=very\
{"long" * 28}value;longparam{"name" * 28}=shortvalue;very{"long" * 12}ParameterNameWithNoValue>
F: sip:{user}@example.net;tag=12{"982" * 50}424;unknownheaderparam{"name" * 15}=unknown{"value" * 15};\
unknownValueless{"paramname" * 10}
Call-ID: longreq.one{"really" * 20}longcallid
CSeq: 3882340 INVITE
{name}: unknown{"value" * 30};unknown{"header" * 20}=param
Via: SIP/2.0/TCP host.example.com;branch=z9hG4bK{"very" * 60}longbranchvalue
{vias}
Max-Forwards: 70
Contact: <sip:{user}@host5.example.net>
Content-Type: application/sdp
l: {len(SDP)}
""",
        SDP,
    )
    got = request(data)
    assert len(got.headers.elements("Via")) == 34 and len(got.branch) > 240
    assert got.from_.uri.user == user and len(got.from_.tag) == 155
    assert got.to.uri.port == 6000 and (got.to.uri.param("unknownparam1") or "").endswith("longvalue")
    assert got.headers.get(name) is not None and got.body == SDP


def test_what_follows_a_message_in_its_datagram_is_thrown_away() -> None:
    """§3.1.1.8 (dblreq)."""
    register = """
REGISTER sip:demo.local SIP/2.0
To: sip:j.user@demo.local
From: sip:j.user@demo.local;tag=43251j3j324
Max-Forwards: 8
I: dblreq.0ha0isndaksdj99sdfafnl3lk233412
Contact: sip:j.user@host.example.com
CSeq: 8 REGISTER
Via: SIP/2.0/UDP 192.0.2.125;branch=z9hG4bKkdjuw23492
Content-Length: 0
"""
    second = register.replace("REGISTER", "INVITE").replace("kdjuw", "other")
    data = wire(register) + wire(second, SDP)
    got = request(data)
    assert got.method == "REGISTER" and got.body == b""
    assert answers(data) == [401], "one answer, to the first"


def test_parameters_in_a_user_part_belong_to_the_user() -> None:
    """§3.1.1.9 (semiuri)."""
    data = wire(
        """
OPTIONS sip:user;par=u%40example.net@demo.local SIP/2.0
To: sip:j_user@demo.local
From: sip:caller@example.org;tag=33242
Max-Forwards: 3
Call-ID: semiuri.0ha0isndaksdj
CSeq: 8 OPTIONS
Accept: application/sdp, application/pkcs7-mime,
        multipart/mixed, multipart/signed,
        message/sip, message/sipfrag
Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKkdjuw
l: 0
"""
    )
    got = request(data)
    assert got.uri.user == "user;par=u@example.net" and got.uri.host == "demo.local" and not got.uri.params
    assert len(got.headers.elements("Accept")) == 6
    assert answers(data) == [200]


def test_vias_of_all_transports_are_taken_and_given_back() -> None:
    """§3.1.1.10 (transports)."""
    data = wire(
        """
OPTIONS sip:user@demo.local SIP/2.0
To: sip:user@demo.local
From: <sip:caller@example.com>;tag=323
Max-Forwards: 70
Call-ID:  transports.kijh4akdnaqjkwendsasfdj
Accept: application/sdp
CSeq: 60 OPTIONS
Via: SIP/2.0/UDP t1.example.com;branch=z9hG4bKkdjuw
Via: SIP/2.0/SCTP t2.example.com;branch=z9hG4bKklasjdhf
Via: SIP/2.0/TLS t3.example.com;branch=z9hG4bK2980unddj
Via: SIP/2.0/UNKNOWN t4.example.com;branch=z9hG4bKasd0f3en
Via: SIP/2.0/TCP t5.example.com;branch=z9hG4bK0a9idfnee
l: 0
"""
    )
    vias = Via.parse_many(request(data).headers.all("Via"))
    assert [via.transport for via in vias] == ["UDP", "SCTP", "TLS", "UNKNOWN", "TCP"]
    assert answers(data) == [200]


def test_a_multipart_body_may_hold_any_bytes() -> None:
    """§3.1.1.11 (mpart01)."""
    signature = bytes(range(256)) + b"\x30\x82\x01\x52\r\n\r\n\x00"
    body = (
        b"--7a9cbec02ceef655\r\nContent-Type: text/plain\r\n\r\nHello\r\n"
        b"--7a9cbec02ceef655\r\nContent-Type: application/octet-stream\r\n\r\n"
        + signature
        + b"\r\n--7a9cbec02ceef655--\r\n"
    )
    got = request(
        wire(
            f"""
MESSAGE sip:kumiko@demo.local SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK-d87543-4dade06d0bdb11ee-1--d87543-;rport
Max-Forwards: 70
Route: <sip:127.0.0.1:5080>
Identity: r5mwreLuyDRYBi/0TiPwEsY3rEVsk/G2WxhgTV1PF7hHuLIK0YWVKZhKv9Mj8UeXqkMVbnVq37CD+813gvYjcBUaZngQmXc9WNZ
Contact: <sip:fluffy@127.0.0.1:5070>
To: <sip:kumiko@demo.local>
From: <sip:fluffy@example.com>;tag=2fb0dcc9
Call-ID: 3d9485ad0c49859b@Zmx1ZmZ5LW1hYy0xNi5sb2NhbA..
CSeq: 1 MESSAGE
Content-Transfer-Encoding: binary
Content-Type: multipart/mixed;boundary=7a9cbec02ceef655
Content-Length: {len(body)}
""",
            body,
        )
    )
    assert got.content_type == "multipart/mixed" and signature in got.body


def test_a_reason_phrase_may_be_of_any_script() -> None:
    """§3.1.1.12 (unreason)."""
    got = response(
        wire(
            """
SIP/2.0 200 = 2**3 * 5**2 \u043d\u043e \u0441\u0442\u043e
Via: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923
Call-ID: unreason.1234ksdfak3j2erwedfsASdf
CSeq: 35 INVITE
From: sip:user@example.com;tag=11141343
To: sip:user@example.edu;tag=2229
Content-Length: 0
Contact: <sip:user@host198.example.com>
"""
        )
    )
    assert got.reason.encode() == b"= 2**3 * 5**2 \xd0\xbd\xd0\xbe \xd1\x81\xd1\x82\xd0\xbe"


def test_a_reason_phrase_may_be_empty() -> None:
    """§3.1.1.13 (noreason); the space after the code is required, and forgiven."""
    text = """
SIP/2.0 100{}
Via: SIP/2.0/UDP 192.0.2.105;branch=z9hG4bK2398ndaoe
Call-ID: noreason.asndj203insdf99223ndf
CSeq: 35 INVITE
From: <sip:user@example.com>;tag=39ansfi3
To: <sip:user@example.edu>;tag=902jndnke3
Content-Length: 0
Contact: <sip:user@host105.example.com>
"""
    for end in ("\x20", ""):
        got = response(wire(text.format(end)))
        assert (got.status, got.reason) == (100, "")
