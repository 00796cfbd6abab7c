"""An AI agent for the caller of a call: the command that dials it."""

from collections.abc import Mapping

from edge.call.call import Call
from edge.directory import Agent
from media import port


def attach(call: Call, agent: Agent, parameters: Mapping[str, str]) -> port.AttachAgent:
    """Dial `agent` for the caller. Args: parameters: told to it beside from, to and direction."""
    spec = port.AgentSpec(
        agent.name,
        agent.dialect,
        f"inbound:{agent.account}/{agent.name}" if agent.url == "inbound" else agent.url,
        agent.headers,
        agent.sample_rate,
        agent.barge_in,
        agent.connect_timeout,
        options=agent.options,
        trusted=agent.trusted,
    )
    known = {"from": call.caller, "to": call.callee, "direction": call.route.direction}
    told = dict(call.identity.headers) | known | dict(parameters)
    account = call.route.account.id
    return port.AttachAgent(call.leg.id, spec, call.id, account, tuple(told.items()))
