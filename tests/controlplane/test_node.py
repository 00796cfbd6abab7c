"""The edge on a real loop and real sockets: switch, engine and journal joined."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path

from config.load import parse
from controlplane.node import Node, wall_ms
from controlplane.provider.http import HttpClient
from controlplane.service.directory import MemoryDirectory
from controlplane.service.question import Answers
from controlplane.service.recording import RecordingKeeper
from controlplane.service.speech import SpokenTexts
from controlplane.store.folder import DataFolder
from controlplane.store.store import Store
from controlplane.tasks import Tasks
from tests.controlplane.test_daemon import YAML
from tests.support import wav
from tests.support.address import loopback
from tests.support.caller import Phone


@contextlib.asynccontextmanager
async def node(folder: Path, address: str) -> AsyncIterator[Node]:
    text = YAML.format(data=folder / "data", address=address, port=5060, http=8080)
    settings = parse(text, "test.yaml", folder, {})
    loop = asyncio.get_running_loop()
    store = await Store.open(
        DataFolder.open(settings.node.data), settings.limits.store, lambda: wall_ms(loop.time())
    )
    directory = MemoryDirectory(settings.accounts, {("acc_demo", "1001"): "secret"}, {address}, {})
    async with Tasks() as tasks:
        limits = settings.limits.flow
        answers = Answers(SpokenTexts(folder / "prompts", limits.spoken), HttpClient(limits))
        keeper = RecordingKeeper(folder / "media", store.journal)
        made = Node(settings, store, directory, answers, keeper, loop, tasks)
        await made.listeners.open(settings.listen.sip, made)
        try:
            yield made
        finally:
            await made.engine.release_all()
            made.engine.close()
            await made.listeners.close()
    await store.close()


def register_and_echo(server: str) -> int:
    """Packets heard in half a second of `*43`."""
    with Phone(loopback(), (server, 5060), "1001", "secret") as phone:
        phone.register()
        call = phone.dial("*43")
        call.say(wav.tone(440.0, 0.5))
        time.sleep(0.5)
        call.hang_up()
        return len(call.heard)


async def test_a_phone_registers_and_hears_itself(tmp_path: Path) -> None:
    address = loopback()
    async with node(tmp_path, address) as edge:
        heard = await asyncio.to_thread(register_and_echo, address)
        assert heard > 10
        assert len(edge.switch.registrar) == 1 and not edge.switch.calls and edge.engine.gauges().legs == 0


async def test_draining_ends_what_does_not_end_by_itself(tmp_path: Path) -> None:
    address = loopback()
    async with node(tmp_path, address) as edge:

        def dial() -> bool:
            with Phone(loopback(), (address, 5060), "1001", "secret") as phone:
                call = phone.dial("*43")
                call.wait_ended()
                return True

        calling = asyncio.create_task(asyncio.to_thread(dial))
        async with asyncio.timeout(10):
            while not any(call.answered_at for call in edge.switch.calls.values()):
                await asyncio.sleep(0.01)
        await edge.drain(0.1, asyncio.Event())
        assert await calling and not edge.switch.calls and edge.switch.sessions == 0


async def test_a_registration_that_waits_for_room_goes_on_though_nothing_else_comes(tmp_path: Path) -> None:
    address = loopback()
    async with node(tmp_path, address) as edge:

        def register() -> int:
            with Phone(loopback(), (address, 5060), "1001", "secret") as phone:
                return phone.register(timeout=5.0).status

        edge.capacity.holds = True
        edge.switch.turnstile._refill(asyncio.get_running_loop().time())
        edge.switch.turnstile.charge(edge.capacity.rate)
        assert await asyncio.to_thread(register) == 200 and edge.switch.turnstile.refused == 0
