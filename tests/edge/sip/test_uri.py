"""URIs (RFC 3261 §19.1, RFC 3966)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sip.grammar import Malformed
from edge.sip.uri import Uri, opaque


def test_every_part_of_a_sip_uri_is_read() -> None:
    """§19.1.3."""
    uri = Uri.parse(
        "sips:alice:secretword@atlanta.com:5071;transport=tcp;lr?subject=project%20x&priority=urgent"
    )
    assert uri.scheme == "sips" and uri.is_sip
    assert (uri.user, uri.password, uri.host, uri.port) == ("alice", "secretword", "atlanta.com", 5071)
    assert uri.params == (("transport", "tcp"), ("lr", None))
    assert (uri.param("transport"), uri.param("lr"), uri.param("maddr")) == ("tcp", "", None)
    assert (uri.header("Subject"), uri.header("nothing")) == ("project x", None)


@pytest.mark.parametrize(
    "text",
    [
        "sip:alice@atlanta.com",
        "sip:atlanta.com",
        "sip:atlanta.com:5060",
        "sip:alice:secretword@atlanta.com;transport=tcp",
        "sips:alice@atlanta.com?subject=project%20x&priority=urgent",
        "sip:+1-212-555-1212:1234@gateway.com;user=phone",
        "sip:alice;day=tuesday@atlanta.com",
        "sip:alice@[2001:db8::10]:5070;lr",
        "sip:user@pc33",
        "sip:user@my_box.local:5060",
        "sip:a@b;Upper=Case",
        "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com",
        "sip:sips%3Auser%40example.com@example.net",
        "tel:+1-201-555-0123;phone-context=example.com",
        "nobodyKnowsThisScheme:totallyopaquecontent".lower(),
        "soap.beep://192.0.2.103:3002",
        "urn:service:sos",
    ],
)
def test_written_as_it_was_read(text: str) -> None:
    assert str(Uri.parse(text)) == text


@pytest.mark.parametrize(
    ("text", "user", "again"),
    [
        ("sip:*72%23@h", "*72#", "sip:*72%23@h"),
        ("sip:*72#@h", "*72#", "sip:*72%23@h"),
        ("sip:%2B15551234@h", "+15551234", "sip:+15551234@h"),
        ("sip:%61lice@h", "alice", "sip:alice@h"),
        ("sip:sips%3Auser%40example.com@h", "sips:user@example.com", "sip:sips%3Auser%40example.com@h"),
        ("sip:null-%00-null@h", "null-%00-null", "sip:null-%00-null@h"),
        ("sip:a%0d%0ab@h", "a%0D%0Ab", "sip:a%0D%0Ab@h"),
        ("sip:50%@h", "50%25", "sip:50%25@h"),
        ("sip:caf\u00e9@h", "caf%C3%A9", "sip:caf%C3%A9@h"),
        ("sip:caf\udce9@h", "caf%E9", "sip:caf%E9@h"),
        ("sip:a%3Bb@h", "a%3Bb", "sip:a%3Bb@h"),
    ],
)
def test_the_user_has_one_form_whatever_its_escapes(text: str, user: str, again: str) -> None:
    uri = Uri.parse(text)
    assert uri.user == user
    assert str(uri) == again
    assert Uri.parse(again) == uri


def test_the_number_of_a_tel_uri_is_its_user() -> None:
    uri = Uri.parse("TEL:+12025550123;phone-context=x")
    assert (uri.scheme, uri.user, uri.host, uri.param("phone-context")) == ("tel", "+12025550123", "", "x")


def test_an_unknown_scheme_is_kept_whole_so_that_416_can_be_answered() -> None:
    """RFC 3261 §8.2.2.1."""
    uri = Uri.parse("nobodyKnowsThisScheme:totallyopaquecontent")
    assert (uri.scheme, uri.user, uri.host) == ("nobodyknowsthisscheme", None, "totallyopaquecontent")
    assert not uri.is_sip
    assert str(opaque("no URI at all")) == "no URI at all"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sip:",
        "sip",
        "alice@h",
        "sip:a@",
        "sip:a b@h",
        "<sip:a@h>",
        "sip:a@h:port",
        "sip:a@h:99999",
        "sip:a@h:",
        "sip:a@b@c",
        "sip:a@h;",
        "sip:a@h;=1",
        "sip:2001:db8::10",
        "sip:a@h;x=1,2",
        "1:x",
        "*",
        "sip:a@h\r\n",
    ],
)
def test_what_is_no_uri_is_malformed(text: str) -> None:
    if text == "sip:a@h;":
        assert str(Uri.parse(text)) == "sip:a@h"  # a trailing semicolon is forgiven
        return
    with pytest.raises(Malformed):
        Uri.parse(text)


EQUIVALENT = [
    ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
    ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
    ("sip:carol@chicago.com", "sip:carol@chicago.com;security=on"),
    (
        "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
        "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
    ),
    (
        "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
        "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
    ),
    ("tel:+1-201-555-0123", "tel:+12015550123"),
]
DIFFERENT = [
    ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
    ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
    ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
    ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
    ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
    ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
    ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
    ("sip:a@h", "sips:a@h"),
    ("sip:a@h;maddr=1.2.3.4", "sip:a@h"),
    ("tel:+1;phone-context=a", "tel:+1"),
    ("urn:a", "urn:b"),
]


@pytest.mark.parametrize(("one", "other"), EQUIVALENT)
def test_equivalent_uris_of_the_rfc(one: str, other: str) -> None:
    """§19.1.4."""
    assert Uri.parse(one).equivalent(Uri.parse(other)) and Uri.parse(other).equivalent(Uri.parse(one))


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_uris_of_the_rfc(one: str, other: str) -> None:
    """§19.1.4."""
    assert not Uri.parse(one).equivalent(Uri.parse(other)) and not Uri.parse(other).equivalent(Uri.parse(one))


def test_parameters_and_headers_are_replaced_on_a_copy() -> None:
    uri = Uri.parse("sip:a@h;Transport=udp;lr;method=INVITE?Replaces=x%3Bto-tag%3D1")
    assert uri.header("replaces") == "x;to-tag=1"
    assert str(uri.with_param("transport", "tcp").without_headers()) == "sip:a@h;lr;transport=tcp"
    assert Uri.parse("sip:[::1]").address == "::1"


@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12),
    st.sampled_from(["h", "example.com", "[2001:db8::1]", "a_b"]),
    st.none() | st.integers(0, 65535),
)
def test_any_user_survives_the_wire(user: str, host: str, port: int | None) -> None:
    written = str(Uri("sip", user, host, port))
    read = Uri.parse(written)
    assert str(read) == written and (read.host, read.port) == (host, port)


@given(st.text(alphabet='sip:tel@;=?&%[]. \t<>"a1é') | st.text())
def test_any_text_is_a_uri_or_malformed(text: str) -> None:
    try:
        uri = Uri.parse(text)
    except Malformed:
        return
    assert Uri.parse(str(uri)) == uri


@pytest.mark.parametrize(
    ("text", "dialled"),
    [
        ("sip:alice@h", "alice"),
        ("sip:h", ""),
        ("sip:*72%23@h", "*72#"),
        ("sip:10-01@h", "10-01"),
        ("sip:10-01@h;user=phone", "1001"),
        ("sip:+1(202)555.0123@h", "+12025550123"),
        ("sip:+1-202-555-0123@h", "+12025550123"),
        ("sip:+1%20(202)%20555-0123@h", "+12025550123"),
        ("sip:a%20b@h;user=phone", "a%20b"),
        ("sip:+12025550123;npdi;rn=+1999@h", "+12025550123"),
        ("sip:alice;x=y@h", "alice;x=y"),
        ("tel:+1-202-555-0123", "+12025550123"),
        ("tel:555-0123;phone-context=+1202", "+12025550123"),
        ("sip:5550123;phone-context=+1-202@h;user=phone", "+12025550123"),
        ("tel:+12025550123;phone-context=+44", "+12025550123"),
        ("tel:1001;phone-context=example.com", "1001"),
    ],
)
def test_what_is_dialled_is_the_number_alone(text: str, dialled: str) -> None:
    """RFC 3261 §19.1.6; RFC 3966 §5.1."""
    assert Uri.parse(text).dialled == dialled
