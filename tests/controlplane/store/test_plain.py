"""JSON of whatever a peer put into a trace."""

import orjson
from hypothesis import given
from hypothesis import strategies as st

from controlplane.store.plain import dump


def test_bytes_become_text() -> None:
    assert orjson.loads(dump({"message": b"INVITE \xff", "view": memoryview(b"x")})) == {
        "message": "INVITE \\xff",
        "view": "x",
    }


def test_what_json_cannot_hold_becomes_text() -> None:
    assert orjson.loads(dump({"big": 1 << 70, 5: "\udc80", "set": {1}, "yes": True})) == {
        "big": str(1 << 70),
        "5": "?",
        "set": "{1}",
        "yes": True,
    }


def test_what_is_no_number_is_null_beside_whatever_else() -> None:
    for beside in (1, 1 << 70):
        assert orjson.loads(dump([float("inf"), float("nan"), 0.5, beside]))[:3] == [None, None, 0.5]


def test_endless_nesting_ends() -> None:
    value: list[object] = []
    value.append(value)
    assert b"\xe2\x80\xa6" in dump(value)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=10,
    )
)
def test_anything_is_readable_json(value: object) -> None:
    orjson.loads(dump(value))
