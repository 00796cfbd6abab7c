"""Header fields (RFC 3261 §7.3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sip.grammar import Malformed
from edge.sip.headers import COMPACT, Headers, canonical


def headers() -> Headers:
    return Headers(
        [("v", "SIP/2.0/UDP a, SIP/2.0/UDP b"), ("VIA", "SIP/2.0/UDP c"), ("f", "<sip:a@h>"), ("x-MY", "1")]
    )


def test_names_are_canonical_whatever_their_case_or_form() -> None:
    """§7.3.3 and the RFC of each compact form."""
    assert [name for name, _ in headers()] == ["Via", "Via", "From", "X-My"]
    assert (
        {canonical(form) for form in COMPACT}
        == {canonical(form.upper()) for form in COMPACT}
        == set(COMPACT.values())
    )
    assert [canonical(name) for name in ("call-id", "CSEQ", "www-authenticate", "To \t")] == [
        "Call-ID", "CSeq", "WWW-Authenticate", "To",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["", "a b", "a:b", "é", "x" * 1000 + " y"])
def test_a_name_that_is_no_token_is_malformed(name: str) -> None:
    with pytest.raises(Malformed):
        canonical(name)


def test_values_are_found_by_any_spelling() -> None:
    fields = headers()
    assert fields.get("Via") == fields.get("v") == "SIP/2.0/UDP a, SIP/2.0/UDP b"
    assert fields.get("Contact") is None and fields.get("nothing-like-it") is None
    assert fields.all("via") == ["SIP/2.0/UDP a, SIP/2.0/UDP b", "SIP/2.0/UDP c"]
    assert fields.elements("Via") == ["SIP/2.0/UDP a", "SIP/2.0/UDP b", "SIP/2.0/UDP c"]
    assert "from" in fields and "To" not in fields and len(fields) == 4


def test_edits_keep_the_order() -> None:
    fields = headers()
    fields.prepend("Via", "SIP/2.0/UDP z")
    fields.add("Route", "<sip:r;lr>")
    fields.set("from", "<sip:b@h>")
    fields.remove("X-My")
    assert list(fields) == [
        ("Via", "SIP/2.0/UDP z"),
        ("Via", "SIP/2.0/UDP a, SIP/2.0/UDP b"),
        ("Via", "SIP/2.0/UDP c"),
        ("From", "<sip:b@h>"),
        ("Route", "<sip:r;lr>"),
    ]
    fields.set("Via", "SIP/2.0/UDP only")
    fields.set("To", "<sip:t@h>")
    assert next(iter(fields)) == ("Via", "SIP/2.0/UDP only") and list(fields)[-1] == ("To", "<sip:t@h>")


def test_the_top_element_is_replaced_alone() -> None:
    fields = headers()
    fields.set_top("Via", "SIP/2.0/UDP a;received=1.2.3.4")
    assert fields.elements("Via") == ["SIP/2.0/UDP a;received=1.2.3.4", "SIP/2.0/UDP b", "SIP/2.0/UDP c"]
    fields.set_top("Route", "<sip:r>")
    assert next(iter(fields)) == ("Route", "<sip:r>")


def test_an_edit_drops_what_it_touches_and_a_copy_shares_nothing() -> None:
    fields = headers()
    fields.derived.update({"wire": b"", "via": 1, "from": 2})
    copy = fields.copy()
    copy.add("To", "<sip:t@h>")
    assert fields.derived and not copy.derived and "To" not in fields
    fields.add("To", "<sip:t@h>")
    assert fields.derived == {"via": 1, "from": 2}
    fields.prepend("Via", "SIP/2.0/UDP z")
    assert fields.derived == {"from": 2}


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["add", "prepend", "set", "set_top", "remove", "get"]),
            st.sampled_from(["Via", "from", "X-One"]),
            st.sampled_from(["a", "b, c", ""]),
        )
    )
)
def test_the_first_value_is_found_after_any_edits(edits: list[tuple[str, str, str]]) -> None:
    fields = headers()
    for edit, name, value in edits:
        getattr(fields, edit)(*((name,) if edit in ("get", "remove") else (name, value)))
        for asked in ("Via", "From", "X-One"):
            assert fields.get(asked) == next(iter(fields.all(asked)), None)


def test_values_do_not_show_in_logs() -> None:
    assert repr(headers()) == "Headers(Via, Via, From, X-My)"
