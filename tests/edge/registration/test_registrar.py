"""REGISTER (RFC 3261 §10.3, RFC 3327, RFC 5626 §6)."""

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from config.schema import SipLimits
from edge.directory import AccountId
from edge.registration.location import Place
from edge.registration.registrar import Registrar, Registration
from edge.sip.flow import Flow, Transport
from edge.sip.message import Request, Response
from edge.sip.parse import parse_message
from edge.sip.uri import Uri

ACME = AccountId("acme")
PHONE = Flow(Transport.UDP, ("192.0.2.7", 40_000))
LIMITS = SipLimits(contacts_per_aor=3)
A, B, C = "<sip:a@192.0.2.7:5060>", "<sip:b@192.0.2.7:5060>", "<sip:c@192.0.2.7:5060>"


def register(*lines: str, cseq: int = 1, call_id: str = "call-1", via: str = "192.0.2.7;rport") -> Request:
    text = "\r\n".join(
        [
            "REGISTER sip:acme.example SIP/2.0",
            f"Via: SIP/2.0/UDP {via};branch=z9hG4bK1",
            "From: <sip:1001@acme.example>;tag=1",
            "To: <sip:1001@acme.example>",
            f"Call-ID: {call_id}",
            f"CSeq: {cseq} REGISTER",
            "Max-Forwards: 70",
            *lines,
            "Content-Length: 0",
            "\r\n",
        ]
    )
    request = parse_message(text.encode())
    assert isinstance(request, Request), request
    return request


class Edge:
    """A registrar on a hand-turned clock."""

    def __init__(self) -> None:
        self.registrar = Registrar(LIMITS, lambda: "tag")
        self.now = 100.0

    def send(self, request: Request, flow: Flow = PHONE) -> Registration | Response:
        return self.registrar.register(request, flow, ACME, "1001", self.now, wall_ms=1_000_000)

    def granted(self, request: Request, flow: Flow = PHONE) -> Registration:
        result = self.send(request, flow)
        assert isinstance(result, Registration), result
        assert result.response.status == 200
        return result

    def refused(self, request: Request) -> Response:
        before = self.found()
        result = self.send(request)
        assert isinstance(result, Response), result
        assert self.found() == before, "a refusal changes nothing"
        return result

    def found(self) -> list[str]:
        return [binding.contact for binding in self.registrar.lookup(ACME, "1001", self.now)]


@pytest.fixture
def edge() -> Edge:
    return Edge()


def contacts(registration: Registration) -> list[str]:
    return registration.response.headers.all("Contact")


def test_a_phone_registers_and_is_found(edge: Edge) -> None:
    done = edge.granted(register(f"Contact: {A}", "Expires: 120", "User-Agent: Phone/1"))
    assert contacts(done) == ["<sip:a@192.0.2.7:5060>;expires=120"]
    assert done.response.to.tag == "tag"
    (change,) = done.changes
    (binding,) = edge.registrar.lookup(ACME, "1001", edge.now)
    assert change.binding is binding and change.contact == binding.contact == "sip:a@192.0.2.7:5060"
    assert (binding.expires_at, binding.q, binding.call_id, binding.cseq) == (1_120_000, 1.0, "call-1", 1)
    assert binding.user_agent == "Phone/1"
    assert edge.registrar.reachable(ACME, "1001", 219.9) and not edge.registrar.reachable(ACME, "1001", 220.0)


def test_a_phone_is_bound_to_the_port_it_registered_from_for_as_long_as_that_lasts(edge: Edge) -> None:
    edge.granted(register(f"Contact: {A}", "Expires: 120"))
    neighbour = replace(PHONE, remote=(PHONE.remote[0], PHONE.remote[1] + 1))
    elsewhere = replace(PHONE, remote=("192.0.2.8", PHONE.remote[1]))
    assert edge.registrar.place(ACME, "1001", PHONE, 219.9) is Place.HERE
    assert edge.registrar.place(ACME, "1001", neighbour, 219.9) is Place.NEAR
    assert edge.registrar.place(ACME, "1001", elsewhere, 219.9) is Place.AWAY
    assert edge.registrar.place(ACME, "1002", PHONE, 219.9) is Place.AWAY
    assert edge.registrar.place(ACME, "1001", PHONE, 220.0) is Place.AWAY


@pytest.mark.parametrize(
    ("lines", "expires"),
    [
        ((f"Contact: {A}",), 3600),
        ((f"Contact: {A};expires=90", "Expires: 120"), 90),
        ((f"Contact: {A}", "Expires: 4294967295"), 3600),
        ((f"Contact: {A}", "Expires: soon"), 3600),
        ((f"Contact: {A};expires=soon", "Expires: 90"), 3600),
    ],
)
def test_the_expiry_is_the_contacts_then_the_requests_then_ours(
    edge: Edge, lines: tuple[str, ...], expires: int
) -> None:
    """§10.3 step 7; what is malformed counts as the default (§10.2.1.1)."""
    assert contacts(edge.granted(register(*lines))) == [f"{A};expires={expires}"]


def test_too_short_an_expiry_is_423_for_the_whole_request(edge: Edge) -> None:
    response = edge.refused(register(f"Contact: {A};expires=600, {B};expires=59"))
    assert response.status == 423 and response.headers.get("Min-Expires") == "60"


def test_several_contacts_are_listed_with_what_is_left_and_ordered_by_q(edge: Edge) -> None:
    edge.granted(register(f"Contact: {A};q=0.2, {B};q=0.9", "Expires: 100"))
    edge.now += 40
    done = edge.granted(register())
    assert done.changes == ()
    assert contacts(done) == [f"{A};q=0.2;expires=60", f"{B};q=0.9;expires=60"]
    assert edge.found() == ["sip:b@192.0.2.7:5060", "sip:a@192.0.2.7:5060"]


@pytest.mark.parametrize(
    ("q", "first"), [("1.5", 0), ("abc", 0), ("", 0), ("-1", 0), (".5", 1), ("0.1234", 0)]
)
def test_a_q_that_is_none_counts_as_well_as_it_can_and_is_not_repeated(
    edge: Edge, q: str, first: int
) -> None:
    """§25.1: whoever asks for the bindings must be able to read them."""
    done = edge.granted(register(f"Contact: {A};q={q};x=1, {B};q=0.9", "Expires: 100"))
    assert contacts(done) == [f"{A};x=1;expires=100", f"{B};q=0.9;expires=100"]
    assert edge.found()[first] == "sip:a@192.0.2.7:5060"


@pytest.mark.parametrize(
    ("contact", "uri"),
    [
        ('"Doe, John \\"x\\"" <sip:a@192.0.2.7>', "sip:a@192.0.2.7"),
        ("Doe <sip:a@192.0.2.7>", "sip:a@192.0.2.7"),
        ("sip:a@192.0.2.7", "sip:a@192.0.2.7"),
        ("<sip:192.0.2.7:5060>", "sip:192.0.2.7:5060"),
        ("<sip:a@[2001:db8::1]:5070>", "sip:a@[2001:db8::1]:5070"),
        ("<sip:a;x=1@192.0.2.7;transport=udp;ob>", "sip:a;x=1@192.0.2.7;transport=udp;ob"),
        ("<sip:a@192.0.2.7?Subject=x%2C%3By>", "sip:a@192.0.2.7?Subject=x%2C%3By"),
    ],
)
def test_a_contact_may_look_so(edge: Edge, contact: str, uri: str) -> None:
    """§20.10: quoted commas, no brackets, no user, IPv6 references, headers."""
    done = edge.granted(register(f"Contact: {contact};expires=90, {B};expires=90"))
    assert contacts(done) == [f"<{uri}>;expires=90", f"{B};expires=90"] and uri in edge.found()


@pytest.mark.parametrize(
    "values", [("*;expires=0",), ("<*>",), ("*", A), (A, "*"), (f"*, {A}",), (f"{A}, *",)]
)
def test_a_star_stands_alone(edge: Edge, values: tuple[str, ...]) -> None:
    """§10.3 step 6, §25.1."""
    edge.granted(register(f"Contact: {A}"))
    lines = (f"Contact: {value}" for value in values)
    assert edge.refused(register(*lines, "Expires: 0", cseq=2)).status == 400


def test_a_refresh_replaces_and_a_zero_removes(edge: Edge) -> None:
    edge.granted(register(f"Contact: {A}", f"Contact: {B}"))
    again = edge.granted(register(f"Contact: {A};expires=70", cseq=2))
    assert sorted(contacts(again)) == [f"{A};expires=70", f"{B};expires=3600"]
    gone = edge.granted(register(f"Contact: {A}", "Expires: 0", cseq=3))
    assert contacts(gone) == [f"{B};expires=3600"]
    assert [(change.contact, change.binding) for change in gone.changes] == [("sip:a@192.0.2.7:5060", None)]
    assert edge.granted(register(f"Contact: {A}", "Expires: 0", cseq=4)).changes == ()


def test_contacts_are_compared_as_uris(edge: Edge) -> None:
    """§19.1.4: the host without case, transport must agree."""
    edge.granted(register("Contact: <sip:a@PBX.example.com;x=1>"))
    done = edge.granted(register("Contact: <sip:a@pbx.example.com>", cseq=2))
    assert edge.found() == ["sip:a@pbx.example.com"]
    assert [(c.contact, c.binding is None) for c in done.changes] == [
        ("sip:a@PBX.example.com;x=1", True),
        ("sip:a@pbx.example.com", False),
    ]
    edge.granted(register("Contact: <sip:a@pbx.example.com;transport=tcp>", cseq=3))
    assert len(edge.found()) == 2


def test_what_is_no_more_is_not_registered_any_more(edge: Edge) -> None:
    edge.granted(register(f"Contact: {A}", f"Contact: {B}"))
    gone = edge.registrar.forget(ACME, "1001")
    assert len(gone) == 2 and all(change.binding is None for change in gone)
    assert edge.found() == [] and edge.registrar.forget(ACME, "1001") == () and len(edge.registrar) == 0


def test_an_address_of_another_scheme_is_listed_and_never_called(edge: Edge) -> None:
    """§20.10 has one by mail."""
    mail = "<mailto:watson@bell-telephones.com>"
    done = edge.granted(register(f"Contact: {A}, {mail}"))
    assert contacts(done) == [f"{A};expires=3600", f"{mail};expires=3600"]
    assert edge.found() == ["sip:a@192.0.2.7:5060"]


@pytest.mark.parametrize("contact", ["<tel:+14155550100>", "<mailto:a@b.example>, <http://b.example>"])
def test_a_phone_that_no_call_could_reach_is_not_told_that_it_is_registered(edge: Edge, contact: str) -> None:
    refused = edge.refused(register(f"Contact: {contact}"))
    assert refused.status == 403 and "no_way_to_call" in (refused.headers.get("Warning") or "")
    edge.granted(register(f"Contact: {A}, {contact}"))
    edge.granted(register(f"Contact: {contact}", "Expires: 0", cseq=2))
    assert edge.found() == ["sip:a@192.0.2.7:5060"]


def test_the_answer_has_a_date(edge: Edge) -> None:
    """§10.3 step 8; some phones have no other clock."""
    assert edge.granted(register()).response.headers.get("Date") == "Thu, 01 Jan 1970 00:16:40 GMT"


def test_star_removes_everything(edge: Edge) -> None:
    edge.granted(register(f"Contact: {A}, {B}"))
    done = edge.granted(register("Contact: *", "Expires: 0", cseq=2))
    assert len(done.changes) == 2 and edge.found() == [] and contacts(done) == []
    assert edge.registrar.next_timer_at() is None


@pytest.mark.parametrize(
    "lines", [("Contact: *",), ("Contact: *", "Expires: 60"), (f"Contact: *, {A}", "Expires: 0")]
)
def test_star_is_for_expires_zero_alone(edge: Edge, lines: tuple[str, ...]) -> None:
    """§10.3 step 6."""
    edge.granted(register(f"Contact: {A}"))
    assert edge.refused(register(*lines, cseq=2)).status == 400


@pytest.mark.parametrize("bad", ["<sip:a@192.0.2.7;x=é>", "<sip:a@192.0.2.7;x=\x01>"])
def test_a_contact_with_a_character_that_no_uri_has_is_400(edge: Edge, bad: str) -> None:
    """§25.1."""
    assert edge.refused(register(f"Contact: {bad}")).status == 400


def test_a_contact_that_cannot_be_read_is_400(edge: Edge) -> None:
    assert edge.refused(register("Contact: <sip:>")).status == 400


def test_within_one_call_id_the_cseq_must_grow(edge: Edge) -> None:
    """§10.3 step 7: otherwise the request fails and nothing of it is done."""
    edge.granted(register(f"Contact: {A}", cseq=5))
    for cseq in (4, 5):
        assert edge.refused(register(f"Contact: {B}, {A};expires=0", cseq=cseq)).status == 500
        assert edge.refused(register("Contact: *", "Expires: 0", cseq=cseq)).status == 500
    edge.granted(register(f"Contact: {A}", cseq=1, call_id="after-reboot"))
    edge.now += 4000
    edge.granted(register(f"Contact: {A}", cseq=1, call_id="after-reboot"))  # the old one has ended


def test_a_phone_that_starts_anew_with_its_old_call_id_is_let_in_after_timer_f(edge: Edge) -> None:
    """Some libraries make the same Call-IDs after every start; §10.3 step 7 is about what is under way."""
    edge.granted(register(f"Contact: {A}", cseq=500))
    edge.now += 31.5
    refused = edge.refused(register(f"Contact: {A}", cseq=1))
    assert (refused.status, refused.headers.get("Retry-After")) == (500, "1")
    edge.now += 0.5
    edge.granted(register(f"Contact: {A}", cseq=1))


def test_the_same_contact_twice_in_one_request_is_one_binding(edge: Edge) -> None:
    edge.granted(register(f"Contact: {A};q=0.1, {A};q=0.7"))
    (binding,) = edge.registrar.lookup(ACME, "1001", edge.now)
    assert binding.q == 0.7


def test_an_address_of_record_holds_so_many_contacts(edge: Edge) -> None:
    edge.granted(register(f"Contact: {A}, {B}, {C}"))
    extra = "<sip:d@192.0.2.7>"
    response = edge.refused(register(f"Contact: {extra}", cseq=2))
    assert response.status == 403 and "3 contacts" in (response.headers.get("Warning") or "")
    edge.granted(register(f"Contact: {extra}, {A};expires=0", cseq=3))
    assert (
        edge.refused(register(*[f"Contact: <sip:{n}@h>;expires=0" for n in range(7)], cseq=4)).status == 403
    )


def test_all_bindings_together_have_a_limit() -> None:
    registrar = Registrar(SipLimits(bindings=1), lambda: "tag")
    for cseq, aor, kind in ((1, "1001", Registration), (2, "1002", Response), (3, "1001", Registration)):
        done = registrar.register(register(f"Contact: {A}", cseq=cseq), PHONE, ACME, aor, 0.0, 0)
        assert isinstance(done, kind)
        if isinstance(done, Response):
            assert done.status == 503
    assert len(registrar) == 1


def test_reg_id_and_instance_replace_whatever_the_contact(edge: Edge) -> None:
    """RFC 5626 §6: a phone back with a new address leaves no dead one behind."""
    outbound = ';+sip.instance="<urn:uuid:00000000-0000-1000-8000-000A95A0E128>";reg-id='
    edge.granted(register(f"Contact: {A}{outbound}1"))
    edge.granted(register(f"Contact: {B}{outbound}2", call_id="call-2"))
    done = edge.granted(register(f"Contact: {C}{outbound}1", "Supported: path, outbound", call_id="call-3"))
    assert edge.found() == ["sip:c@192.0.2.7:5060"], "it is called by one flow at a time: §5.3"
    held = [value.partition(";")[0] for value in contacts(done)]
    assert held == ["<sip:b@192.0.2.7:5060>", "<sip:c@192.0.2.7:5060>"]
    assert [change.binding is None for change in done.changes] == [True, False]
    assert done.response.headers.get("Require") == "outbound"
    assert f"{C}{outbound}1;expires=3600" in contacts(done)
    binding = edge.registrar.lookup(ACME, "1001", edge.now)[0]
    assert (binding.instance, binding.reg_id) == ("<urn:uuid:00000000-0000-1000-8000-000A95A0E128>", 1)
    asked = edge.granted(register(f"Contact: {C}{outbound}1", "Require: outbound", call_id="call-3", cseq=2))
    assert asked.response.headers.get("Require") == "outbound", "who requires it supports it"


INSTANCE = ';+sip.instance="<urn:uuid:00000000-0000-1000-8000-000A95A0E128>"'


def test_a_phone_that_starts_anew_on_another_port_leaves_no_dead_contact_behind(edge: Edge) -> None:
    """RFC 5626 §4.1: the instance is the device's, whether or not it numbers its flows."""
    for number in range(2 * LIMITS.contacts_per_aor):
        contact = f"<sip:a@192.0.2.7:{40_000 + number}>"
        done = edge.granted(register(f"Contact: {contact}{INSTANCE}", call_id=f"boot-{number}"))
        assert contacts(done) == [f"{contact}{INSTANCE};expires=3600"]
    edge.granted(register(f"Contact: {B}{INSTANCE};reg-id=1", call_id="outbound now"))
    assert edge.found() == ["sip:b@192.0.2.7:5060"]
    edge.granted(register(f'Contact: {A};+sip.instance="<urn:uuid:2>"'))
    assert len(edge.found()) == 2, "another device of the same user stays"


def test_one_request_may_name_several_addresses_of_a_device(edge: Edge) -> None:
    edge.granted(register(f"Contact: {A}{INSTANCE}, {B}{INSTANCE}"))
    assert len(edge.found()) == 2
    late = edge.refused(register(f"Contact: {C}{INSTANCE}"))
    assert late.status == 500, "the CSeq is that of the request before: it was overtaken"


@pytest.mark.parametrize("reg_id", ["", ";reg-id=1"])
def test_a_phone_that_moves_takes_its_old_contact_back_in_the_same_request(edge: Edge, reg_id: str) -> None:
    """As PJSIP does; the removal is of the old contact alone."""
    edge.granted(register(f"Contact: {A}{INSTANCE}{reg_id}"))
    moved = f"Contact: {B}{INSTANCE}{reg_id}, {A}{INSTANCE}{reg_id};expires=0"
    edge.granted(register(moved, cseq=2))
    assert edge.found() == ["sip:b@192.0.2.7:5060"]
    if not reg_id:
        edge.granted(register(f"Contact: {A}{INSTANCE};expires=0", cseq=3))
        assert edge.found() == ["sip:b@192.0.2.7:5060"], "what was taken back before is not there"


def test_a_reg_id_without_an_instance_is_passed_over(edge: Edge) -> None:
    edge.granted(register(f"Contact: {A};reg-id=1"))
    edge.granted(register(f"Contact: {B};reg-id=1", call_id="call-2"))
    assert len(edge.found()) == 2


@pytest.mark.parametrize("path", ["hello world", "<tel:1>", "<sip:p.example;lr>, <sip:>"])
def test_a_path_that_leads_nowhere_is_400(edge: Edge, path: str) -> None:
    """RFC 3327 §5.3: every call to this phone would have it as its route."""
    assert edge.refused(register(f"Contact: {A}", f"Path: {path}")).status == 400


def test_path_is_kept_and_echoed_to_who_supports_it(edge: Edge) -> None:
    """RFC 3327 §5.3."""
    path = "<sip:p2.example.com;lr>, <sip:p1.example.com;lr>"
    done = edge.granted(register(f"Contact: {A}", f"Path: {path}", "Supported: path"))
    assert done.response.headers.all("Path") == [path]
    (binding,) = edge.registrar.lookup(ACME, "1001", edge.now)
    assert binding.path == ("<sip:p2.example.com;lr>", "<sip:p1.example.com;lr>")
    silent = edge.granted(register(f"Contact: {A}", f"Path: {path}", cseq=2))
    assert silent.response.headers.get("Path") is None
    asked = edge.granted(register(f"Contact: {A}", f"Path: {path}", "Require: path", cseq=3))
    assert asked.response.headers.all("Path") == [path], "who requires it supports it"


def test_what_was_not_committed_is_taken_back(edge: Edge) -> None:
    edge.granted(register(f"Contact: {A};q=0.3"))
    changed = edge.granted(register(f"Contact: {A};q=0.8, {B}", cseq=2))
    assert len(edge.found()) == 2, "found while the commit is under way"
    response = edge.registrar.undo(changed)
    assert response.status == 503 and response.headers.get("Retry-After")
    (binding,) = edge.registrar.lookup(ACME, "1001", edge.now)
    assert (binding.q, binding.cseq) == (0.3, 1)
    gone = edge.granted(register("Contact: *", "Expires: 0", cseq=3))
    edge.registrar.undo(gone)
    assert edge.found() == ["sip:a@192.0.2.7:5060"]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_failed_commits_lead_back_to_the_last_good_state(edge: Edge, order: tuple[int, int]) -> None:
    edge.granted(register(f"Contact: {A};q=0.1"))
    pending = [edge.granted(register(f"Contact: {A};q=0.{cseq}", cseq=cseq)) for cseq in (2, 3)]
    for index in order:
        edge.registrar.undo(pending[index])
    (binding,) = edge.registrar.lookup(ACME, "1001", edge.now)
    assert binding.q == 0.1


def test_a_later_registration_outlives_the_failure_of_an_earlier_one(edge: Edge) -> None:
    first = edge.granted(register(f"Contact: {A};q=0.1"))
    edge.granted(register(f"Contact: {A};q=0.2", cseq=2))
    edge.registrar.undo(first)
    (binding,) = edge.registrar.lookup(ACME, "1001", edge.now)
    assert binding.q == 0.2


PIECES = st.sampled_from(
    [
        "*",
        A,
        B,
        C,
        ";q=0.5",
        ";q=x",
        ";expires=0",
        ";expires=99",
        ";reg-id=1",
        ';+sip.instance="<u>"',
        ",",
        " ",
        "<sip:",
    ]
)


@given(st.lists(st.lists(PIECES, max_size=6).map("".join) | st.text(max_size=10), max_size=3), st.booleans())
@example(["a:0"], False)
def test_no_contact_raises_and_a_refusal_changes_nothing(values: list[str], zero: bool) -> None:
    edge = Edge()
    edge.granted(register(f"Contact: {A}, {B}"))
    request = register("Expires: 0" if zero else "Expires: 600", cseq=2)
    for value in values:
        request.headers.add("Contact", value)
    before = edge.found()
    result = edge.send(request)
    if isinstance(result, Response):
        assert result.status >= 400 and edge.found() == before
    else:
        told = contacts(result)
        assert len(told) == len(edge.registrar) <= 3
        # One by mail, say, is kept (RFC 3261 §20.10), and nobody is called there.
        assert len(edge.found()) == sum(text.startswith(("<sip:", "<sips:")) for text in told)
        edge.registrar.undo(result)
        assert sorted(edge.found()) == sorted(before)


def test_a_phone_whose_connection_is_gone_is_forgotten_or_dialled(edge: Edge) -> None:
    """RFC 5626 §7, RFC 7118 §5."""
    socket = Flow(Transport.WS, ("192.0.2.7", 40_001), 2, 5)
    stream = Flow(Transport.TCP, ("192.0.2.7", 40_002), 1, 6)
    edge.granted(register("Contact: <sip:a@df7jal.invalid;transport=ws>"), socket)
    edge.granted(register("Contact: <sip:b@192.0.2.7:5060;transport=tcp>", call_id="2"), stream)
    edge.granted(register(f"Contact: {C}", call_id="3"))
    assert edge.registrar.holds(socket) and edge.registrar.holds(stream)
    assert not edge.registrar.holds(PHONE) and edge.registrar.lost(PHONE, edge.now) == ()
    (gone,) = edge.registrar.lost(socket, edge.now)
    assert gone.binding is None and gone.contact == "sip:a@df7jal.invalid;transport=ws"
    (kept,) = edge.registrar.lost(stream, edge.now)
    assert kept.binding is not None and kept.binding.flow == "tcp:192.0.2.7:5060/1/0"
    assert edge.found() == ["sip:c@192.0.2.7:5060", "sip:b@192.0.2.7:5060;transport=tcp"]
    assert not edge.registrar.holds(socket) and edge.registrar.lost(stream, edge.now) == ()


def test_a_device_that_loses_one_of_its_flows_is_found_on_the_other(edge: Edge) -> None:
    """RFC 5626 §4.3: also for what follows in calls that had begun on the lost one."""
    one, two = (Flow(Transport.TCP, ("192.0.2.7", 40_000 + n), 0, n) for n in (1, 2))
    device = '+sip.instance="<urn:uuid:1>"'
    for reg_id, flow in enumerate((one, two), 1):
        contact = f"Contact: <sip:bob@192.168.7.7:506{reg_id};transport=tcp>;{device};reg-id={reg_id}"
        edge.granted(register(contact, call_id=f"flow{reg_id}"), flow)
    edge.registrar.lost(one, edge.now)
    assert edge.registrar.recovery.of(one, Uri.parse("sip:bob@192.168.7.7:5061")) == two


def test_a_phone_that_came_back_on_a_new_connection_does_not_lose_it_with_the_old_one(edge: Edge) -> None:
    old, new = (Flow(Transport.TLS, ("192.0.2.7", port), 1, port) for port in (40_001, 40_002))
    contact = "Contact: <sip:a@10.0.0.9;transport=tls>"
    edge.granted(register(contact), old)
    edge.granted(register(contact, cseq=2), new)
    assert edge.registrar.lost(old, edge.now) == () and len(edge.found()) == 1
