"""Addresses of From, To, Contact, Route and Refer-To (RFC 3261 §20.10, §20.20, §20.39)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sip.address import STAR, Address
from edge.sip.grammar import Malformed
from edge.sip.uri import Uri


@pytest.mark.parametrize(
    ("text", "display", "uri", "tag"),
    [
        ('"A. G. Bell" <sip:agb@bell.com> ;tag=a48s', "A. G. Bell", "sip:agb@bell.com", "a48s"),
        ("sip:+12125551212@server.net;tag=887s", "", "sip:+12125551212@server.net", "887s"),
        ("Anonymous <sip:c8oqz84zk7z@p.org>;tag=hyh8", "Anonymous", "sip:c8oqz84zk7z@p.org", "hyh8"),
        ("<sip:alice@h>;TAG=x", "", "sip:alice@h", "x"),
        ('"" <sip:a@h>', "", "sip:a@h", ""),
        ('"Bell, \\"A\\"" <sip:a@h;lr>', 'Bell, "A"', "sip:a@h;lr", ""),
        ("token1~` token2'+_*%!.- <sip:a@h>;tag=1", "token1~` token2'+_*%!.-", "sip:a@h", "1"),
        ("caller<sip:caller@example.com>;tag=323", "caller", "sip:caller@example.com", "323"),
        ("Bell, Alexander <sip:agb@bell.com>;tag=43", "Bell, Alexander", "sip:agb@bell.com", "43"),
        ('"Jos\udce9" <sip:a@h>', "Jos\udce9", "sip:a@h", ""),
        ("Привет <sip:a@h>", "Привет", "sip:a@h", ""),
        ("<sip:a@h >", "", "sip:a@h", ""),
        ("<isbn:2983792873>", "", "isbn:2983792873", ""),
        ("sip:a@h ; tag = x", "", "sip:a@h", "x"),
    ],
)  # fmt: skip
def test_read_as_the_peer_meant_it(text: str, display: str, uri: str, tag: str) -> None:
    address = Address.parse(text)
    assert (address.display, str(address.uri), address.tag) == (display, uri, tag)
    assert Address.parse(str(address)) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<>",
        "*",
        "alice",
        '"open <sip:a@h>',
        "<sip:a@h",
        "sip:a@h>",
        "<sip:a@h> junk",
        "<sip:a@h>, <sip:b@h>",
        "<sip:a@h>;tag=1, <sip:b@h>;tag=2",
        "sip:a@h?Route=%3Csip:b%3E",
        '"a" "b" <sip:a@h>',
        "<<sip:a@h>>",
    ],
)
def test_anything_else_is_malformed(text: str) -> None:
    with pytest.raises(Malformed) as fault:
        Address.parse(text, "To")
    assert fault.value.where == "To"


def test_several_addresses_of_several_lines_are_read_in_order() -> None:
    many = Address.parse_many(['"Mr, Watson" <sip:w@h>;q=0.7, <sip:1,2@h>', "sip:c@h;expires=60"], "Contact")
    assert [str(one.uri) for one in many] == ["sip:w@h", "sip:1,2@h", "sip:c@h"]
    assert (many[0].param("q"), many[2].param("expires")) == ("0.7", "60")
    assert Address.parse_many("<sip:a@h>,<sip:b@h>")[1].uri.user == "b"


def test_instance_is_unquoted_for_the_reader_and_kept_for_the_wire() -> None:
    """RFC 5626 §4.1."""
    text = '<sip:a@h>;reg-id=1;+sip.instance="<urn:uuid:00000000-0000-1000-8000-000A95A0E128>"'
    contact = Address.parse(text)
    assert contact.param("+sip.instance") == "<urn:uuid:00000000-0000-1000-8000-000A95A0E128>"
    assert str(contact) == text


def test_replaces_in_refer_to_is_a_header_of_its_uri() -> None:
    """RFC 3891 §3, RFC 3515 §2.1."""
    address = Address.parse(
        "<sip:b@h?Replaces=12345%40192.168.118.3%3Bto-tag%3D12345%3Bfrom-tag%3D5FFE-3994>"
    )
    assert address.uri.header("Replaces") == "12345@192.168.118.3;to-tag=12345;from-tag=5FFE-3994"


def test_tags_and_parameters_are_set_on_a_copy() -> None:
    address = Address("", Uri.parse("sip:a@h"))
    assert str(address.with_tag("x").with_tag("y")) == "<sip:a@h>;tag=y"
    assert str(address.with_param("text", 'a "b"')) == r'<sip:a@h>;text="a \"b\""'
    assert str(STAR) == "*"


def test_a_display_name_cannot_start_a_header() -> None:
    assert str(Address("a\r\nEvil: 1", Uri.parse("sip:a@h"))) == '"a Evil: 1" <sip:a@h>'


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp", "Cf", "Cn", "Co"]) | st.just(" "))
)
def test_any_display_name_survives_the_wire(display: str) -> None:
    address = Address(display, Uri.parse("sip:a@h"), (("tag", "x"),))
    assert Address.parse(str(address)) == address


@pytest.mark.parametrize(
    "text", ["<sip:a@h ]>;tag=x;y", "nobody ;TAG=x", ">;tag=x", ';tag="x"', '"<" <a>b>; tag = x']
)
def test_a_tag_is_salvaged_where_the_uri_cannot_be_read(text: str) -> None:
    """§12.2.2."""
    assert Address.salvage(text).tag.strip('"') == "x"


@pytest.mark.parametrize("text", ["<sip:a@h ]>;=", "nobody;tag=<x"])
def test_where_the_parameters_cannot_be_read_nothing_is_salvaged(text: str) -> None:
    with pytest.raises(Malformed):
        Address.salvage(text)


@given(st.text(alphabet='sip:a@h<>";=,\\ \t*?') | st.text())
def test_any_text_is_an_address_or_malformed(text: str) -> None:
    try:
        address = Address.parse(text)
    except Malformed:
        return
    assert Address.parse(str(address)).uri == address.uri
