"""A trunk that the API has made leads to public addresses alone, whatever its name resolves to."""

from dataclasses import replace

from edge.directory import Enrolment, Probing
from edge.sip.flow import Transport
from edge.sip.locate import Located, Target
from edge.sip.message import Request
from edge.trunk.reach import allowed
from tests.support.directory import FakeDirectory
from tests.support.edge import Bench, Phone

INSIDE, OUTSIDE = (Target(Transport.UDP, address, 5060, "") for address in ("10.0.0.5", "93.184.216.34"))


def test_private_addresses_of_a_name_are_passed_over() -> None:
    directory = FakeDirectory()
    directory.add_trunk("main", "sip:carrier.example")
    trunk = replace(directory.trunks["main"], trusted=False)
    assert allowed(trunk, Located((INSIDE, OUTSIDE))).targets == (OUTSIDE,)
    assert "security.reach" in allowed(trunk, Located((INSIDE,))).why
    assert allowed(trunk, Located((), "no such name")).why == "no such name"
    assert allowed(directory.trunks["main"], Located((INSIDE,))).targets == (INSIDE,)


def test_no_options_and_no_register_go_there() -> None:
    for trusted in (True, False):
        directory = FakeDirectory()
        directory.add_trunk("main", "sip:127.0.0.9:5060;transport=udp", username="us", password="pw")
        enrolment = Enrolment("sip:127.0.0.9:5060;transport=udp", 600)
        terms = {"probing": Probing(40.0, 2, 2), "enrolment": enrolment, "trusted": trusted}
        directory.trunks["main"] = replace(directory.trunks["main"], **terms)
        made = Bench(directory)
        made.switch.start(made.now)
        made.drain()
        methods = {m.method for m in Phone(made, "main", 9).got() if isinstance(m, Request)}
        assert methods == ({"OPTIONS", "REGISTER"} if trusted else set())
