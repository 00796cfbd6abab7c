"""A phone that had its 200 to REGISTER is reachable after `kill -9` (issue 2, must be shown 6)."""

import random
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.support.address import loopback
from tests.support.caller import CallFailed, Phone
from tests.support.daemon import PASSWORDS, Daemon
from tests.support.database import Database

RUNS = {"sqlite": 50, "postgresql": 12}
PHONES = 4
USERS: list[dict[str, Any]] = [
    {"number": str(2001 + n), "devices": [{"username": str(2001 + n), "password": f"secret-{n}"}]}
    for n in range(PHONES)
]


@pytest.mark.timeout(600)
def test_what_was_answered_200_is_reachable_after_kill(tmp_path: Path, database: Database) -> None:
    """Each seeded run cuts while phones register, some with an answer; those with a 200 must ring afterwards.

    Answers and not the clock say when, so that a slow machine is cut as late as a quick one. Each phone has
    a new port in every run: a binding left by an earlier run would not ring.
    """
    users = [*USERS, {"number": "1001", "devices": [{"username": "1001", "password": PASSWORDS["1001"]}]}]
    runs = RUNS["sqlite" if database.url == "sqlite" else "postgresql"]
    account, settings = {"users": users}, {"store": database.url}
    with Daemon(tmp_path / "daemon", account=account, settings=settings) as daemon:
        promised = 0
        addresses = [loopback() for _ in range(PHONES + 1)]
        for seed in range(runs):
            promised += _one_run(daemon, random.Random(seed), addresses)
    assert promised > runs, "hardly any REGISTER was answered before the cut: the test shows nothing"


def _one_run(daemon: Daemon, chance: random.Random, addresses: list[str]) -> int:
    """How many phones were promised to be reachable, all of which were."""
    with ExitStack() as stack:
        phones = [
            stack.enter_context(Phone(addresses[n], daemon.sip, user["number"], f"secret-{n}"))
            for n, user in enumerate(USERS)
        ]
        caller = stack.enter_context(Phone(addresses[-1], daemon.sip, "1001", PASSWORDS["1001"]))
        accepted: list[Phone] = []
        answered = threading.Semaphore(0)

        def register(phone: Phone) -> None:
            try:
                if phone.register(timeout=0.5).status == 200:
                    accepted.append(phone)
            except CallFailed:
                pass  # cut before the answer: nothing was promised
            answered.release()

        threads = [threading.Thread(target=register, args=(phone,)) for phone in phones]
        for thread in threads:
            thread.start()
        for _ in range(chance.randint(0, PHONES)):
            answered.acquire()
        time.sleep(chance.uniform(0.0, 0.01))
        daemon.child.kill()
        for thread in threads:
            thread.join()
        daemon.restart()
        for phone in accepted:
            assert _rings(caller, phone), f"{phone.user} had a 200 and cannot be called after the restart"
        for phone in phones:  # the next run's binding must be the only one
            assert phone.register(expires=0).status == 200
        return len(accepted)


def _rings(caller: Phone, phone: Phone) -> bool:
    def decline() -> None:
        phone.respond(phone.incoming.get(timeout=5.0), 486, "Busy Here")

    declining = threading.Thread(target=decline)
    declining.start()
    try:
        caller.dial(phone.user, timeout=5.0)
    except CallFailed as ended:
        declining.join()
        return ended.status == 486
    return False
