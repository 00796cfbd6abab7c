"""An agent of the configuration as calls use it."""

from config.agent import Agent
from controlplane.service.agent import agent_of
from edge.directory import AccountId


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
    agent = agent_of(AccountId("acc"), "bot", part)
    policy = agent.options.interruption
    assert agent.barge_in and policy.reversible and policy.digits
    assert (policy.confirm, policy.words, policy.grace) == (("words",), 3, 1.0)


def test_off_is_off() -> None:
    part = Agent.model_validate({"dialect": "tandem", "url": "ws://h", "barge_in": False})
    assert not agent_of(AccountId("acc"), "bot", part).barge_in
