"""The same question at both doors, SIP and HTTP, has the same answer (S004-12, C-32)."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from config.schedule import Schedule
from edge.directory import BusinessHours, CallLimit, Target
from edge.outside.proof import Denied, Proven
from edge.sip.digest import choose
from edge.sip.message import Request, Response
from tests.support.directory import FakeDirectory
from tests.support.edge import Phone, final
from tests.support.outside import Outside

Change = Callable[[FakeDirectory], None]


def directory() -> FakeDirectory:
    made = FakeDirectory()
    made.add_user("1001")
    made.add_user("1002")
    made.add_user("1003")
    made.add_trunk("carrier", "sip:127.0.0.9:5060", default=True)
    made.add_did("12025550123", "user", "1002")
    made.add_did("12025550129", "hangup")
    made.extensions["70"] = Target("extension", "70")
    return made


def full_did(made: FakeDirectory) -> None:
    made.dids["12025550123"] = replace(made.dids["12025550123"], max_channels=0)


def full_account(made: FakeDirectory) -> None:
    made.max_in = 0


def full_out(made: FakeDirectory) -> None:
    made.max_out = 0


def full_trunk(made: FakeDirectory) -> None:
    made.trunks["carrier"] = replace(made.trunks["carrier"], max_channels=0)


def full_user(made: FakeDirectory) -> None:
    made.users["1001"] = replace(made.users["1001"], max_simultaneous=0)


def closed(made: FakeDirectory) -> None:
    hours = BusinessHours(Schedule(force="closed"), "UTC", None, None)
    made.dids["12025550123"] = replace(made.dids["12025550123"], hours=hours)


def no_trunk(made: FakeDirectory) -> None:
    made.trunks.clear()


def too_fast(made: FakeDirectory) -> None:
    account = made._account()
    limited = replace(account, call_limits=(CallLimit("account", "", "any", 60.0, 0, True),))
    made.account = lambda id: limited  # type: ignore[method-assign]
    made.account_of_host = lambda host: limited if host == "demo.local" else None  # type: ignore[method-assign]


def disabled(made: FakeDirectory) -> None:
    made.devices["1001"] = replace(made.devices["1001"], disabled=True)


def nothing(made: FakeDirectory) -> None:
    """As it is."""


@dataclass(frozen=True)
class Refused:
    line: str
    dialled: str
    status: int
    code: str
    change: Change = nothing


REFUSED = [
    Refused("S004-25 unknown number", "4711x", 404, "no_such_number"),
    Refused("S004-25 not registered", "1003", 480, "not_registered"),
    Refused("S004-25 DID busy", "12025550123", 486, "did_busy", full_did),
    Refused("S004-25 user busy", "1002", 486, "user_busy", full_user),
    Refused(
        "S004-25 account full, S004-16 before the target", "12025550123", 503, "account_limit", full_account
    ),
    Refused("S004-18 admission before the trunk", "14155550100", 503, "account_limit", full_out),
    Refused("S004-60 trunk full", "14155550100", 503, "trunk_limit", full_trunk),
    Refused("S004-60 rate window", "1002", 503, "rate_limit", too_fast),
    Refused("S004-25 S004-27 closed without override", "12025550123", 480, "closed", closed),
    Refused("S004-25 loop", "70", 482, "extension_loop"),
    Refused("S004-26 no trunk", "14155550100", 404, "no_route", no_trunk),
    Refused("a DID that declines", "12025550129", 603, "declined"),
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.line)
def test_a_refusal_has_the_same_status_and_code(case: Refused) -> None:  # S004-21 S004-25 S004-28
    answers = []
    for native in (True, False):
        made = directory()
        case.change(made)
        outside = Outside(made)
        Phone(outside.bench, "1002", 3).register()
        if native:
            response = final(Phone(outside.bench, "1001").dial(case.dialled))
            code = (response.headers.get("Warning") or "").partition('"')[2].partition(":")[0]
            answers.append((response.status, code, response.headers.get("Retry-After")))
        else:
            found = outside.route("1001", case.dialled)
            assert found["action"] == "reject"
            retry = found.get("retry_after")
            answers.append((found["code"], found["reason"], None if retry is None else str(retry)))
        assert len(outside.bench.switch.admissions) == 0, "nothing is left taken"
        (cdr,) = outside.bench.journal.cdrs
        assert (cdr.sip_status, cdr.cause) == (case.status, case.code)
    assert answers[0] == answers[1] and answers[0][:2] == (case.status, case.code)
    assert (answers[0][2] is not None) == (case.status == 503)


@pytest.mark.parametrize(
    ("dialled", "at"),
    [("1002", "127.0.0.3"), ("12025550123", "127.0.0.3"), ("+14155550100", "127.0.0.9")],
)
def test_a_call_goes_to_the_same_place_and_takes_the_same_channels(dialled: str, at: str) -> None:
    """S004-15, S004-17, S004-18: DID, extension, PSTN."""
    taken = []
    for native in (True, False):
        outside = Outside(directory())
        Phone(outside.bench, "1002", 3).register()
        if native:
            phone = Phone(outside.bench, "1001")
            phone.dial(dialled)
            (invite,) = [
                m for m, flow in outside.bench.sent if isinstance(m, Request) and flow.remote[0] == at
            ]
            assert invite.method == "INVITE"
        else:
            found = outside.route("1001", dialled)
            targets = found.get("contacts") or [found["uri"]]
            assert isinstance(targets, list) and at in targets[0]
        taken.append(outside.bench.switch.admissions.of(outside.bench.directory._account().id))
    assert taken[0] == taken[1] and taken[0]


@pytest.mark.parametrize("dialled", ["1002", "*43", "14155550100"])
def test_who_proves_nothing_is_never_relayed(dialled: str) -> None:  # S004-26
    outside = Outside(directory())
    Phone(outside.bench, "1002", 3).register()
    eve = Phone(outside.bench, "eve", 6)
    eve.say("INVITE", f"sip:{dialled}@demo.local", body=eve.sdp())
    assert eve.statuses() == [401]
    assert outside.route("eve", dialled, domain="evil.example")["code"] == 403
    assert not outside.bench.switch.calls and len(outside.bench.switch.admissions) == 0


def register(phone: Phone, challenge: Response, password: str, nonce: str = "") -> Response:
    phone.password = password
    uri = "sip:demo.local"
    proof = phone.authorization(challenge, "REGISTER", uri)
    phone.say("REGISTER", uri, to=f"<sip:{phone.number}@demo.local>", headers=f"Expires: 60\r\n{proof}")
    (response,) = phone.got()
    assert isinstance(response, Response)
    return response


def challenged(phone: Phone) -> Response:
    phone.say("REGISTER", "sip:demo.local", to=f"<sip:{phone.number}@demo.local>")
    (response,) = phone.got()
    assert isinstance(response, Response) and response.status == 401
    return response


def nonce_of(response: Response) -> str:
    chosen = choose(response.headers.all("WWW-Authenticate"))
    assert chosen is not None
    return chosen.nonce


@pytest.mark.parametrize(
    ("number", "password", "change", "age", "status", "reason"),
    [
        ("1001", "secret", nothing, 0.0, 200, "ok"),
        ("1001", "guess", nothing, 0.0, 401, "bad_response"),
        ("mallory", "guess", nothing, 0.0, 401, "unknown_user"),
        ("1001", "secret", nothing, 400.0, 401, "stale"),
        ("1001", "secret", disabled, 0.0, 403, "disabled"),
    ],
)
def test_a_digest_has_the_same_verdict(
    number: str, password: str, change: Change, age: float, status: int, reason: str
) -> None:  # S004-06 S004-07 S004-10 S004-11 S004-12
    made = directory()
    change(made)
    outside = Outside(made)
    phone = Phone(outside.bench, number)
    ours, theirs = challenged(phone), nonce_of(challenged(phone))
    outside.bench.now += age
    response = register(phone, ours, password)
    assert response.status == status
    found = outside.auth(number, password, nonce=theirs, method="REGISTER")
    assert isinstance(found, Proven) if status == 200 else isinstance(found, Denied)
    assert (found.reason if isinstance(found, Denied) else "ok") == reason
    stale = "stale=true" in (response.headers.get("WWW-Authenticate") or "")
    assert stale == (isinstance(found, Denied) and found.stale)


def test_a_nonce_is_used_up_at_both_doors_at_once() -> None:  # S004-11
    outside = Outside(directory())
    phone = Phone(outside.bench, "1001")
    asked = challenged(phone)
    assert register(phone, asked, "secret").status == 200
    replay = outside.auth("1001", nonce=nonce_of(asked), method="REGISTER")
    assert isinstance(replay, Denied) and replay.reason == "stale"
