"""On which connection a phone is that has lost one (RFC 5626 §4.5)."""

from dataclasses import replace

from edge.directory import AccountId
from edge.journal import Binding
from edge.registration.recovery import Recovery
from edge.sip.flow import Flow, Transport
from edge.sip.uri import Uri

CONTACT = "sip:bob@df7jal.invalid;transport=ws"
BOB = Binding(
    account=AccountId("acc"),
    aor="bob",
    contact=CONTACT,
    q=1.0,
    expires_at=0,
    call_id="c",
    cseq=1,
    path=(),
    flow="",
    user_agent="",
    instance="",
    reg_id=0,
)
URI = Uri.parse("sip:bob@df7jal.invalid;transport=ws;ob")


def flow(number: int) -> Flow:
    return Flow(Transport.WS, ("192.0.2.7", 40_000 + number), 0, number)


def on(number: int, binding: Binding = BOB) -> Binding:
    return replace(binding, flow=str(flow(number)))


def test_a_phone_is_found_where_it_registered_again() -> None:
    recovery = Recovery(10)
    recovery.lost(on(1))
    assert recovery.of(flow(1), URI) is None
    recovery.back(on(2))
    assert recovery.of(flow(1), URI) == flow(2)
    recovery.lost(on(2))
    recovery.back(on(3))
    assert recovery.of(flow(1), URI) == recovery.of(flow(2), URI) == flow(3)
    assert recovery.of(flow(3), URI) is None


def test_others_of_that_connection_are_not_taken_along() -> None:
    recovery = Recovery(10)
    recovery.lost(on(1))
    recovery.back(on(2))
    assert recovery.of(flow(1), Uri.parse("sip:carol@df7jal.invalid;transport=ws")) is None
    assert recovery.of(flow(4), URI) is None


def test_nobody_else_gets_what_is_for_a_contact_by_registering_it() -> None:
    recovery = Recovery(10)
    recovery.lost(on(1))
    for stranger in (replace(BOB, aor="eve"), replace(BOB, account=AccountId("other"))):
        recovery.back(on(2, stranger))
    assert recovery.of(flow(1), URI) is None


def test_a_device_is_known_by_its_instance_whatever_its_contact() -> None:
    recovery = Recovery(10)
    device = replace(BOB, instance="<urn:uuid:1>")
    recovery.lost(on(1, device))
    recovery.back(on(2, replace(device, contact="sip:bob@moved.invalid;transport=ws")))
    assert recovery.of(flow(1), URI) == flow(2), "what its calls know is the old Contact"


def test_a_refresh_on_the_same_connection_moves_nothing() -> None:
    recovery = Recovery(10)
    recovery.lost(on(1))
    recovery.back(on(1))
    assert recovery.of(flow(1), URI) is None and len(recovery) == 0


def test_connections_are_bounded_and_a_circle_ends() -> None:
    recovery = Recovery(2)
    for number in range(1, 9):
        recovery.lost(on(number, replace(BOB, aor=f"bob{number}")))
    assert len(recovery) == 2
    for before, after in ((20, 21), (21, 20)):
        recovery.lost(on(before))
        recovery.back(on(after))
    assert recovery.of(flow(20), URI) is not None
