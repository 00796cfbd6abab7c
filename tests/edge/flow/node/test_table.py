"""The kinds that there are (S004-38)."""

import pytest

from edge.flow.node.table import KINDS, kind_named


def test_all_kinds_of_the_seed_are_there() -> None:
    """S004-38."""
    plain = "entry,play,say,menu,collect,timeCondition,dial,forward,enqueue,voicemail,record,conference"
    for kind in plain.split(","):
        assert kind in KINDS
    for kind in ("setVariable", "condition", "webhook", "http", "agent", "hangup"):
        assert kind_named(kind) in KINDS


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("time_condition", "timeCondition"),
        ("SetVariable", "setVariable"),
        ("http", "webhook"),
        ("sing", None),
    ],
)
def test_both_spellings_are_one_kind(written: str, name: str | None) -> None:
    assert kind_named(written) == name


def test_every_kind_says_what_it_does_on_entry() -> None:
    for kind in KINDS.values():
        assert "enter" in vars(kind), kind
