from edge.call.treatment import Treatment
from edge.directory import AudioTerms
from tests.support.directory import FakeDirectory
from tests.support.edge import Bench, Phone, final


def test_a_call_that_is_refused_gets_nothing_and_ends_in_order() -> None:
    """The empty treatment: every door may be opened, nothing happens."""
    directory = FakeDirectory()
    directory.add_user("1001")
    bench = Bench(directory)
    assert final(Phone(bench, "1001").dial("nobody")).status == 404
    assert not bench.commands and len(bench.journal.cdrs) == 1


def test_legs_are_named_after_their_side() -> None:
    directory = FakeDirectory()
    directory.add_user("1001")
    bench = Bench(directory)
    alice = Phone(bench, "1001")
    alice.ack(final(alice.dial("*43")))
    (call,) = bench.switch.calls.values()
    assert Treatment().side(call, call.leg) == "caller"
    assert Treatment().side(call, call.leg_for(call.session.flow, AudioTerms())) == "callee"
