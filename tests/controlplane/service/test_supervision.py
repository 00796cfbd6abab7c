"""Supervision and recording by call, number and mode."""

from controlplane.service.supervision import SupervisionService
from edge.error import Refusal
from tests.edge.call.test_supervision import Floor
from tests.edge.call.test_supervisor import Floor as AgentsFloor


def test_supervisors_are_rung_shown_changed_and_sent_away() -> None:
    floor = Floor()
    service = SupervisionService(floor.bench.switch.supervisions, lambda act: act(floor.bench.now))
    account, call = floor.call.route.account.id, floor.call.id
    begun = service.begin(account, call, "1005", "listen")
    assert isinstance(begun, dict) and begun["number"] == "1005" and not begun["answered"]
    changed = service.change(account, call, "1005", "barge")
    assert isinstance(changed, dict) and changed["mode"] == "barge"
    shown = service.show(account, call)
    assert isinstance(shown, dict) and shown["supervisors"] == [changed]
    assert isinstance(service.end(account, call, "1005"), dict)
    assert isinstance(service.end(account, call, "1005"), Refusal)


def test_a_live_call_is_recorded_on_demand() -> None:
    floor = Floor()
    service = SupervisionService(floor.bench.switch.supervisions, lambda act: act(floor.bench.now))
    account, call = floor.call.route.account.id, floor.call.id
    on = service.record(account, call, "on")
    assert isinstance(on, dict)
    assert on["recording"] == {"state": "on", "keys": [f"{account}/call/{call}.wav"]}
    assert isinstance(service.record("acc_x", call, "on"), Refusal)


def test_a_call_is_transferred_with_a_briefing() -> None:
    floor = Floor()
    service = SupervisionService(floor.bench.switch.supervisions, lambda act: act(floor.bench.now))
    account, call = floor.call.route.account.id, floor.call.id
    begun = service.transfer(account, call, "user:1005", "hi", confirm=True)
    assert begun == {"call": call, "to": "user:1005"}
    again = service.transfer(account, call, "user:1005", "hi", confirm=True)
    assert isinstance(again, Refusal) and again.code == "not_transferable"
    assert isinstance(service.transfer("acc_x", call, "user:1005", "", confirm=True), Refusal)


def test_what_cannot_be_with_an_ai_agent_is_refused_and_nothing_changed() -> None:
    floor = AgentsFloor()
    service = SupervisionService(floor.bench.switch.supervisions, lambda act: act(floor.bench.now))
    account, call = floor.call.route.account.id, floor.call.id
    refusal = service.begin(account, call, "1005", "whisper")
    assert isinstance(refusal, Refusal) and (refusal.code, refusal.status) == ("agent_on_call", 409)
    floor.comes()
    assert service.change(account, call, "1005", "whisper") == refusal
    taken = service.change(account, call, "1005", "barge")
    assert isinstance(taken, dict) and taken["mode"] == "barge"
    shown = service.show(account, call)
    assert isinstance(shown, dict) and shown["supervisors"] == [], "he is a party now"
