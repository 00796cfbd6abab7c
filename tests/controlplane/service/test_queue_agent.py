"""Tiles of the roster, and what is said only once it is kept (S004-49, S004-50)."""

from pathlib import Path

import pytest

from controlplane.service.queue_agent import TILES, _tile
from edge.acd.state import AgentEvent, State, Status
from edge.error import Refusal
from tests.support.control import control
from tests.support.directory import FakeDirectory


@pytest.mark.parametrize(
    ("tile", "status", "state", "reachable", "occupied", "member"),
    [
        ("extcall", Status.OFFLINE, State.WAITING, False, True, False),
        ("incall", Status.OFFLINE, State.IN_CALL, False, False, True),
        ("offline", Status.OFFLINE, State.WAITING, False, False, True),
        ("unreachable", Status.AVAILABLE, State.WAITING, False, False, True),
        ("ringing", Status.AVAILABLE, State.OFFERING, True, False, True),
        ("paused", Status.ON_BREAK, State.WRAP_UP, True, False, True),
        ("wrapup", Status.AVAILABLE, State.WRAP_UP, True, False, True),
        ("ready", Status.AVAILABLE, State.WAITING, True, False, True),
        ("idle", Status.AVAILABLE, State.WAITING, True, False, False),
    ],
)
def test_the_first_tile_that_fits_counts(
    tile: str, status: Status, state: State, reachable: bool, occupied: bool, member: bool
) -> None:  # S004-50
    assert _tile(status, state, reachable, occupied, member) == tile and tile in TILES


async def test_nothing_is_promised_that_the_disk_did_not_take(tmp_path: Path) -> None:
    directory = FakeDirectory()
    directory.add_user("1001")
    async with control(tmp_path, directory) as site:
        assert isinstance(await site.agents.tell("acc_demo", "1001", AgentEvent.LOGIN), dict)
        site.store.journal.last_error = "disk full"
        refusal = await site.agents.tell("acc_demo", "1001", AgentEvent.AVAILABLE)
        assert isinstance(refusal, Refusal) and (refusal.code, refusal.status) == ("not_kept", 503)
        site.store.journal.last_error = ""
