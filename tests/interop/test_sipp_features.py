"""What goes beside a call, as sipp sees it: who, whose words, music, lamps, pick-up (issue 3, *Calls*)."""

import contextlib
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from tests.edge.transport.test_hep import decode
from tests.interop.house import DID, TRANSPORTS, House
from tests.interop.test_sipp_calls import BOTH, ended, hung_up, taken, up
from tests.support.address import SIP_PORT, loopback
from tests.support.caller import Phone
from tests.support.daemon import PASSWORDS, Daemon
from tests.support.ear import Ear
from tests.support.process import wait_until
from tests.support.scenario import AUDIO, HELD, NO_STREAM, Scenario, called, calling
from tests.support.sip import Message, tag_of

OURS = "X-Ticket: 4711\nX-Secret: nobody's business"
LAMP = {"d": "urn:ietf:params:xml:ns:dialog-info"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = House(tmp_path_factory.mktemp("house"))
    with made.daemon:
        yield made


def straight(headers: str = "") -> Scenario:
    """A trunk calls, unchallenged, and is answered."""
    return calling().invite(AUDIO, headers).expect(100, optional=True).expect(180).expect(200).ack()


@BOTH
def test_a_controller_begins_without_sound_and_gives_it_later(house: House, transport: str) -> None:
    """RFC 3725 §4.4, and 100 at once; who is called hears music meanwhile."""
    begins = calling().invite(NO_STREAM).expect(100).expect(180).expect(200).ack().pause(300)
    with (
        house.callee(ended(taken()), transport=transport) as far,
        house.trunk(
            hung_up(begins.invite(AUDIO).expect(200).ack()),
            {"u1": DID, "t1": "12025550101"}[transport],
            transport=transport,
        ) as near,
    ):
        near.done()
        far.done()
        silent, loud = (m for m in near.wire(200) if "INVITE" in m.header("CSeq"))
        assert b"m=" not in silent.body and b"m=audio" in loud.body
        assert b"m=audio" in far.one("INVITE").body and len(far.wire("INVITE")) == 1


def told(house: House, transport: str) -> Message:
    """The INVITE at the trunk that a user's call with custom headers leads to."""
    with (
        house.callee(ended(taken()), transport=transport) as far,
        house.caller(
            hung_up(up(headers=OURS)), f"+{TRANSPORTS[transport]}5550100", transport=transport
        ) as near,
    ):
        near.done()
        far.done()
        return far.one("INVITE")


def test_custom_headers_pass_where_both_lists_have_them(house: House) -> None:
    """From a user to a trunk; and none of them to a trunk whose list is empty, over TCP."""
    invite = told(house, "u1")
    assert invite.header("X-Ticket") == "4711" and invite.header("X-Edge") == "one"
    assert not invite.all("X-Secret")
    other = told(house, "t1")
    assert not other.all("X-Ticket") and not other.all("X-Edge")


@BOTH
def test_custom_headers_of_a_trunk_reach_phones_and_trunks(house: House, transport: str) -> None:
    house.register("1002", house.other, transport)
    with (
        house.callee(ended(taken()), address=house.other, transport=transport) as desk,
        house.trunk(hung_up(straight(OURS)), "12025550102", transport=transport) as near,
    ):
        near.done()
        desk.done()
        assert desk.one("INVITE").header("X-Ticket") == "4711"
        assert not desk.one("INVITE").all("X-Secret")
    house.forget("1002", house.other)
    with (
        house.callee(ended(taken())) as far,
        house.trunk(hung_up(straight(OURS)), DID, transport=transport) as near,
    ):
        near.done()
        far.done()
        assert far.one("INVITE").header("X-Ticket") == "4711" and not far.one("INVITE").all("X-Secret")


@BOTH
def test_who_a_trunk_asserts_is_shown_unless_he_wants_to_be_private(house: House, transport: str) -> None:
    """RFC 3325, RFC 3323: P-Asserted-Identity before From; Privacy hides it from the phone."""
    house.register("1002", house.other, transport)
    asserted = 'P-Asserted-Identity: "Jane" <sip:+12025550177@carrier.example>'
    shown: list[str] = []
    for more in ("", "\nPrivacy: id"):
        with (
            house.callee(ended(taken()), address=house.other, transport=transport) as desk,
            house.trunk(hung_up(straight(asserted + more)), "12025550102", transport=transport) as near,
        ):
            near.done()
            desk.done()
            shown.append(desk.one("INVITE").header("From"))
            assert not desk.one("INVITE").all("P-Asserted-Identity"), "for trusted peers alone"
    assert "Jane" in shown[0] and "sip:+12025550177@demo.local" in shown[0]
    assert "anonymous@anonymous.invalid" in shown[1] and "12025550177" not in shown[1]
    house.forget("1002", house.other)


@pytest.mark.parametrize("side", ["caller", "callee"])
def test_who_is_held_hears_our_music_and_the_far_end_is_not_asked(house: House, side: str) -> None:
    """RFC 3264 §8.4, from either side: RTP flows to who is held, who sees no re-INVITE."""

    def holds(scenario: Scenario) -> Scenario:
        return scenario.pause(400).invite(HELD).expect(200).ack().pause(1_500).invite(AUDIO).expect(200).ack()

    caller, callee = (holds(up()), taken()) if side == "caller" else (up(), holds(taken()))
    # Who holds is done in time of its own; the other waits.
    caller.pause(200 if side == "caller" else 3_000)
    here = loopback()
    with (
        Ear(house.far if side == "caller" else here) as ear,
        house.callee(ended(callee), timeout=30) as far,
        house.caller(hung_up(caller), "+14155550100", address=here, timeout=30) as near,
    ):
        near.done()
        far.done()
        heard = ear.signal()
        assert len((far if side == "caller" else near).wire("INVITE")) == (1 if side == "caller" else 0)
    loud = [np.abs(heard[at : at + 800]).max() > 0.02 for at in range(0, len(heard) - 800, 800)]
    assert sum(loud) >= 5, "a second and a half of music, in tenths"
    assert not any(loud[:2]), "and none before"


def early(desk_invite: Message, ringing: Message) -> str:
    """The dialog that rings there, as a Replaces."""
    tags = f"to-tag={tag_of(desk_invite.header('From'))};from-tag={tag_of(ringing.header('To'))}"
    return f"Replaces: {desk_invite.header('Call-ID')};{tags};early-only"


@BOTH
def test_a_ringing_call_is_picked_up_by_somebody_else(house: House, transport: str) -> None:
    """RFC 3891 §3: the phone that rings is told that the call was answered elsewhere."""
    house.register("1002", house.other, transport)
    rings = called().incoming().answer(180).comes("CANCEL").respond(200).answer(487).ack_comes()
    with (
        house.callee(rings, address=house.other, transport=transport) as desk,
        house.caller(ended(up()), "1002", transport=transport, timeout=40) as near,
    ):
        invite = desk.wait_for("INVITE")
        wait_until(lambda: bool(desk.wire(180, received=False)), 20.0, what="it rings")
        header = early(invite, desk.one(180, received=False))
        picks = calling().invite(AUDIO, header, digest=True).expect(100, optional=True).expect(200).ack()
        with house.caller(
            hung_up(picks.pause(200)), "1002", transport=transport, user="1009", password="1009"
        ) as colleague:
            colleague.done()
            near.done()
            desk.done()
        assert "cause=200" in desk.one("CANCEL").header("Reason")
        assert not near.wire(487)
    house.forget("1002", house.other)


def states(notify: Message) -> list[str]:
    root = ElementTree.fromstring(notify.body)
    assert notify.header("Content-Type") == "application/dialog-info+xml"
    assert root.get("state") == "full" and root.get("entity") == "sip:1002@demo.local"
    return [str(found.text) for found in root.findall("d:dialog/d:state", LAMP)]


@BOTH
def test_a_busy_lamp_follows_a_call_from_ring_to_end(house: House, transport: str) -> None:
    """RFC 4235 §3.7.1: idle, early, confirmed, idle, by versions that count up."""
    house.register("1002", house.other, transport)
    watcher = calling().subscribe("dialog")
    for _ in range(3):
        watcher.comes("NOTIFY").respond(200)
    with (
        house.caller(watcher, "1002", transport=transport, user="1009", password="1009", timeout=40) as lamp,
        house.callee(ended(taken()), address=house.other, transport=transport) as desk,
    ):
        lamp.wait_for("NOTIFY", 20.0)
        with house.caller(hung_up(up()), "1002", transport=transport) as near:
            near.done()
            desk.done()
            lamp.done()
        told = lamp.wire("NOTIFY")
        assert [states(notify) for notify in told] == [
            ["terminated"],
            ["early"],
            ["confirmed"],
            ["terminated"],
        ]
        versions = [int(str(ElementTree.fromstring(notify.body).get("version"))) for notify in told]
        assert versions == sorted(set(versions))
    house.forget("1002", house.other)


@pytest.mark.parametrize("why", ["always", "unreachable"])
def test_forwards_are_followed_for_callers_by_tcp(house: House, why: str) -> None:
    """181; RFC 5806, RFC 7044; what a caller by UDP gets is in `test_sipp_calls`."""
    number = {"always": "1004", "unreachable": "1003"}[why]
    caller = calling().invite(AUDIO, digest=True).expect(100, optional=True).expect(181).expect(180)
    caller.expect(200).ack()
    with house.callee(ended(taken())) as far, house.caller(hung_up(caller), number, transport="t1") as near:
        near.done()
        far.done()
        invite = far.one("INVITE")
        assert f"sip:{number}@demo.local" in invite.header("Diversion")
        assert "index=1.1" in ",".join(invite.all("History-Info"))


def test_homer_is_sent_what_both_ends_say_under_one_id(tmp_path: Path) -> None:
    """HEP 3: every message of both legs of a call, without proofs of passwords."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as homer:
        homer.bind((loopback(), 0))
        address, port = homer.getsockname()
        watched = {"observe": {"hep": {"address": address, "port": port, "password": "seen"}}}
        with (
            Daemon(tmp_path, settings=watched) as daemon,
            Phone(loopback(), daemon.sip, "1001", PASSWORDS["1001"]) as phone,
            Phone(loopback(), daemon.sip, "1002", PASSWORDS["1002"], auto_answer=True) as callee,
        ):
            callee.register()
            phone.dial("1002").hang_up()
            callee.answered.get(timeout=5.0).wait_ended()
        homer.setblocking(False)
        packets = []
        with contextlib.suppress(BlockingIOError):
            while True:
                packets.append(decode(homer.recv(70_000)))
    said = [
        (chunks[15].partition(b" ")[0], int.from_bytes(chunks[7], "big"), chunks[17]) for chunks in packets
    ]
    (id,) = {id for method, port, id in said if (method, port) == (b"INVITE", SIP_PORT)}
    methods = [method for method, _, name in said if name == id]
    # An ACK of the challenge that is read together with the INVITE after it is found there, too.
    assert methods.count(b"INVITE") == methods.count(b"BYE") == 2 <= methods.count(b"ACK"), said
    assert all(chunks[14] == b"seen" for chunks in packets)
    assert not any(re.search(rb'response="[0-9a-f]{32}', chunks[15]) for chunks in packets)
