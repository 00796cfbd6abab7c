"""Flows walked without a phone."""

import pytest

from config.error import ConfigError
from edge.flow.rehearsal import ImpossibleError, judge, outcome_of, read_script, rehearse, wall_of
from tests.support.flow import program

FLOW = program(
    """
nodes:
  hello: {kind: say, text: "Hello {{ caller }}.", next: menu}
  menu: {kind: menu, prompt: Press 1., next: {"digit:1": bye}}
  bye: {kind: hangup}
"""
)


def script(text: str) -> list[tuple[bool, str]]:
    made = read_script(text, "s.yaml")
    verdicts = [judge(FLOW, "main", walk) for walk in made.paths]
    return [(verdict.good, verdict.why) for verdict in verdicts]


def test_a_rehearsal_tells_what_is_heard_and_where_it_goes() -> None:
    stages = rehearse(FLOW, "main", ["done", "digit:1", "done"], variables={"caller": "1001"}, wall=0)
    assert [(stage.command, stage.node_id, stage.heard) for stage in stages] == [
        ("play", "hello", ("Hello 1001.",)),
        ("gather", "menu", ("Press 1.",)),
        ("hangup", "bye", ()),
    ]
    assert stages[1].ways == ("digit:1",)
    assert rehearse(FLOW, "nowhere", [], variables={}, wall=0) == []


def test_an_outcome_may_bring_data() -> None:
    outcome = outcome_of("done status=200 body=ok")
    assert outcome.name == "done" and outcome.data == {"status": "200", "body": "ok"}


def test_an_outcome_that_never_comes_is_refused_with_those_that_may() -> None:
    def walk(*outcomes: str) -> str:
        with pytest.raises(ImpossibleError) as refused:
            rehearse(FLOW, "main", outcomes, variables={}, wall=0)
        return str(refused.value)

    assert "bogus: hello (play) never ends so (possible are done, failed" in walk("bogus")
    assert "digit:1: hello (play)" in walk("digit:1")
    assert "did you mean timeout?" in walk("done", "timout") and "write digit:1" in walk("done", "1")
    assert "an empty text" in walk("") and "write NAME=VALUE" in walk("done status")
    assert len(rehearse(FLOW, "main", ["done", "digit:9", "hangup"], variables={}, wall=0)) == 4
    assert script("paths: [{name: odd, outcomes: [answered], expect: [hello, menu]}]")[0][1].startswith(
        "answered: hello (play) never ends so"
    )


def test_a_script_is_judged_path_by_path() -> None:
    found = script(
        """
paths:
  - {name: chooses, outcomes: [done, "digit:1"], expect: [play hello, menu, hangup]}
  - {name: wrong, outcomes: [done], expect: [play hello, play menu]}
  - {name: short, outcomes: [], expect: [hello, menu]}
  - {name: long, outcomes: [done], expect: [hello]}
"""
    )
    assert found == [
        (True, ""),
        (False, "stage 2 is gather menu, not play menu"),
        (False, "ends after 1 stages"),
        (False, "goes on to gather menu"),
    ]


def test_a_wrong_script_is_refused_with_its_line() -> None:
    with pytest.raises(ConfigError, match=r"s\.yaml:2"):
        script("paths:\n  - {name: x, at: tomorrow}")
    with pytest.raises(ConfigError):
        script("")


def test_moments_without_a_zone_are_utc() -> None:
    assert wall_of("1970-01-01T00:00:01") == 1_000 == wall_of("1970-01-01T01:00:01+01:00")
