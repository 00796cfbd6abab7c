"""What flows need while calls run."""

import asyncio
from pathlib import Path

import structlog

from config.schema import FlowLimits
from controlplane.service.call_flow import CallFlows
from controlplane.service.system_prompt import SystemPrompts
from tests.controlplane.service.test_flow import GOOD, library
from tests.controlplane.service.test_speech import FakeSpeaker


async def test_what_the_flows_play_is_made_at_the_start_and_again_after_a_reload(tmp_path: Path) -> None:
    made: list[asyncio.Task[None]] = []

    def spawn(work: object) -> asyncio.Task[None]:
        made.append(asyncio.ensure_future(work))  # type: ignore[arg-type]
        return made[-1]

    prompts = SystemPrompts(tmp_path / "prompts")
    flows = CallFlows(library(tmp_path), prompts, tmp_path / "prompts", FlowLimits(), spawn)
    with structlog.testing.capture_logs() as logs:
        flows.open(FakeSpeaker())
        assert not flows.prompted.is_set()
        await flows.prompted.wait()
        assert "invalid" in prompts
        await asyncio.gather(*made)
        assert flows.speech.path("Hello.", "en-us") and "invalid" in prompts and "welcome" not in prompts
        (tmp_path / "f.yaml").write_text(GOOD.replace("Hello.", "Good day."))
        assert flows.reload() == ""
        await made[-1]
        assert flows.speech.path("Good day.", "en-us")
        (tmp_path / "f.yaml").write_text("nodes: {}")
        assert "there are no nodes" in flows.reload()
    assert {log["event"] for log in logs} == {"flow", "flow refused"}
    await flows.close()
    await asyncio.gather(*made, return_exceptions=True)
