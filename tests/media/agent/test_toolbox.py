"""Control of the call as tools of a model."""

import json

import pytest
from jsonschema import Draft202012Validator

from media.agent.contract import Ask, Digits, HangUp, ToolCall, Verb
from media.agent.toolbox import action_of, definitions


def call(name: str, **arguments: object) -> ToolCall:
    return ToolCall("c1", name, json.dumps(arguments))


def test_only_what_is_allowed_is_offered() -> None:
    assert [tool["name"] for tool in definitions(("hangup", "transfer"))] == ["transfer_call", "hang_up"]
    for tool in definitions(("hangup", "transfer", "dtmf", "hold", "play", "record", "set")):
        Draft202012Validator.check_schema(tool["parameters"])


def test_calls_ask_what_other_dialects_have_words_for() -> None:
    assert action_of(call("hang_up")) == HangUp("agent_hangup")
    assert action_of(call("send_digits", digits="12#")) == Digits("12#")
    assert action_of(call("transfer_call", target="queue:support", briefing="angry")) == Ask(
        Verb.TRANSFER, "queue:support", "c1", (("briefing", "angry"),), tool=True
    )
    assert action_of(call("set_variables", variables={"a": 1})) == Ask(Verb.SET, '{"a":1}', "c1", tool=True)
    assert action_of(call("play_prompt", prompt="welcome")) == Ask(Verb.PLAY, "welcome", "c1", tool=True)
    assert action_of(call("start_recording")) == Ask(Verb.RECORD, "", "c1", tool=True)


def test_a_tool_of_somebody_else_is_not_ours() -> None:
    assert action_of(call("weather")) is None


@pytest.mark.parametrize(
    "made",
    [
        ToolCall("c", "transfer_call", "{"),
        ToolCall("c", "transfer_call", "[]"),
        call("transfer_call"),
        call("send_digits", digits="x"),
        call("send_digits", digits=5),
        call("send_digits", digits="1" * 65),
        call("transfer_call", target=["user:1002"]),
        call("play_prompt", prompt=True),
        call("set_variables", variables=[1]),
        ToolCall("c", "set_variables", '{"variables":{"a":' + "[" * 300 + "]" * 300 + "}}"),
    ],
)
def test_what_cannot_be_read_is_answered_with_the_reason(made: ToolCall) -> None:
    assert isinstance(action_of(made), str)
