"""What operators see of conferences, and do in them."""

from config.schema import SipLimits
from controlplane.service.conference import ConferenceService
from edge.conference import Conferences, Member
from edge.error import Refusal
from edge.journal import CallId
from media import port
from tests.support.directory import ACC, FakeDirectory


class Guest:
    def dismissed(self, cause: str, now: float) -> None:
        self.cause = cause


def test_rooms_and_members_are_shown_changed_and_sent_away() -> None:
    directory = FakeDirectory()
    commands: list[port.Command] = []
    rooms = Conferences(SipLimits(), directory, commands.append, lambda now: int(now * 1000))
    service = ConferenceService(rooms, lambda act: act(2.0), lambda id: id == ACC)
    account = directory.account(ACC)
    assert account is not None
    guest = Guest()
    member = Member(CallId("c1"), port.LegId("c1/1"), "1001", "Alice", False, guest)
    rooms.enter(account, "board", member, 1.0)
    shown = service.list(ACC)
    assert isinstance(shown, dict)
    (room,) = shown["conferences"]  # type: ignore[misc]
    assert room["members"][0]["number"] == "1001" and room["since"] == 1 and not room["locked"]  # type: ignore[index]
    locked = service.lock(ACC, "board", locked=True)
    assert isinstance(locked, dict) and locked["locked"] and service.show(ACC, "board") == locked
    changed = service.adjust(ACC, "board", "1001", muted=True, deaf=None)
    assert isinstance(changed, dict) and changed["muted"] and not changed["deaf"]
    assert service.kick(ACC, "board", "c1") == {"kicked": "c1"} and guest.cause == "kicked"
    for refused in (
        service.list("acc_x"),
        service.show(ACC, "board"),
        service.lock(ACC, "board", locked=False),
        service.adjust(ACC, "board", "1001", muted=True, deaf=None),
        service.kick("acc_x", "board", "c1"),
    ):
        assert isinstance(refused, Refusal) and refused.status == 404


def test_rooms_of_another_account_are_not_there() -> None:
    directory = FakeDirectory()
    rooms = Conferences(SipLimits(), directory, lambda command: None, lambda now: 0)
    account = directory.account(ACC)
    assert account is not None
    rooms.enter(account, "board", Member(CallId("c"), port.LegId("c/1"), "1", "", False, Guest()), 1.0)
    service = ConferenceService(rooms, lambda act: act(2.0), lambda id: True)
    assert isinstance(service.show("acc_b", "board"), Refusal)
