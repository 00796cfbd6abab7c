"""What outside edges ask, put to our own edge (S004-12, S004-40…43)."""

from pathlib import Path

from edge.error import Refusal
from tests.support.control import control
from tests.support.directory import FakeDirectory


async def test_a_user_is_named_by_id_number_username_or_aor(tmp_path: Path) -> None:  # S004-42
    directory = FakeDirectory()
    directory.add_user("1001", "alice")
    async with control(tmp_path, directory) as site:
        for name in ("1001", "alice", "sip:alice@demo.local", "alice@demo.local"):
            found = site.service.register("acc_demo", name, "sip:a@h", 60.0, True)
            assert isinstance(found, dict) and found["user_id"] == "us_1001"
        refusal = site.service.register("acc_demo", "nobody", "sip:a@h", 60.0, True)
        assert isinstance(refusal, Refusal) and refusal.code == "no_such_user"


async def test_what_comes_of_an_act_is_carried_out(tmp_path: Path) -> None:
    directory = FakeDirectory()
    directory.add_did("12025550123", "flow", "r")
    async with control(tmp_path, directory) as site:
        site.outside.route("1", "12025550123")
        assert site.bench.switch.next_timer_at() is not None, "the deadline of a lost call is armed"
