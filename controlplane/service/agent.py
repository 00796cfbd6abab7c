"""An AI agent of the configuration as calls use it."""

import orjson

from config import agent as section
from edge.directory import AccountId, Agent
from media.port import AgentOptions, Interruption


def agent_of(account: AccountId, name: str, part: section.Agent) -> Agent:
    return Agent(
        account,
        name,
        part.dialect.value,
        part.url,
        part.sent_headers(),
        part.sample_rate,
        part.barge_in.mode != "off",
        part.connect_timeout,
        _options(part),
        part.fallback or "",
    )


def _options(part: section.Agent) -> AgentOptions:
    return AgentOptions(
        part.variant or "",
        part.audio or "",
        part.model,
        part.greeting,
        orjson.dumps(part.session).decode(),
        part.first_audio_timeout or 0.0,
        part.reconnect,
        tuple(permission.value for permission in part.allow),
        _interruption(part.barge_in),
    )


def _interruption(part: section.BargeIn) -> Interruption:
    return Interruption(
        part.mode == "reversible",
        tuple(way.value for way in part.confirm),
        part.confirm_after,
        part.words,
        part.decide_within,
        part.grace,
        part.digits,
        part.echo_guard,
    )
