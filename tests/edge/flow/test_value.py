"""Values of variables."""

from hypothesis import given
from hypothesis import strategies as st

from edge.flow.value import ITEMS_MAX, NUMBER_MAX, TEXT_MAX, bounded, text_of


def test_values_are_spoken_as_people_write_them() -> None:
    assert [text_of(v) for v in (None, True, 3, 3.0, 2.5, "x", [1, "a"], {"a": None})] == [
        "", "true", "3", "3", "2.5", "x", '[1, "a"]', '{"a": null}',
    ]  # fmt: skip


def test_what_comes_from_elsewhere_is_cut_down() -> None:
    deep: list[object] = []
    for _ in range(50):
        deep = [deep]
    assert len(str(bounded("x" * 10_000))) == TEXT_MAX
    assert bounded(NUMBER_MAX + 1) is None and bounded(float("nan")) is None and bounded(b"raw") is None
    assert len(text_of(bounded(deep))) < 30
    many = bounded(list(range(5_000)))
    assert isinstance(many, list) and len(many) < ITEMS_MAX


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=20)
)
def test_whatever_comes_is_text_in_the_end(value: object) -> None:
    assert isinstance(text_of(bounded(value)), str)
