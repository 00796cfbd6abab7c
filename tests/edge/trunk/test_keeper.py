"""OPTIONS health, and what it does to route lists."""

from dataclasses import replace

from edge.directory import Probing
from edge.sip.message import Request, Response
from edge.trunk.health import Health
from tests.support.directory import FakeDirectory
from tests.support.edge import Bench, Phone


def bench() -> tuple[Bench, Phone, Phone]:
    directory = FakeDirectory()
    directory.add_user("1001")
    for n, name in ((9, "a"), (10, "b")):
        directory.add_trunk(name, f"sip:127.0.0.{n}:5060;transport=udp", ip=f"127.0.0.{n}")
        trunk = directory.trunks[name]
        directory.trunks[name] = replace(trunk, probing=Probing(40.0, 2, 2))
    directory.routes["1"] = ["a", "b"]
    made = Bench(directory)
    made.switch.start(made.now)
    made.drain()
    return made, Phone(made, "a", 9), Phone(made, "b", 10)


def answer(phone: Phone, status: int = 200) -> None:
    for message in phone.got():
        if isinstance(message, Request) and message.method == "OPTIONS":
            phone.reply(message, status)


def health(bench: Bench, name: str) -> Health:
    return bench.switch.trunks.health(bench.directory.trunks[name].id)


def test_a_trunk_that_is_down_is_the_last_hope_until_it_answers_again() -> None:
    made, first, second = bench()
    answer(first, 503)
    answer(second)
    assert health(made, "b") is Health.UP and health(made, "a") is Health.UNKNOWN
    made.advance(40.1)
    answer(first, 503)
    answer(second)
    assert health(made, "a") is Health.DOWN
    Phone(made, "1001").dial("14155550100")
    (invite,) = [m for m in second.got() if isinstance(m, Request)]
    assert invite.method == "INVITE" and first.got() == []
    second.reply(invite, 503)
    (hope,) = first.got()
    assert isinstance(hope, Request) and hope.method == "INVITE"
    for _ in range(2):
        made.advance(40.1)
        answer(first)
    assert health(made, "a") is Health.UP


def test_silence_is_bad_health() -> None:
    made, _, _ = bench()
    made.advance(80.0)
    assert health(made, "a") is Health.DOWN


def test_probes_end_with_the_service() -> None:
    made, first, _ = bench()
    made.switch.stop(made.now)
    answer(first)
    made.advance(100.0)
    assert not [m for m in first.got() if isinstance(m, Request) and m.cseq.number > 1]
    assert not isinstance(first.got(), Response)


def test_trunks_that_come_go_or_change_are_probed_as_they_are_now() -> None:
    made, first, second = bench()
    answer(first)
    answer(second)
    trunks = made.directory.trunks
    del trunks["b"]
    trunks["a"] = replace(trunks["a"], proxy="sip:127.0.0.11:5060;transport=udp")
    made.directory.add_trunk("c", "sip:127.0.0.12:5060;transport=udp")
    trunks["c"] = replace(trunks["c"], probing=Probing(40.0, 1, 1))
    made.switch.start(made.now)
    made.drain()
    moved, third = Phone(made, "a", 11), Phone(made, "c", 12)
    answer(moved)
    answer(third)
    assert health(made, "a") is Health.UNKNOWN or health(made, "a") is Health.UP
    assert health(made, "c") is Health.UP
    made.advance(41.0)
    assert first.got() == [] and second.got() == [] and moved.got() and third.got()


def test_a_reload_that_changes_nothing_of_a_trunk_leaves_its_health() -> None:
    made, first, second = bench()
    answer(first)
    answer(second)
    made.directory.trunks["a"] = replace(made.directory.trunks["a"], max_channels=3)
    made.switch.start(made.now)
    made.drain()
    assert health(made, "a") is Health.UP and first.got() == []
