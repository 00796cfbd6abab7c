"""Recordings of whole calls: who is recorded, when it begins, and that a transfer does not end it."""

from dataclasses import replace

import pytest

from edge.call.recording import Taping
from edge.error import Refusal
from media import port
from tests.support.directory import FakeDirectory
from tests.support.edge import Bench, Phone, final

PATH = "/media/acc_demo/call/{}.wav.part"


def up(bench: Bench) -> tuple[Phone, Phone]:
    """1001 talks to 1002."""
    bob, alice = Phone(bench, "1002", 3), Phone(bench, "1001")
    bob.register()
    alice.dial("1002")
    (invite,) = bob.got()
    bob.reply(invite, 200, bob.sdp())  # type: ignore[arg-type]
    alice.ack(final(alice.got()))
    return alice, bob


def made(account: str = "on_demand", **users: str) -> Bench:
    directory = FakeDirectory(record=account)
    for number in ("1001", "1002"):
        directory.add_user(number)
        policy = users.get(f"u{number}", "")
        directory.users[number] = replace(directory.users[number], record=policy)
    return Bench(directory)


@pytest.mark.parametrize(
    ("account", "users", "recorded"),
    [
        ("on_demand", {}, False),
        ("always", {}, True),
        ("never", {"u1002": "always"}, False),
        ("on_demand", {"u1002": "always"}, True),
        ("always", {"u1001": "never"}, False),
        ("always", {"u1001": "never", "u1002": "never"}, False),
    ],
)
def test_who_is_recorded(account: str, users: dict[str, str], recorded: bool) -> None:
    bench = made(account, **users)
    up(bench)
    (call,) = bench.switch.calls.values()
    expected = [port.Record(call.leg.id, PATH.format(call.id), stereo=True)] if recorded else []
    assert bench.commanded(port.Record) == expected
    bench.switch.hang_up_all("shutdown", bench.now)
    bench.drain()
    if recorded:
        assert bench.journal.cdrs[0].media["recordings"] == [f"acc_demo/call/{call.id}.wav"]
    else:
        assert "recordings" not in bench.journal.cdrs[0].media


def test_nothing_is_recorded_before_the_answer() -> None:
    bench = made("always")
    Phone(bench, "1002", 3).register()
    Phone(bench, "1001").dial("1002")
    assert not bench.commanded(port.Record)
    (call,) = bench.switch.calls.values()
    refusal = call.recording.turn(Taping.ON, bench.now)
    assert isinstance(refusal, Refusal) and refusal.code == "not_answered"


def test_it_is_turned_on_paused_resumed_and_off_and_on_again_into_another_file() -> None:
    bench = made()
    up(bench)
    (call,) = bench.switch.calls.values()
    paused = call.recording.turn(Taping.PAUSE, bench.now)
    assert isinstance(paused, Refusal) and paused.code == "not_recording"
    for state in (Taping.ON, Taping.ON, Taping.PAUSE, Taping.ON, Taping.OFF, Taping.OFF, Taping.ON):
        assert call.recording.turn(state, bench.now) is None
    bench.drain()
    leg = call.leg.id
    turned = [c for c in bench.commands if isinstance(c, port.Record | port.PauseRecord | port.StopRecord)]
    assert turned == [
        port.Record(leg, PATH.format(call.id), stereo=True),
        port.PauseRecord(leg, paused=True),
        port.PauseRecord(leg, paused=False),
        port.StopRecord(leg),
        port.Record(leg, PATH.format(f"{call.id}-2"), stereo=True),
    ]


def test_who_is_never_recorded_cannot_be_turned_on() -> None:
    bench = made(u1001="never")
    up(bench)
    (call,) = bench.switch.calls.values()
    refusal = call.recording.turn(Taping.ON, bench.now)
    assert isinstance(refusal, Refusal) and refusal.code == "not_recorded"


def test_it_goes_on_with_who_takes_the_callers_place() -> None:
    bench = made("always")
    up(bench)
    (call,) = bench.switch.calls.values()
    first = call.leg
    other = next(leg for leg in call.legs.values() if leg is not first)
    call.take_over(call.near, other)
    bench.drain()
    assert bench.commanded(port.MoveRecord) == [port.MoveRecord(first.id, other.id)]


def test_its_end_keeps_the_file() -> None:
    bench = made("always")
    up(bench)
    (call,) = bench.switch.calls.values()
    bench.switch.hang_up_all("shutdown", bench.now)
    bench.drain()
    bench.media(port.Recorded(call.leg.id, PATH.format(call.id), 5_000))
    (kept,) = bench.kept
    assert kept.recording.folder == "call" and kept.milliseconds == 5_000
