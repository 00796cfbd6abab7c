"""Starting and stopping (`design.md` §3); the daemon as a process is in tests/system."""

import asyncio
import gc
import os
import resource
import signal
import socket
from pathlib import Path

import pytest

from config.load import parse
from config.schema import Settings
from controlplane.daemon import YOUNG, Ready, StartError, raise_file_limit, serve
from tests.support.address import loopback

YAML = """
node: {{data: "{data}"}}
listen:
  sip: [{{transport: udp, address: {address}, port: {port}}}]
  http: {{address: {address}, port: {http}}}
  rtp: {{address: {address}, ports: [20000, 20099]}}
accounts:
  - {{id: acc_demo, domain: demo.local, users: [{{number: "1001"}}]}}
"""


def settings(folder: Path, address: str, port: int = 5060, http: int = 8080) -> Settings:
    text = YAML.format(data=folder / "data", address=address, port=port, http=http)
    return parse(text, "test.yaml", folder, {})


async def served(settings: Settings) -> Ready:
    """Start, and stop by SIGTERM as soon as calls are taken."""
    seen = list[Ready]()

    def ready(told: Ready) -> None:
        assert gc.get_threshold()[0] == YOUNG
        assert any((settings.node.data / "prompts").glob("agent-unreachable-*.wav")), "who calls now hears it"
        seen.append(told)
        os.kill(os.getpid(), signal.SIGTERM)

    async with asyncio.timeout(20):
        await serve(settings, ready)
    return seen[0]


async def test_it_serves_until_sigterm_and_gives_everything_back(tmp_path: Path) -> None:
    address = loopback()
    told = await served(settings(tmp_path, address))
    assert list(told.passwords) == [("acc_demo", "1001")] and told.interrupted == 0
    assert gc.get_threshold()[0] != YOUNG
    again = await served(settings(tmp_path, address))  # the same ports and folder are free again
    assert again.passwords == told.passwords


@pytest.mark.parametrize(("kind", "port"), [(socket.SOCK_DGRAM, 5060), (socket.SOCK_STREAM, 8080)])
async def test_a_busy_port_ends_the_start_with_one_line(tmp_path: Path, kind: int, port: int) -> None:
    address = loopback()
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind((address, port))
        if kind == socket.SOCK_STREAM:
            other.listen()
        with pytest.raises(StartError, match=f"{address}:{port}") as error:
            await served(settings(tmp_path, address))
    assert "\n" not in str(error.value) and "change" in str(error.value)


async def test_a_data_folder_that_cannot_be_made_ends_the_start(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(StartError, match="data folder"):
        await served(settings(tmp_path, loopback()))


async def test_a_voice_model_that_is_none_ends_the_start_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "silero_vad.onnx").write_text("<html>404</html>")
    text = YAML.format(data=tmp_path / "data", address=loopback(), port=5060, http=8080)
    text += "media: {models: {silero: silero_vad.onnx}}\n"
    with pytest.raises(StartError, match=r"is not Silero's silero_vad\.onnx") as error:
        await served(parse(text, "test.yaml", tmp_path, {}))
    assert "\n" not in str(error.value)


def test_as_many_files_as_the_system_allows() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
        raise_file_limit()
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == before[1]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
