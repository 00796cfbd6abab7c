"""What a trunk may be and do, as sipp sees it from the far end (issue 3, *Trunks*)."""

import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.interop.house import CLOSED, OURS, House, dialled
from tests.interop.test_sipp_calls import BOTH, ended, hung_up, taken, up
from tests.support.address import SIP_PORT, loopback
from tests.support.daemon import Daemon
from tests.support.process import wait_until
from tests.support.scenario import AUDIO, called, calling
from tests.support.sip import Message
from tests.support.sipp import Sipp

CHALLENGE = 'Proxy-Authenticate: Digest realm="carrier", nonce="{}", algorithm=MD5, qop="auth"'


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = House(tmp_path_factory.mktemp("house"))
    with made.daemon:
        yield made


def far_invite(house: House, number: str, transport: str) -> Message:
    """A call to `number` that goes well; the INVITE at the far end."""
    with (
        house.callee(ended(taken()), transport=transport) as far,
        house.caller(hung_up(up()), number, transport=transport) as near,
    ):
        near.done()
        far.done()
        return far.one("INVITE")


@BOTH
def test_a_trunk_with_its_codecs_and_digits_without_plus(house: House, transport: str) -> None:
    number = dialled("alaw", transport)
    invite = far_invite(house, number, transport)
    assert invite.uri.startswith(f"sip:{number.removeprefix('+')}@")
    assert " RTP/AVP 8 101\r\n" in invite.body.decode()


@BOTH
def test_a_trunk_with_rewritten_numbers_and_one_hidden_identity(house: House, transport: str) -> None:
    """RFC 3325, RFC 3323: asserted to the carrier, hidden from who is called."""
    invite = far_invite(house, dialled("national", transport), transport)
    assert invite.uri.startswith("sip:05550100@")
    assert "anonymous@anonymous.invalid" in invite.header("From")
    assert "sip:12025550199@" in invite.header("P-Asserted-Identity") and invite.header("Privacy") == "id"


@BOTH
def test_a_trunk_with_a_plus_and_no_more_channels_than_it_has(house: House, transport: str) -> None:
    """The second call at once is 503 with Retry-After or Warning, and the channel comes back."""
    number, later = dialled("one", transport), dialled("one", transport, "5550102")
    talks = up().pause(700).request("BYE").expect(200)
    full = calling().invite(AUDIO, digest=True).expect(100, optional=True).expect(503).ack_refusal()
    with house.callee(taken().pause(600).comes("BYE").respond(200), transport=transport) as far:
        with house.caller(talks, number, transport=transport) as first:
            far.wait_for("ACK")
            with house.caller(full, later, transport=transport) as second:
                second.done()
                assert "trunk" in second.one(503).header("Warning")
            first.done()
        far.done()
        assert far.one("INVITE").uri.startswith(f"sip:{number}@")
    assert far_invite(house, later, transport).uri.startswith(f"sip:{later}@")


@BOTH
def test_a_trunk_with_so_many_calls_a_second(house: House, transport: str) -> None:
    number = dialled("slow", transport)
    refused = calling().invite(AUDIO, digest=True).expect(100, optional=True).expect(503).ack_refusal()
    with (
        house.callee(ended(taken()), transport=transport) as far,
        house.caller(hung_up(up()), number, transport=transport) as first,
    ):
        far.wait_for("INVITE")
        with house.caller(refused, number, transport=transport) as second:
            second.done()
        first.done()
        far.done()
    time.sleep(1.0)  # the second in which one call may begin
    assert far_invite(house, number, transport)


@BOTH
def test_a_trunk_that_challenges_gets_our_credentials(house: House, transport: str) -> None:
    """RFC 3261 §22.3: 407, ACK, and the INVITE again with the next CSeq."""
    callee = called().incoming().answer(407, headers=CHALLENGE.format("n1")).ack_comes()
    callee.incoming().answer(180).answer(200, AUDIO).ack_comes()
    with (
        house.callee(ended(callee), transport=transport) as far,
        house.caller(hung_up(up()), dialled("digest", transport), transport=transport) as near,
    ):
        near.done()
        far.done()
        first, second = far.wire("INVITE")
        assert second.header("CSeq") == "2 INVITE" and second.header("Call-ID") == first.header("Call-ID")
        assert 'username="us-' in second.header("Proxy-Authorization")


@BOTH
def test_a_trunk_that_proves_itself_calls_from_anywhere(house: House, transport: str) -> None:
    """RFC 3261 §22.1: challenged as a user is, and led on as a trunk."""
    who = {"user": f"us-{OURS[transport]}", "password": "secret"}
    with (
        house.callee(ended(taken())) as far,
        house.caller(hung_up(up()), CLOSED, transport=transport, **who) as near,
    ):
        near.done()
        far.done()
        first, second = near.wire("INVITE", received=False)
    assert b"Authorization" not in first.bytes() and f'username="{who["user"]}"' in second.header(
        "Authorization"
    )
    rows = house.daemon.trace(second.header("Call-ID"))
    assert any((row["event"], row.get("outcome")) == ("trunk", f"digest-{OURS[transport]}") for row in rows)


def turned_away(house: House, number: str, transport: str, **who: str) -> str:
    """The rule by which a call that would cost is refused; its trace says what to change."""
    refused = calling().invite(AUDIO, digest=True).expect(100, optional=True).expect(403).ack_refusal()
    with house.caller(refused, number, transport=transport, **who) as near:
        near.done()
        answer = near.one(403)
    rows = house.daemon.trace(answer.header("Call-ID"))
    assert any("fraud" in row["data"].get("fix", "") for row in rows), rows
    return answer.header("Warning")


@BOTH
def test_a_call_to_a_prefix_that_is_denied_is_refused(house: House, transport: str) -> None:
    assert "fraud_destination" in turned_away(house, "+19005550100", transport)


@pytest.mark.parametrize(("transport", "number"), [("u1", "1013"), ("t1", "1016")])
def test_who_has_used_up_his_day_is_refused(house: House, transport: str, number: str) -> None:
    """Minutes by rate: the first call has cost too much for a second."""
    who = {"user": number, "password": number}
    with (
        house.callee(ended(taken())) as far,
        house.caller(hung_up(up()), "+14159950100", transport=transport, **who) as near,
    ):
        near.done()
        far.done()
    assert "fraud_daily" in turned_away(house, "+14159950100", transport, **who)


@BOTH
def test_a_proxy_of_another_realm_gets_no_proof_of_the_trunks_password(house: House, transport: str) -> None:
    """RFC 3261 §22.3: it challenges for realm carrier, and the password is for another."""
    refused = calling().invite(AUDIO, digest=True).expect(100, optional=True).expect(502).ack_refusal()
    between = called().incoming().answer(407, headers=CHALLENGE.format("n1")).ack_comes()
    with (
        house.callee(between, transport=transport) as far,
        house.caller(refused, dialled("foreign", transport), transport=transport) as near,
    ):
        near.done()
        far.done()
        assert "Proxy-Authorization" not in dict(far.one("INVITE").headers)


def test_what_grows_too_large_for_a_datagram_reaches_a_trunk_that_listens_by_udp_alone(house: House) -> None:
    """RFC 3261 §18.1.1: by TCP, which is refused, and then by UDP in fragments."""
    callee = called().incoming().answer(407, headers=CHALLENGE.format("n" * 1_100)).ack_comes()
    callee.incoming().answer(180).answer(200, AUDIO).ack_comes()
    with house.callee(ended(callee)) as far, house.caller(hung_up(up()), "+14275550100") as near:
        near.done()
        far.done()
        _, second = far.wire("INVITE")
        assert len(second.header("Proxy-Authorization")) > 1_100 and "/UDP " in second.header("Via")
        (bye,) = far.wire("BYE")
        assert "nc=00000002" in bye.header("Proxy-Authorization") and "/UDP " in bye.header("Via")


@BOTH
def test_a_trunk_that_challenges_inside_a_call_too_finds_each_proof_right(
    house: House, transport: str
) -> None:
    """RFC 3261 §22.2, RFC 7616: sipp computes both responses itself; the second nonce is new."""
    asks = [CHALLENGE.format(nonce).replace("Proxy", "WWW") for nonce in ("n1", "n2")]
    who = (f"us-{'udp' if transport == 'u1' else 'tcp'}", "secret")
    callee = called().incoming().answer(401, headers=asks[0]).ack_comes()
    callee.incoming().proven(*who).answer(180).answer(200, AUDIO).ack_comes()
    callee.comes("BYE").respond(401, headers=asks[1]).comes("BYE").proven(*who).respond(200)
    with (
        house.callee(callee, transport=transport) as far,
        house.caller(hung_up(up()), dialled("digest", transport), transport=transport) as near,
    ):
        near.done()
        far.done()
        first, second = far.wire("BYE")
        assert [int(bye.header("CSeq").split()[0]) for bye in (first, second)] == [3, 4]
        assert 'nonce="n2"' in second.header("Authorization") and "nc=00000001" in second.header(
            "Authorization"
        )


@BOTH
def test_a_trunk_that_must_be_secret_is_offered_srtp_and_left_when_it_declines(
    house: House, transport: str
) -> None:
    """RFC 4568: RTP/SAVP with a key; an answer in the clear ends the call."""
    refused = calling().invite(AUDIO, digest=True).expect(100, optional=True).expect(180, optional=True)
    refused.expect(488).ack_refusal()
    with (
        house.callee(ended(taken()), transport=transport) as far,
        house.caller(refused, dialled("secret", transport), transport=transport) as near,
    ):
        near.done()
        far.done()
        offer = far.one("INVITE").body.decode()
    assert " RTP/SAVP " in offer and "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" in offer


@pytest.mark.parametrize(
    ("status", "transport"), [(500, "u1"), (503, "u1"), (408, "u1"), (503, "t1"), (504, "t1")]
)
def test_a_trunk_that_fails_is_followed_by_the_next_of_its_route(
    house: House, status: int, transport: str
) -> None:
    fails = called().incoming().answer(status).ack_comes()
    number = {"u1": "+14225550100", "t1": "+14255550100"}[transport]
    with (
        house.callee(fails, transport=transport) as first,
        house.callee(ended(taken()), address=house.other) as second,
        house.caller(hung_up(up()), number, transport=transport) as near,
    ):
        near.done()
        first.done()
        second.done()


@pytest.mark.parametrize(
    ("status", "transport"), [(486, "u1"), (600, "u1"), (603, "u1"), (404, "u1"), (486, "t1")]
)
def test_an_answer_of_the_callee_leads_to_no_other_trunk(house: House, status: int, transport: str) -> None:
    number = {"u1": "+14225550100", "t1": "+14255550100"}[transport]
    refused = calling().invite(AUDIO, digest=True).expect(100, optional=True).expect(status).ack_refusal()
    with (
        house.callee(called().incoming().answer(status).ack_comes(), transport=transport) as far,
        house.callee(ended(taken()), address=house.other) as other,
        house.caller(refused, number, transport=transport) as near,
    ):
        near.done()
        far.done()
        assert not other.wire()


def test_a_trunk_that_nobody_answers_for_is_left_in_time(house: House) -> None:
    """An ICMP port unreachable at once, or the time that a server gets."""
    with (
        house.callee(ended(taken()), address=house.other) as far,
        house.caller(hung_up(up()), "+14235550100", timeout=50) as near,
    ):
        near.done()
        far.done()
        assert far.one("INVITE").uri.startswith("sip:+14235550100@")


def carrier(folder: Path, address: str, transport: str = "udp", **more: Any) -> Daemon:
    proxy = f"sip:{address}:{SIP_PORT};transport={transport}"
    trunk = {"name": "carrier", "proxy": proxy, "default": True, **more}
    return Daemon(folder / "daemon", account={"trunks": [trunk]})


def state(daemon: Daemon, what: str) -> set[str]:
    """Labels of the trunk samples that are set."""
    return {name for name, value in daemon.metrics().items() if what in name and value}


@BOTH
def test_we_register_at_the_carrier_and_refresh_in_time(tmp_path: Path, transport: str) -> None:
    """RFC 3261 §10.2: 401, credentials, 200; again before 60 s are over when it grants 6."""
    address = loopback()
    registrar = (
        called().comes("REGISTER").respond(401, headers=CHALLENGE.format("n1").replace("Proxy", "WWW"))
    )
    registrar.comes("REGISTER").respond(200, headers="Expires: 6")
    registrar.comes("REGISTER").respond(200, headers="Expires: 600")
    register = {"username": "us", "password": "secret", "expires": "10m"}
    with (
        Sipp(tmp_path / "registrar", registrar, address=address, transport=transport) as far,
        carrier(tmp_path, address, OURS[transport], register=register),
    ):
        far.done()
        first, second, third = far.wire("REGISTER")
        assert 'username="us"' in second.header("Authorization")
        assert first.header("Call-ID") == second.header("Call-ID") == third.header("Call-ID")
        assert [m.header("CSeq") for m in (first, second, third)] == [f"{n} REGISTER" for n in (1, 2, 3)]
        assert 4.0 < third.at - second.at < 10.0, "most of the 6 s, not of the 600"


@BOTH
def test_a_carrier_that_grants_too_briefly_is_asked_for_what_it_wants(tmp_path: Path, transport: str) -> None:
    """RFC 3261 §10.2.8: 423 with Min-Expires."""
    address = loopback()
    registrar = called().comes("REGISTER").respond(423, headers="Min-Expires: 1800")
    registrar.comes("REGISTER").respond(200, headers="Expires: 1800")
    register = {"username": "us", "password": "secret", "expires": "10m"}
    with (
        Sipp(tmp_path / "registrar", registrar, address=address, transport=transport) as far,
        carrier(tmp_path, address, OURS[transport], register=register) as daemon,
    ):
        far.done()
        first, second = far.wire("REGISTER")
        assert (first.header("Expires"), second.header("Expires")) == ("600", "1800")
        wait_until(lambda: bool(state(daemon, "trunk")), 5.0, what="the state is visible")


def test_a_carrier_that_is_out_of_order_is_asked_ever_later_until_it_answers(tmp_path: Path) -> None:
    """RFC 5626 §4.5: 503 thrice, each wait about twice the last; both states are seen in `/metrics`."""
    address = loopback()
    registrar = called()
    for _ in range(3):
        registrar.comes("REGISTER").respond(503)
    registrar.comes("REGISTER").respond(200, headers="Expires: 600")
    register = {"username": "us", "password": "secret", "retry": "1s", "retry_max": "1m"}
    with (
        Sipp(tmp_path / "registrar", registrar, address=address, timeout=60) as far,
        carrier(tmp_path, address, register=register) as daemon,
    ):
        wait_until(lambda: registered(daemon) == 0.0, 20.0, what="the state is seen")
        far.done()
        wait_until(lambda: registered(daemon) == 1.0, 20.0, what="the state is seen")
        waits = [b.at - a.at for a, b in pairwise(far.wire("REGISTER"))]
        assert len(waits) == 3 and all(least <= w for least, w in zip((0.5, 1.0, 2.0), waits, strict=True))


def registered(daemon: Daemon) -> float | None:
    found = [v for name, v in daemon.metrics().items() if name.startswith("tandem_trunk_registered{")]
    return found[0] if found else None


@BOTH
def test_a_trunk_is_probed_and_its_health_changes_slowly(tmp_path: Path, transport: str) -> None:
    """OPTIONS each second (RFC 3261 §11): one failure changes nothing, three in a row do."""
    address = loopback()

    def answers(status: int, calls: int) -> None:
        scenario = called().comes("OPTIONS").respond(status)
        folder = tmp_path / f"{status}-{time.monotonic()}"
        with Sipp(folder, scenario, address=address, calls=calls, transport=transport) as far:
            far.done()
            told = far.wire("OPTIONS")
            assert all(b.at - a.at > 0.8 for a, b in pairwise(told))

    health = {"interval": "1s", "down_after": 3, "up_after": 2}
    with carrier(tmp_path, address, OURS[transport], health=health) as daemon:
        answers(200, 2)
        answers(503, 1)
        answers(200, 1)
        daemon.child.wait_for("carrier.*(down)", 10.0)  # nobody is there any more
        answers(200, 2)
        wait_until(lambda: len(changes(daemon)) >= 2, 5.0, what="it is up again")
        assert ["down" in line for line in changes(daemon)][-2:] == [True, False]
        assert sum("down" in line for line in changes(daemon)) == 1, changes(daemon)


def changes(daemon: Daemon) -> list[str]:
    return [line for line in daemon.child.lines if "carrier" in line and "health" in line]
