"""An AI agent of the configuration as calls use it."""

import orjson

from config import agent as section
from config.account import Account
from config.tool import Tool as ToolSection
from edge.directory import AccountId, Agent, Tool
from media.agent.toolbox import definitions
from media.port import AgentOptions, Interruption


def agent_of(account: Account, name: str, part: section.Agent) -> Agent:
    return Agent(
        AccountId(account.id),
        name,
        part.dialect.value,
        part.url,
        part.sent_headers(),
        part.sample_rate,
        part.barge_in.mode != "off",
        part.connect_timeout,
        _options(account, part),
        part.fallback or "",
        part.filler,
        part.filler_after,
        part.token,
        part.trusted,
    )


def tools_of(account: Account, part: section.Agent) -> dict[str, Tool]:
    """Custom tools that an agent may use, by name."""
    names = account.tools if part.tools == () else () if part.tools == "none" else part.tools
    return {name: _tool(name, account.tools[name]) for name in names}


def _tool(name: str, part: ToolSection) -> Tool:
    return Tool(name, part.url, part.parameters, tuple(part.headers.items()), part.timeout, part.trusted)


def _options(account: Account, part: section.Agent) -> AgentOptions:
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
        orjson.dumps(_told(account, part)).decode(),
        part.language,
        part.call_tools,
    )


def _told(account: Account, part: section.Agent) -> list[dict[str, object]]:
    """The tools as the model reads them."""
    told: list[dict[str, object]] = [
        {"name": name, "description": account.tools[name].description, "parameters": dict(tool.parameters)}
        for name, tool in tools_of(account, part).items()
    ]
    allowed = tuple(permission.value for permission in part.allow)
    return told + (definitions(allowed) if part.call_tools else [])


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
        part.vad == "silero",
    )
