"""W3C Trace Context, Level 2."""

import pytest

from controlplane.observe.trace_context import TraceContext, begun_by, parse, span_id

GIVEN = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_what_is_brought_is_read_and_handed_on_with_a_span_of_ours() -> None:
    context = parse(GIVEN)
    assert context == TraceContext(0x4BF92F3577B34DA6A3CE929D0E0E4736, 0x00F067AA0BA902B7, True)
    assert context.header(context.parent) == GIVEN
    assert context.header(7) == "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000007-01"


def test_who_is_not_recorded_stays_so() -> None:
    context = parse(GIVEN[:-2] + "00")
    assert context is not None and not context.sampled and context.header(7).endswith("-00")


def test_a_later_version_may_have_more() -> None:  # §4.3 versioning of traceparent
    assert parse("cc" + GIVEN[2:] + "-what-comes") == parse(GIVEN)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "00",
        GIVEN.upper(),
        "ff" + GIVEN[2:],
        GIVEN + "-more",
        "00-" + "0" * 32 + GIVEN[35:],
        GIVEN[:36] + "0" * 16 + "-01",
        GIVEN.replace("4", "x"),
        "x" * 10_000,
    ],
)
def test_what_is_none_is_none(text: str) -> None:
    assert parse(text) is None


def test_a_call_that_is_brought_none_has_its_own_by_its_id() -> None:
    one, other = begun_by("call_01m8hm8jn47bcs5d9gp1gtqh6n"), begun_by("call_01m8hm8asqntdzteh1zz035pfm")
    assert one != other and one == begun_by("call_01m8hm8jn47bcs5d9gp1gtqh6n")
    assert 0 < one.trace < 1 << 128 and one.sampled and one.parent == 0
    assert 0 < begun_by("whatever an edge says é").trace < 1 << 128


def test_spans_have_ids_by_call_and_name() -> None:
    assert span_id("c", "a") == span_id("c", "a") != span_id("c", "b")
    assert 0 < span_id("c", "a") < 1 << 64
