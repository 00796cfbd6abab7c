"""Bindings in memory and the wheel that ends them (RFC 3261 §10)."""

import pytest

from edge.directory import AccountId
from edge.journal import Binding, BindingChange
from edge.registration.location import Entry, LocationService, without_connection

ACME = AccountId("acme")


def binding(aor: str, contact: str = "sip:a@192.0.2.1", q: float = 1.0, expires_at: int = 0) -> Binding:
    return Binding(ACME, aor, contact, q, expires_at, "call", 1, (), "udp:192.0.2.1:5060/0/0", "")


def put(service: LocationService, held: Binding, expires: float) -> None:
    entry = Entry(held, expires, service.next_order(), "")
    service.put(service.record(held.account, held.aor), held.contact, entry)


def on_tcp(
    aor: str, contact: str, flow: str = "tcp:192.0.2.1:40001/1/7", expires_at: int = 61_000
) -> Binding:
    return Binding(ACME, aor, contact, 1.0, expires_at, "call", 1, (), flow, "")


def removed(aor: str, contact: str = "sip:a@192.0.2.1") -> BindingChange:
    return BindingChange(ACME, aor, contact, None)


def test_lookup_prefers_q_then_the_newest() -> None:
    service = LocationService()
    for contact, q in (("sip:a@h", 0.5), ("sip:b@h", 1.0), ("sip:c@h", 0.5), ("sip:d@h", 0.1)):
        put(service, binding("1001", contact, q), 100.0)
    found = [held.contact for held in service.lookup(ACME, "1001", now=0.0)]
    assert found == ["sip:b@h", "sip:c@h", "sip:a@h", "sip:d@h"]
    assert service.lookup(AccountId("other"), "1001", now=0.0) == ()


def test_a_binding_ends_on_time_for_look_ups_and_soon_after_for_the_journal() -> None:
    service = LocationService()
    put(service, binding("1001"), 10.4)
    assert service.next_timer_at() == 11.0
    assert service.lookup(ACME, "1001", now=10.3) and not service.lookup(ACME, "1001", now=10.4)
    assert service.expire(10.9) == ()
    assert service.expire(11.0) == (removed("1001"),)
    assert len(service) == 0 and service.next_timer_at() is None


def test_a_refresh_needs_no_new_timer_and_a_shorter_one_moves_it() -> None:
    service = LocationService()
    put(service, binding("1001"), 60.0)
    put(service, binding("1001"), 120.0)
    assert service.next_timer_at() == 60.0 and len(service) == 1
    assert service.expire(60.0) == () and service.next_timer_at() == 120.0
    put(service, binding("1001"), 90.0)
    assert service.next_timer_at() == 90.0
    assert service.expire(90.0) == (removed("1001"),)


def test_expiry_is_done_in_bounded_steps() -> None:
    service = LocationService()
    for number in range(1000):
        put(service, binding(str(number)), 5.0)
    swept = []
    while (at := service.next_timer_at()) is not None and at <= 5.0:
        swept.append(len(service.expire(5.0)))
    assert max(swept) <= 256 and sum(swept) == 1000 and len(service) == 0


def test_registering_and_leaving_over_and_over_leaves_nothing_behind() -> None:
    service = LocationService()
    for turn in range(500):
        put(service, binding("1001"), 3600.0 + turn % 7)
        service.put(service.record(ACME, "1001"), "sip:a@192.0.2.1", None)
    assert len(service) == 0 and service.next_timer_at() is None
    assert not service._records and not service._buckets and not service._seconds


def test_stored_bindings_return_at_boot_and_those_that_ended_are_reported() -> None:
    service = LocationService()
    live, ended = binding("1001", expires_at=61_000), binding("1002", expires_at=500)
    service.load((live, ended), now=10.0, wall_ms=1_000)
    assert service.lookup(ACME, "1001", now=69.9) == (live,)
    assert service.lookup(ACME, "1002", now=10.0) == ()
    assert service.expire(10.0) == (removed("1002"),)
    assert service.next_timer_at() == 70.0


def test_bindings_are_found_by_their_connection_as_long_as_they_use_it() -> None:
    service = LocationService()
    first, other = "tcp:192.0.2.1:40001/1/7", "ws:192.0.2.1:40001/2/8"
    put(service, on_tcp("1001", "sip:a@x.invalid", first), 60.0)
    put(service, on_tcp("1002", "sip:b@x.invalid", first), 60.0)
    put(service, binding("1003"), 60.0)
    assert [contact for _, contact in service.on_flow(first)] == ["sip:a@x.invalid", "sip:b@x.invalid"]
    put(service, on_tcp("1001", "sip:a@x.invalid", other), 60.0)
    assert [contact for _, contact in service.on_flow(first)] == ["sip:b@x.invalid"]
    assert len(service.on_flow(other)) == 1 and service.on_flow("udp:192.0.2.1:5060/0/0") == ()
    service.expire(60.0)
    assert not service._of_flow


@pytest.mark.parametrize(
    ("flow", "contact", "way"),
    [
        ("tcp:192.0.2.1:40001/1/7", "sip:a@192.0.2.1:5060;transport=tcp", "tcp:192.0.2.1:5060/1/0"),
        ("tcp:192.0.2.1:40001/1/7", "sip:a@192.0.2.1;transport=TCP", "tcp:192.0.2.1:5060/1/0"),
        ("tls:192.0.2.1:40001/2/7", "sips:a@192.0.2.1", "tls:192.0.2.1:5061/2/0"),
        ("tls:192.0.2.1:40001/2/7", "sips:a@192.0.2.1;transport=tcp", "tls:192.0.2.1:5061/2/0"),
        ("tls:::1:40001/2/7", "sip:a@[::1]:5099;transport=tls", "tls:::1:5099/2/0"),
        ("tcp:192.0.2.1:40001/1/7", "sip:a@10.0.0.5:5060;transport=tcp", None),  # NAT
        ("tcp:192.0.2.1:40001/1/7", "sip:a@192.0.2.1:5060", None),  # it listens on UDP, perhaps
        ("ws:192.0.2.1:40001/3/7", "sip:a@192.0.2.1;transport=ws", None),
        ("wss:192.0.2.1:40001/3/7", "sip:a@df7jal.invalid;transport=ws", None),
        ("nonsense", "sip:a@192.0.2.1", None),
        ("tcp:192.0.2.1:40001/1/7", "nonsense", None),
    ],
)
def test_without_its_connection_a_phone_is_dialled_where_no_nat_lies_between(
    flow: str, contact: str, way: str | None
) -> None:
    found = without_connection(on_tcp("1001", contact, flow))
    assert (None if found is None else str(found)) == way


def test_no_connection_outlives_its_process() -> None:
    service = LocationService()
    near = on_tcp("1001", "sip:a@192.0.2.1:5060;transport=tcp")
    far = on_tcp("1002", "sip:b@df7jal.invalid;transport=ws", "ws:192.0.2.1:40001/3/7")
    service.load((near, far), now=10.0, wall_ms=1_000)
    (dialled,) = service.lookup(ACME, "1001", now=10.0)
    assert dialled.flow == "tcp:192.0.2.1:5060/1/0"
    assert service.lookup(ACME, "1002", now=10.0) == ()
    assert service.expire(10.0) == (removed("1002", far.contact),)
