"""Forwards, deflections and ring strategies: who is rung in the end, and with whose rights."""

from dataclasses import replace

import pytest

from edge.directory import Forwarding
from edge.sip.message import Request, Response
from media import port
from tests.support.directory import FakeDirectory
from tests.support.edge import Bench, Phone, final


@pytest.fixture
def bench() -> Bench:
    directory = FakeDirectory()
    for number in ("1001", "1002", "1003", "1004", "1005", "1006", "1007", "1008"):
        directory.add_user(number)
    return Bench(directory)


def change(bench: Bench, number: str, **what: object) -> None:
    users = bench.directory.users
    users[number] = replace(users[number], **what)  # type: ignore[arg-type]


def phone(bench: Bench, number: str, n: int) -> Phone:
    made = Phone(bench, number, n)
    made.register()
    return made


def invited(phone: Phone) -> Request:
    (invite,) = [m for m in phone.got() if isinstance(m, Request) and m.method == "INVITE"]
    return invite


def test_always_goes_on_before_any_phone_rings_and_the_caller_is_told(bench: Bench) -> None:
    change(bench, "1002", forward=Forwarding(always="1003"))
    bob, carol = phone(bench, "1002", 3), phone(bench, "1003", 4)
    alice = Phone(bench, "1001")
    got = alice.dial("1002")
    assert [m.status for m in got if isinstance(m, Response)] == [100, 181] and bob.got() == []
    invite = invited(carol)
    assert invite.headers.get("Diversion") == (
        "<sip:1002@demo.local>;reason=unconditional;counter=1;privacy=off"
    )
    assert "1002" in (invite.headers.get("History-Info") or "")
    assert str(invite.from_.uri) == "sip:1001@demo.local"
    carol.reply(invite, 200, carol.sdp())
    assert final(alice.got()).status == 200
    alice.bye()
    bench.advance(70.0)
    assert bench.idle()


@pytest.mark.parametrize("status", [486, 600, 603])
def test_busy_goes_to_its_forward(bench: Bench, status: int) -> None:
    change(bench, "1002", forward=Forwarding(busy="1003", no_answer="1004"))
    bob, carol = phone(bench, "1002", 3), phone(bench, "1003", 4)
    Phone(bench, "1001").dial("1002")
    bob.reply(invited(bob), status)
    assert "user-busy" in (invited(carol).headers.get("Diversion") or "")


def test_no_answer_goes_to_its_forward_after_the_users_own_time(bench: Bench) -> None:
    change(bench, "1002", forward=Forwarding(no_answer="1003"), ring_time=15.0)
    bob, carol = phone(bench, "1002", 3), phone(bench, "1003", 4)
    Phone(bench, "1001").dial("1002")
    bob.reply(invited(bob), 180)
    bench.advance(14.9)
    assert carol.got() == []
    bench.advance(0.2)
    assert [m.method for m in bob.got() if isinstance(m, Request)] == ["CANCEL"]
    assert "no-answer" in (invited(carol).headers.get("Diversion") or "")


def test_a_user_without_phone_is_unreachable(bench: Bench) -> None:
    change(bench, "1002", forward=Forwarding(unreachable="1003"))
    carol = phone(bench, "1003", 4)
    Phone(bench, "1001").dial("1002")
    assert "unavailable" in (invited(carol).headers.get("Diversion") or "")


def test_who_does_not_want_to_be_disturbed_is_busy_to_the_rules_and_480_without(bench: Bench) -> None:
    change(bench, "1002", dnd=True)
    bob, carol = phone(bench, "1002", 3), phone(bench, "1003", 4)
    alice = Phone(bench, "1001")
    refused = final(alice.dial("1002"))
    assert refused.status == 480 and "do_not_disturb" in (refused.headers.get("Warning") or "")
    alice.ack(refused, "sip:1002@demo.local")
    change(bench, "1002", forward=Forwarding(busy="1003"))
    alice.call_id = "again"
    alice.dial("1002")
    assert "do-not-disturb" in (invited(carol).headers.get("Diversion") or "") and bob.got() == []


def test_a_user_with_as_many_calls_as_allowed_is_busy_to_the_rules(bench: Bench) -> None:
    change(bench, "1002", forward=Forwarding(busy="1003"), max_simultaneous=0)
    bob, carol = phone(bench, "1002", 3), phone(bench, "1003", 4)
    Phone(bench, "1001").dial("1002")
    assert bob.got() == [] and invited(carol)


def test_a_forward_to_the_public_network_has_the_rights_of_who_forwards(bench: Bench) -> None:
    """The stranger may not dial out; the user may, and pays."""
    bench.directory.add_did("12025550123", "user", "1002")
    bench.directory.add_trunk("main", default=True)
    change(bench, "1002", forward=Forwarding(unreachable="+14155550100"))
    Phone(bench, "eve@away.example", 6).dial("12025550123")
    (invite,) = [m for m, f in bench.take() if isinstance(m, Request) and f.remote[0] == "127.0.0.9"]
    assert invite.uri.user == "+14155550100"
    assert "<sip:1002@demo.local>" in (invite.headers.get("Diversion") or "")


def test_a_forward_to_an_agent_or_the_echo_answers_the_call_itself(bench: Bench) -> None:
    change(bench, "1002", forward=Forwarding(unreachable="*43"))
    alice = Phone(bench, "1001")
    assert final(alice.dial("1002")).status == 200 and bench.commanded(port.Echo)
    alice.bye()
    bench.advance(70.0)
    assert bench.idle()


def test_a_circle_of_forwards_is_482(bench: Bench) -> None:
    change(bench, "1002", forward=Forwarding(always="1003"))
    change(bench, "1003", forward=Forwarding(always="1002"))
    refused = final(Phone(bench, "1001").dial("1002"))
    assert refused.status == 482 and "forward_loop" in (refused.headers.get("Warning") or "")


def test_a_sixth_hop_is_482(bench: Bench) -> None:
    for number in range(1002, 1008):
        change(bench, str(number), forward=Forwarding(always=str(number + 1)))
    refused = final(Phone(bench, "1001").dial("1002"))
    assert refused.status == 482 and "too_many_forwards" in (refused.headers.get("Warning") or "")


def test_hops_of_others_count(bench: Bench) -> None:
    change(bench, "1002", forward=Forwarding(always="1003"))
    header = "Diversion: <sip:1@a>;counter=5\r\n"
    assert final(Phone(bench, "1001").dial("1002", headers=header)).status == 482


@pytest.mark.parametrize("host", ["demo.local", "127.0.0.1"])
def test_a_phone_may_deflect_inside_its_account(bench: Bench, host: str) -> None:
    bob, carol = phone(bench, "1002", 3), phone(bench, "1003", 4)
    Phone(bench, "1001").dial("1002")
    redirect(bob, f"sip:1003@{host}")
    assert "deflection" in (invited(carol).headers.get("Diversion") or "")


def redirect(bob: Phone, target: str) -> None:
    bob.reply(invited(bob), 302, contact=target)


def test_contacts_of_a_deflection_are_tried_one_after_another_best_first(bench: Bench) -> None:
    """RFC 3261 §8.1.3.4: who is busy, at another domain, or was tried already, is followed by the next."""
    bob, carol, dave = phone(bench, "1002", 3), phone(bench, "1003", 4), phone(bench, "1004", 5)
    alice = Phone(bench, "1001")
    alice.dial("1002")
    several = "sip:1004@demo.local>;q=0.2, <sip:1003@demo.local>;q=0.9, <sip:1@evil.example>;q=0.5"
    redirect(bob, f"{several}, <sip:1002@demo.local>;q=0.4, <sip:77@demo.local")
    # 77 is preferred most, q being 1, and is nobody.
    carol.reply(invited(carol), 486)
    invite = invited(dave)
    assert (invite.headers.get("Diversion") or "").count("sip:") == 1, (
        "those in vain are no hops of this call"
    )
    dave.reply(invite, 200, dave.sdp())
    assert final(alice.got()).status == 200


def test_when_no_contact_of_a_deflection_takes_the_call_the_best_answer_is_told(bench: Bench) -> None:
    bob, carol, dave = phone(bench, "1002", 3), phone(bench, "1003", 4), phone(bench, "1004", 5)
    alice = Phone(bench, "1001")
    alice.dial("1002")
    redirect(bob, "sip:1003@demo.local>, <sip:1004@demo.local")
    carol.reply(invited(carol), 486)
    dave.reply(invited(dave), 500)
    assert final(alice.got()).status == 486
    bench.advance(70.0)
    assert bench.idle()


def test_no_other_contact_is_tried_after_a_6xx(bench: Bench) -> None:
    """RFC 3261 §16.7 step 5."""
    bob, carol, dave = phone(bench, "1002", 3), phone(bench, "1003", 4), phone(bench, "1004", 5)
    alice = Phone(bench, "1001")
    alice.dial("1002")
    redirect(bob, "sip:1003@demo.local>, <sip:1004@demo.local")
    carol.reply(invited(carol), 603)
    assert final(alice.got()).status == 603 and dave.got() == []


def test_a_contact_where_nobody_answers_is_followed_by_the_next_one(bench: Bench) -> None:
    change(bench, "1003", ring_time=10.0)
    bob, carol, dave = phone(bench, "1002", 3), phone(bench, "1003", 4), phone(bench, "1004", 5)
    alice = Phone(bench, "1001")
    alice.dial("1002")
    redirect(bob, "sip:1003@demo.local>, <sip:1004@demo.local")
    carol.reply(invited(carol), 180)
    bench.advance(10.1)
    assert [m.method for m in carol.got() if isinstance(m, Request)] == ["CANCEL"]
    dave.reply(invited(dave), 200, dave.sdp())
    assert final(alice.got()).status == 200


def test_contacts_that_are_tried_count_as_hops(bench: Bench) -> None:
    """However many each of those deflects to in its turn."""
    phones = [phone(bench, str(number), number - 999) for number in range(1002, 1009)]
    alice = Phone(bench, "1001")
    alice.dial("1002")
    everybody = ">, <".join(f"sip:{number}@demo.local" for number in range(1003, 1009))
    rung = 0
    for one in phones:
        for invite in [m for m in one.got() if isinstance(m, Request) and m.method == "INVITE"]:
            rung += 1
            one.reply(invite, 302, contact=everybody)
    assert final(alice.got()).status in (480, 482) and rung <= 6 and not bench.switch.calls


def test_a_phone_may_not_deflect_to_another_domain(bench: Bench) -> None:
    bob = phone(bench, "1002", 3)
    alice = Phone(bench, "1001")
    alice.dial("1002")
    redirect(bob, "sip:1003@evil.example")
    refused = final(alice.got())
    assert refused.status == 480 and "foreign_domain" in (refused.headers.get("Warning") or "")


def test_devices_ring_in_sequence_best_first(bench: Bench) -> None:
    bench.directory.add_user("1010", "desk", "mobile")
    change(bench, "1010", ring="sequential", ring_time=10.0)
    desk, mobile = phone(bench, "desk", 3), phone(bench, "mobile", 4)
    alice = Phone(bench, "1001")
    alice.dial("1010")
    desk.reply(invited(desk), 180)
    assert mobile.got() == []
    bench.advance(10.1)
    assert [m.method for m in desk.got() if isinstance(m, Request)] == ["CANCEL"]
    invite = invited(mobile)
    mobile.reply(invite, 200, mobile.sdp())
    assert final(alice.got()).status == 200


def test_a_refusal_moves_the_sequence_on_and_the_best_one_is_told(bench: Bench) -> None:
    bench.directory.add_user("1010", "desk", "mobile")
    change(bench, "1010", ring="sequential")
    desk, mobile = phone(bench, "desk", 3), phone(bench, "mobile", 4)
    alice = Phone(bench, "1001")
    alice.dial("1010")
    desk.reply(invited(desk), 486)
    mobile.reply(invited(mobile), 503)
    assert final(alice.got()).status == 486


def test_only_the_first_device_may_ring(bench: Bench) -> None:
    bench.directory.add_user("1010", "desk", "mobile")
    change(bench, "1010", ring="first")
    desk, mobile = phone(bench, "desk", 3), phone(bench, "mobile", 4)
    alice = Phone(bench, "1001")
    alice.dial("1010")
    desk.reply(invited(desk), 486)
    assert mobile.got() == [] and final(alice.got()).status == 486


def test_hanging_up_while_forwarded_leaves_nothing(bench: Bench) -> None:
    change(bench, "1002", forward=Forwarding(no_answer="1003"), ring_time=5.0)
    bob, carol = phone(bench, "1002", 3), phone(bench, "1003", 4)
    alice = Phone(bench, "1001")
    alice.dial("1002")
    bob.reply(invited(bob), 180)
    bench.advance(5.1)
    carol.reply(invited(carol), 180)
    alice.say("CANCEL", "sip:1002@demo.local", branch=alice.invite_branch, cseq=alice.cseq)
    for each in (bob, carol):
        for message in each.got():
            if isinstance(message, Request) and message.method == "CANCEL":
                each.reply(message, 200)
    bench.advance(80.0)
    assert bench.idle() and len(bench.journal.cdrs) == 1


def carriers(bench: Bench, *names: str, **terms: int) -> list[Phone]:
    """Trunks at 127.0.0.10 and on, in this order for +1."""
    made = []
    for n, name in enumerate(names, 10):
        bench.directory.add_trunk(name, f"sip:127.0.0.{n}:5060;transport=udp", ip=f"127.0.0.{n}")
        trunk = bench.directory.trunks[name]
        bench.directory.trunks[name] = replace(trunk, **terms)  # type: ignore[arg-type]
        made.append(Phone(bench, name, n))
    bench.directory.routes["1"] = list(names)
    return made


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
def test_the_next_trunk_of_the_list_is_tried_when_one_cannot(bench: Bench, status: int) -> None:
    first, second = carriers(bench, "a", "b")
    alice = Phone(bench, "1001")
    alice.dial("14155550100")
    first.reply(invited(first), status)
    invite = invited(second)
    second.reply(invite, 200, second.sdp())
    answer = final(alice.got())
    assert answer.status == 200
    alice.to, alice.remote = answer.headers.get("To") or "", str(answer.contacts[0].uri)
    alice.bye()
    bench.advance(70.0)
    assert bench.idle()


@pytest.mark.parametrize("status", [486, 404, 480, 600, 603])
def test_an_answer_of_the_callee_never_leads_to_another_trunk(bench: Bench, status: int) -> None:
    first, second = carriers(bench, "a", "b")
    alice = Phone(bench, "1001")
    alice.dial("14155550100")
    first.reply(invited(first), status)
    assert second.got() == [] and final(alice.got()).status == status


def test_an_unreachable_trunk_is_left(bench: Bench) -> None:
    first, second = carriers(bench, "a", "b")
    Phone(bench, "1001").dial("14155550100")
    invited(first)
    bench.advance(32.1)
    assert invited(second)


def test_the_last_trunk_speaks_for_the_list(bench: Bench) -> None:
    first, second = carriers(bench, "a", "b")
    alice = Phone(bench, "1001")
    alice.dial("14155550100")
    first.reply(invited(first), 503)
    second.reply(invited(second), 500)
    assert final(alice.got()).status == 500
    bench.advance(40.0)
    assert bench.idle()


def test_a_full_trunk_is_passed_over(bench: Bench) -> None:
    first, second = carriers(bench, "a", "b")
    trunks = bench.directory.trunks
    trunks["a"] = replace(trunks["a"], max_channels=0)
    Phone(bench, "1001").dial("14155550100")
    assert first.got() == [] and invited(second)


def test_a_trunk_takes_so_many_calls_a_second_and_the_next_one_the_rest(bench: Bench) -> None:
    first, second = carriers(bench, "a", "b", calls_per_second=2)
    for n in range(3):
        alice = Phone(bench, "1001", 20 + n)
        alice.dial("14155550100")
    assert len(first.got()) == 2 and len(second.got()) == 1
    bench.advance(3.0)
    Phone(bench, "1001", 30).dial("14155550100")
    assert [m for m in first.got() if isinstance(m, Request) and m.cseq.number == 1]
