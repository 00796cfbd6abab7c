"""Rows of `binding`."""

from hypothesis import given
from hypothesis import strategies as st

from controlplane.store.binding import DELETE, UPSERT, encode, key
from controlplane.store.table import BINDING
from tests.support.journal import binding, kept, removed


def test_a_row_has_the_columns_in_order() -> None:
    row = dict(zip(BINDING.columns.keys(), encode(binding("1001", q=0.5, cseq=7, reg_id=2)), strict=True))
    assert (row["account_id"], row["aor"], row["contact"]) == ("acc_demo", "1001", "sip:1001@192.0.2.1")
    assert (row["q"], row["cseq"], row["reg_id"], row["path"]) == (0.5, 7, 2, "[]")
    assert str(row["workspace_id"]).startswith("ws_")
    assert UPSERT.sqlite.count("?") == len(row)


def test_the_key_is_that_of_the_table() -> None:
    assert key(kept("1001")) == key(removed("1001")) == encode(binding("1001"))[:3]
    assert DELETE.sqlite.count("?") == 3


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=20), max_size=5))
def test_any_path_is_kept_as_json(path: list[str]) -> None:
    text = encode(binding(path=tuple(path)))[8]
    assert isinstance(text, str) and (text == "[]") == (path == [])
