"""A call as dialects are told of it."""

from media.agent.contract import Context
from media.port import AgentOptions


def context(sample_rate: int = 8000, **options: object) -> Context:
    return Context("call-1", "acc_demo", sample_rate, {}, AgentOptions(**options))  # type: ignore[arg-type]
