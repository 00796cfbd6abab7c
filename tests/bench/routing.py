"""Routing and admission: by `POST /route` over one kept connection, and by the functions of our own door."""

import http.client
import json
import time
from pathlib import Path
from typing import Any, Final

import numpy as np

from config.account import Account
from config.load import parse
from controlplane.service.directory import MemoryDirectory
from edge.cac.admission import Admissions
from edge.channels import Channels
from edge.directory import AccountId
from edge.error import Refusal
from edge.journal import CallId
from edge.routing.identity import Identity, TrunkIdentity, UserIdentity
from edge.routing.route import route
from edge.security.fraud import FraudGuard
from edge.trace.trace import Trace
from tests.bench.measure import Row
from tests.bench.subject import Subject

USERS: Final = 500
WALL: Final = 1_764_000_000_000


def routes(subject: Subject, count: int) -> Row:
    """`count` calls of one user by the trunk, each routed and admitted; then their ends."""
    connection = http.client.HTTPConnection(*subject.daemon.http, timeout=10.0)
    caller = subject.users[0]
    try:
        for n in range(min(count, 200)):  # first ones allocate
            _route(connection, caller, f"warm-{n}")
        before, started, own = subject.cpu(), time.monotonic(), time.process_time()
        latencies, failed = [], 0
        for n in range(count):
            asked = time.monotonic()
            failed += _route(connection, caller, f"call-{n}")["action"] != "outbound"
            latencies.append(time.monotonic() - asked)
        elapsed = time.monotonic() - started
        used, own = subject.cpu() - before, time.process_time() - own
        for n in range(count):
            end = {"type": "dialog", "accountId": "acc_demo", "callId": f"call-{n}", "event": "end"}
            _post(connection, "/presence/event", end)
    finally:
        connection.close()
    each = used / count
    return Row(
        "route",
        "s⁻¹",
        count,
        elapsed,
        used,
        each * 1e6,
        1 / max(each, 1e-9),
        failed,
        float(np.percentile(latencies, 50)) * 1000,
        float(np.percentile(latencies, 99)) * 1000,
        rate=count / elapsed,
        generator_share=own / elapsed,
        gauges=subject.gauges(),
    )


def native(count: int) -> Row:
    """`count` calls routed, counted in every scope and given back, in this process: no SIP, no HTTP, no disk.

    One account of 500 users, 500 DIDs and a rate limit: user by trunk, DID to user, user to user.
    """
    directory = MemoryDirectory(_accounts(), {}, {"127.0.0.1"}, {})
    account = directory.account(AccountId("acc_demo"))
    trunk = directory.trunk(AccountId("acc_demo"), "")
    assert account is not None and trunk is not None, "both are in the configuration"
    people = [directory.user(account.id, str(1_000 + n)) for n in range(USERS)]
    callers: list[Identity] = []
    for user in people:
        assert user is not None, "it is in the configuration"
        device = directory.device(account.id, user.number)
        assert device is not None, "so is its device"
        callers.append(UserIdentity(account, user, device))
    asked: list[tuple[Identity, str]] = []
    for n in range(USERS):
        asked += [
            (callers[n], "14155550100"),
            (TrunkIdentity(trunk, "address"), str(12_025_550_000 + n)),
            (callers[n], str(1_000 + (n + 1) % USERS)),
        ]
    channels = Channels(Admissions(), FraudGuard())
    failed, latencies = 0, []
    started, before = time.perf_counter(), time.process_time()
    for n in range(count):
        identity, number = asked[n % len(asked)]
        call, now = CallId(f"call_{n}"), n / 1_000
        begun = time.perf_counter()
        found = route(directory, identity, "demo.local", number, WALL)
        if isinstance(found, Refusal):
            failed += 1
            continue
        trace = Trace(call, _wall, 100)
        failed += channels.take(call, found, number, trace, now) is not None
        channels.give_back(call, 0.0, now)
        latencies.append(time.perf_counter() - begun)
    elapsed, used = time.perf_counter() - started, time.process_time() - before
    each = used / count
    return Row(
        "native route",
        "s⁻¹",
        count,
        elapsed,
        used,
        each * 1e6,
        1 / max(each, 1e-9),
        failed,
        float(np.percentile(latencies, 50)) * 1000,
        float(np.percentile(latencies, 99)) * 1000,
        rate=count / elapsed,
    )


def _accounts() -> tuple[Account, ...]:
    document = {
        "accounts": [
            {
                "id": "acc_demo",
                "domain": "demo.local",
                "call_limits": [{"scope": "account", "max": 1_000_000, "period": "1m"}],
                "users": [
                    {"number": str(1_000 + n), "max_simultaneous": 2, "devices": [{"password": "secret"}]}
                    for n in range(USERS)
                ],
                "dids": [
                    {"number": str(12_025_550_000 + n), "target": {"user": str(1_000 + n)}, "max_channels": 5}
                    for n in range(USERS)
                ],
                "trunks": [
                    {"name": "carrier", "proxy": "sip:192.0.2.10", "max_channels": 100, "default": True}
                ],
            }
        ]
    }
    return parse(json.dumps(document), "bench", Path(), {}).accounts


def _wall(now: float) -> int:
    return WALL + int(now * 1000)


def _route(connection: http.client.HTTPConnection, caller: str, call_id: str) -> Any:
    asked = {"callId": call_id, "from": caller, "fromDomain": "demo.local", "to": "14155550100"}
    return _post(connection, "/route", asked)["rtjson"]


def _post(connection: http.client.HTTPConnection, path: str, fields: dict[str, str]) -> Any:
    connection.request("POST", path, json.dumps(fields), {"Content-Type": "application/json"})
    response = connection.getresponse()
    content = response.read()
    assert response.status == 200, content
    return json.loads(content)
