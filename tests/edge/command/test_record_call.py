"""recordCall: of the whole call, at once."""

from media import port
from tests.support.directory import FakeDirectory
from tests.support.flow_call import FlowCall

FLOW = """
nodes:
  first: {kind: recordCall, turn: on, next: {done: second, failed: no}}
  second: {kind: recordCall, turn: pause, next: {done: third, failed: no}}
  third: {kind: recordCall, turn: off, next: {done: menu, failed: no}}
  menu: {kind: say, text: hello}
  no: {kind: say, text: sorry}
"""


def test_it_is_turned_and_the_flow_goes_on_at_once() -> None:
    call = FlowCall(FLOW)
    assert call.at == "menu"
    kinds = (port.Record, port.PauseRecord, port.StopRecord)
    assert [type(c) for c in call.bench.commands if isinstance(c, kinds)] == list(kinds)


def test_where_nobody_may_be_recorded_it_fails() -> None:
    call = FlowCall(FLOW, FakeDirectory(record="never"))
    assert call.at == "no" and not call.bench.commanded(port.Record)
