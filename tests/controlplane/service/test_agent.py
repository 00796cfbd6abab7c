"""An agent of the configuration as calls use it."""

import json

from config.account import Account
from config.agent import Agent
from controlplane.service.agent import agent_of, tools_of

ACCOUNT = Account(id="acc", domain="acc.local")


def test_the_policy_of_barge_in_reaches_the_audio() -> None:
    part = Agent.model_validate(
        {
            "dialect": "tandem",
            "url": "ws://h",
            "barge_in": {
                "mode": "reversible",
                "confirm": ["words"],
                "words": 3,
                "digits": True,
                "grace": "1s",
            },
        }
    )
    agent = agent_of(ACCOUNT, "bot", part)
    policy = agent.options.interruption
    assert agent.barge_in and policy.reversible and policy.digits
    assert (policy.confirm, policy.words, policy.grace) == (("words",), 3, 1.0)


def test_off_is_off() -> None:
    part = Agent.model_validate({"dialect": "tandem", "url": "ws://h", "barge_in": False})
    assert not agent_of(ACCOUNT, "bot", part).barge_in


def test_an_agent_may_use_all_tools_of_its_account_or_those_that_it_names() -> None:
    """# S002-62"""
    tools = {name: {"description": name, "url": "https://h"} for name in ("a", "b")}
    account = Account.model_validate({"id": "acc", "domain": "acc.local", "tools": tools})
    for written, names in ((None, ["a", "b"]), (["b"], ["b"]), ("none", [])):
        fields = {} if written is None else {"tools": written}
        part = Agent.model_validate({"dialect": "tandem", "url": "ws://h", **fields})
        assert list(tools_of(account, part)) == names
        told = json.loads(agent_of(account, "bot", part).options.tools)
        assert [tool["name"] for tool in told] == names


def test_control_of_the_call_is_told_as_tools_where_that_is_asked_for() -> None:
    part = Agent.model_validate({"dialect": "openai", "model": "m", "call_tools": True, "allow": ["hangup"]})
    assert [tool["name"] for tool in json.loads(agent_of(ACCOUNT, "bot", part).options.tools)] == ["hang_up"]
