"""What the whole switch tells the ban engine (issue 3, Security; S004-75; design §6, order on INVITE)."""

from collections import Counter
from typing import Any

import pytest

from config.security import Enumeration, FailedAuth, Security, Threshold
from edge.directory import Target
from edge.journal import Binding
from edge.security.witness import Witness
from edge.sip import digest
from edge.sip.flow import Flow, Transport
from edge.sip.message import Response
from edge.sip.nonce import Nonces
from edge.trace.attempts import Attempts
from tests.support.directory import ACC, FakeDirectory
from tests.support.edge import Bench, FakeJournal, Phone, final
from tests.support.security import shield

ECHOED = ("Via", "From", "To", "Call-ID", "CSeq")
EVE = ("127.0.0.6", 5060)


@pytest.fixture
def bench() -> Bench:
    directory = FakeDirectory()
    directory.add_user("1001", "alice")
    directory.add_trunk("carrier", ip="127.0.0.9", default=True)
    directory.add_did("12025550123", "answer")
    quick = Threshold(count=5, per=60.0, ban=600.0)
    many = Enumeration(count=5, per=60.0, ban=600.0)
    failed = FailedAuth(count=5, per=60.0, ban=600.0)
    return Bench(directory, security=Security(failed_auth=failed, enumeration=many, malformed=quick))


def register(bench: Bench, name: str, n: int = 6, password: str = "guess") -> int:
    """Status of a REGISTER with a made-up password, 0: no answer."""
    phone = Phone(bench, name, n, password)
    phone.call_id = f"{name}-{bench.now}-{password}"
    bench.now += 0.01
    to = f"<sip:{name}@demo.local>"
    phone.say("REGISTER", "sip:demo.local", to=to)
    got = phone.got()
    if not got:
        return 0
    assert isinstance(got[-1], Response)
    if got[-1].status != 401:
        return got[-1].status
    proof = phone.authorization(got[-1], "REGISTER", "sip:demo.local")
    phone.say("REGISTER", "sip:demo.local", to=to, headers=proof)
    got = phone.got()
    return got[-1].status if got and isinstance(got[-1], Response) else 0


def test_a_guesser_of_passwords_is_banned_and_gets_no_byte_more(bench: Bench) -> None:
    assert [register(bench, "alice", password=f"p{n}") for n in range(5)] == [401] * 5
    assert bench.keeper.rules() == [("127.0.0.6", "failed_auth")]
    bench.take()
    assert register(bench, "alice", password="secret") == 0, "the right one comes too late"
    for method in ("OPTIONS", "INVITE", "REGISTER"):
        Phone(bench, "alice", 6).say(method, "sip:1001@demo.local")
    bench.receive(b"garbage", EVE)
    bench.advance(40.0)
    assert bench.take() == [] and not bench.switch.calls
    bench.advance(600.0)
    assert register(bench, "alice", password="secret") == 200


def test_a_first_challenge_and_an_old_nonce_are_no_failures(bench: Bench) -> None:
    for n in range(20):
        phone = Phone(bench, "alice", 6)
        phone.call_id = f"c{n}"
        phone.say("REGISTER", "sip:demo.local", to="<sip:alice@demo.local>")
    phone.say("REGISTER", "sip:demo.local", to="<sip:alice@demo.local>")
    challenge = phone.got()[-1]
    assert isinstance(challenge, Response)
    proof = phone.authorization(challenge, "REGISTER", "sip:demo.local")
    bench.advance(400.0)
    for _ in range(20):
        phone.say("REGISTER", "sip:demo.local", to="<sip:alice@demo.local>", headers=proof)
        bench.now += 0.1
    assert bench.keeper.begun == [] and bench.shield.offences.total() == 0


def test_behind_an_address_with_phones_a_wrong_password_locks_its_username_alone(bench: Bench) -> None:
    """The others are served; the locked one is told so, unheard, and as much as who does not exist."""
    bench.directory.add_user("1002", "bob")
    bench.directory.add_user("1003", "carol")
    assert [register(bench, name, password="secret") for name in ("bob", "carol")] == [200, 200]
    for name in ("alice", "nobody"):
        assert [register(bench, name, password=f"p{n}") for n in range(5)] == [401] * 5
        assert register(bench, name, password="secret") == 403
    assert [lock[:2] for lock in bench.keeper.locks] == [
        ("127.0.0.6", "alice@demo.local"),
        ("127.0.0.6", "nobody@demo.local"),
    ]
    assert register(bench, "bob", password="secret") == 200 and bench.keeper.rules() == []
    assert register(bench, "alice", 7, password="secret") == 200, "elsewhere it is heard"
    bench.advance(601.0)
    assert register(bench, "alice", password="secret") == 200


def test_a_phone_gets_back_in_although_its_username_was_locked_and_its_connection_ended(bench: Bench) -> None:
    """Of the user's two phones behind one address, the other one has a wrong password."""
    phone = Phone(bench, "alice", 6, transport=Transport.TCP)
    phone.connection = 1
    assert phone.register().status == 200
    assert [register(bench, "alice", password=f"p{n}") for n in range(5)] == [401] * 5
    assert register(bench, "alice", password="guess") == 403
    bench.closed(Flow(Transport.TCP, phone.source, 0, 1))
    phone.source, phone.connection = (phone.source[0], 40_001), 2
    assert phone.register().status == 200


def test_who_has_one_phone_and_tries_the_names_of_others_is_banned(bench: Bench) -> None:
    bench.directory.add_user("1002", "bob")
    assert register(bench, "bob", password="secret") == 200
    assert [register(bench, f"victim{n}") for n in range(4)] == [401, 401, 401, 0]
    assert bench.keeper.rules() == [("127.0.0.6", "failed_auth")]


@pytest.mark.parametrize("method", ["REGISTER", "INVITE", "OPTIONS", "MESSAGE"])
def test_whoever_asks_for_many_names_that_do_not_exist_is_banned_and_finds_none(
    bench: Bench, method: str
) -> None:
    answers: dict[str, list[int]] = {}
    for name in ("100", "101", "1001", "102", "103", "104", "105", "alice"):
        phone = Phone(bench, name if method == "REGISTER" else "svwar", 6)
        phone.call_id = f"scan-{name}"
        uri = "sip:demo.local" if method == "REGISTER" else f"sip:{name}@demo.local"
        phone.say(method, uri, to=f"<sip:{name}@demo.local>", body=phone.sdp() if method == "INVITE" else "")
        answers[name] = phone.statuses()
    assert bench.keeper.rules() == [("127.0.0.6", "enumeration")]
    assert answers["1001"] == answers["100"], "what exists looks like what does not"
    assert answers["105"] == answers["alice"] == []


def test_a_phone_that_says_who_it_is_may_dial_what_it_likes(bench: Bench) -> None:
    for n in range(20):
        phone = Phone(bench, "alice", 2)
        phone.call_id = f"c{n}"
        assert final(phone.dial(f"nobody{n}")).status == 404
    assert bench.keeper.begun == []


def test_strangers_may_call_many_dids_of_ours_and_not_guess_at_others(bench: Bench) -> None:
    for n in range(20):
        bench.directory.add_did(f"1202555{n:04}", "hangup")
        phone = Phone(bench, "eve@away.example", 6)
        phone.call_id = f"c{n}"
        assert final(phone.dial(f"1202555{n:04}")).status == 603
    assert bench.keeper.begun == []
    for n in range(5):
        phone = Phone(bench, "eve@away.example", 6)
        phone.call_id = f"d{n}"
        phone.dial(f"{n}00441234567890")
    assert bench.keeper.rules() == [("127.0.0.6", "enumeration")]


def test_a_scanner_is_never_answered(bench: Bench) -> None:
    phone = Phone(bench, "100", 6)
    phone.say("OPTIONS", "sip:100@127.0.0.1", headers="User-Agent: friendly-scanner\r\n")
    phone.say("OPTIONS", "sip:100@127.0.0.1", headers="User-Agent: Yealink\r\n")
    assert bench.take() == [] and bench.keeper.rules() == [("127.0.0.6", "scanner")]
    assert len(bench.switch.layer) == 0, "no transaction was spent on it"


def test_garbage_is_answered_until_it_is_a_flood(bench: Bench) -> None:
    bad = (
        b"INVITE sip:1@h SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.6;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n"
        b"To: <sip:b@c>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\nMax-Forwards: x\r\n\r\n"
    )
    for _ in range(10):
        bench.receive(bad, EVE)
    assert len(bench.take()) == 4 and bench.keeper.rules() == [("127.0.0.6", "malformed")]
    for _ in range(100):
        bench.receive(b"\r\n\r\n\r\n", ("127.0.0.7", 5060))
    assert bench.keeper.rules() == [("127.0.0.6", "malformed")], "an empty datagram is a keep-alive"


def test_a_call_that_is_up_may_send_what_it_likes(bench: Bench) -> None:
    phone = Phone(bench, "eve@away.example", 6)
    phone.ack(final(phone.dial("12025550123")))
    for _ in range(500):
        phone.say("INFO", phone.remote, to=phone.to)
    phone.bye()
    assert bench.keeper.begun == [] and 200 in phone.statuses()
    for _ in range(200):
        phone.say("OPTIONS", "sip:1001@demo.local")
    assert bench.keeper.rules() == [("127.0.0.6", "flood")]


def test_stray_responses_are_a_flood_too(bench: Bench) -> None:
    stray = (
        b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\n"
        b"To: <sip:b@c>;tag=2\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n\r\n"
    )
    for _ in range(250):
        bench.receive(stray, EVE)
    assert bench.keeper.rules() == [("127.0.0.6", "flood")]


def test_many_phones_behind_one_address_may_come_back_at_once(bench: Bench) -> None:
    for n in range(20):
        bench.directory.add_user(f"20{n:02}")
        assert Phone(bench, f"20{n:02}", 8).register().status == 200
    for n in range(300):
        phone = Phone(bench, f"20{n % 20:02}", 8)
        phone.call_id = f"again{n}"
        phone.say("REGISTER", "sip:demo.local", to=f"<sip:20{n % 20:02}@demo.local>")
    assert bench.keeper.begun == []


def test_trunks_are_exempt(bench: Bench) -> None:
    for n in range(500):
        phone = Phone(bench, f"1415555{n:04}", 9)
        phone.call_id = f"t{n}"
        phone.say("OPTIONS", f"sip:nobody{n}@demo.local", headers="User-Agent: sipcli\r\n")
    assert bench.keeper.begun == [] and len(bench.take()) == 500


def test_a_trunk_that_proved_itself_may_call_at_any_rate(bench: Bench) -> None:
    bench.directory.add_trunk("pbx", username="pbx", password="secret")
    phone = Phone(bench, "pbx", 7)
    assert final(phone.dial("1001")).status == 404, "a trunk reaches DIDs alone, but it has proved itself"
    for n in range(400):
        other = Phone(bench, "pbx", 7)
        other.call_id = f"c{n}"
        other.say("INVITE", "sip:12025550123@demo.local", body=other.sdp())
    assert bench.keeper.begun == []


def test_a_phone_that_proved_itself_without_registering_may_call_at_any_rate(bench: Bench) -> None:
    assert final(Phone(bench, "alice", 7).dial("*43")).status == 200
    for n in range(400):
        other = Phone(bench, "alice", 7)
        other.call_id = f"c{n}"
        other.say("INVITE", "sip:*43@demo.local", body=other.sdp())
    assert bench.keeper.begun == []


def test_domains_that_are_not_ours_are_names_too(bench: Bench) -> None:
    bench.directory.accounts = lambda: ()  # type: ignore[method-assign]
    for n in range(8):
        phone = Phone(bench, "eve@away.example", 6)
        phone.call_id = f"c{n}"
        to = f"<sip:a@host{n}.example>"
        text = (
            f"REGISTER sip:host{n}.example SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.6;branch=z9hG4bK{n}\r\n"
            f"From: {to};tag=1\r\nTo: {to}\r\nCall-ID: c{n}\r\nCSeq: 1 REGISTER\r\n\r\n"
        )
        bench.receive(text.encode(), EVE)
    assert bench.keeper.rules() == [("127.0.0.6", "enumeration")]


def test_phones_of_before_the_start_are_known() -> None:
    made = shield(flood={"count": 3, "per": 1, "ban": 60})
    witness = Witness(made, FakeDirectory(), Attempts(FakeJournal(), lambda now: 0, 0))
    kept = Binding(
        ACC, "1001", "sip:1001@192.0.2.1", 1.0, 2_000_000, "c", 1, (), "udp:192.0.2.1:5060/0/0", "test"
    )
    broken = Binding(ACC, "1", "sip:1@h", 1.0, 2_000_000, "c", 1, (), "nonsense", "test")
    witness.load([broken, kept], 1_000.0, 1_000_000)
    assert all(made.admits("192.0.2.1", "", 1_001.0) for _ in range(50))
    assert made.registered_in("192.0.2.1", 1_999.0) and not made.registered_in("192.0.2.1", 2_001.0)


def test_who_tries_names_as_his_own_on_a_did_finds_none(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:  # S004-11
    """A name at our domain is challenged, whether or not somebody has it, for the same work."""
    work = Work(bench, monkeypatch)
    seen = []
    for n, name in enumerate(("1001", "9001", "alice", "bobby")):
        work.done.clear()
        phone = Phone(bench, name, 20 + n)
        phone.say("INVITE", "sip:12025550123@demo.local", body=phone.sdp())
        (response,) = phone.got()
        assert isinstance(response, Response)
        shape = [(field, len(text)) for field, text in response.headers if field not in ECHOED]
        seen.append((dict(work.done), response.status, response.reason, shape))
    assert seen[0][1] == 401 and all(other == seen[0] for other in seen), seen


def test_numbers_and_withheld_names_of_carriers_reach_a_did_beside_our_domain(bench: Bench) -> None:
    for n, name in enumerate(("14155550100", "+14155550101", "anonymous", "Restricted", "eve@127.0.0.1")):
        assert final(Phone(bench, name, 20 + n).dial("12025550123")).status == 200
    assert bench.keeper.begun == []


class Work:
    """What is done for one request: digests and MACs, and what directory and journal are asked."""

    def __init__(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        self.done: Counter[str] = Counter()
        self._bench = bench
        for where, name in ((digest, "_hash"), (Nonces, "_mac"), (Nonces, "issue"), (Nonces, "use")):
            self._count(monkeypatch, where, name)
        for name in ("device", "user", "extension", "did", "trunk_of_username", "account_of_host"):
            self._count(monkeypatch, bench.directory, name)
        for name in ("promise", "opened", "closed", "agent", "traced"):
            self._count(monkeypatch, bench.journal, name)

    def _count(self, monkeypatch: pytest.MonkeyPatch, where: Any, name: str) -> None:
        real = getattr(where, name)

        def counted(*args: Any, **kwargs: Any) -> Any:
            self.done[name] += 1
            return real(*args, **kwargs)

        monkeypatch.setattr(where, name, counted)

    def of(self, method: str, name: str, headers: str = "", n: int = 6) -> tuple[dict[str, int], Response]:
        """Of asking for `name`, and the answer."""
        self.done.clear()
        phone = Phone(self._bench, name if method == "REGISTER" else "eve", n)
        phone.call_id = f"{method}-{name}-{len(headers)}"
        uri = "sip:demo.local" if method == "REGISTER" else f"sip:{name}@demo.local"
        phone.say(method, uri, to=f"<sip:{name}@demo.local>", headers=f"Event: presence\r\n{headers}")
        (response,) = phone.got()
        assert isinstance(response, Response)
        return dict(self.done), response


@pytest.mark.parametrize("method", ["REGISTER", "INVITE", "MESSAGE", "SUBSCRIBE"])
@pytest.mark.parametrize("proof", [False, True])
@pytest.mark.parametrize("names", [("1001", "7000", "7001"), ("alice", "bobby")])
def test_who_exists_and_who_does_not_cost_the_same_work_and_get_the_same_answer(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, method: str, proof: bool, names: tuple[str, ...]
) -> None:  # S004-11
    """A user, an extension, a device, and names that nobody has: no digest, look-up or row more."""
    bench.directory.extensions["7000"] = Target("echo", "")
    work = Work(bench, monkeypatch)
    seen = []
    for n, name in enumerate(names):
        done, response = work.of(method, name, n=20 + n)
        if proof:
            chosen = digest.choose(response.headers.all("WWW-Authenticate"))
            assert chosen is not None
            uri = "sip:demo.local" if method == "REGISTER" else f"sip:{name}@demo.local"
            given = digest.answer(chosen, method, uri, name, "wrong", "c0ffee", 1)
            done, response = work.of(method, name, f"Authorization: {given}\r\n", n=20 + n)
        shape = [(field, len(text)) for field, text in response.headers if field not in ECHOED]
        seen.append((done, response.status, response.reason, shape))
    assert seen[0][1] == 401
    assert all(other == seen[0] for other in seen), list(zip(names, seen, strict=True))
