"""Rooms of accounts: who comes in, who waits, who has to go (S004-39)."""

from dataclasses import dataclass, field

from config.conference import Conference
from config.schema import SipLimits
from edge.conference import Conferences, Member, same
from edge.directory import Account, AccountId
from edge.error import Refusal
from edge.journal import CallId
from media import port
from tests.support.directory import FakeDirectory


@dataclass
class Guest:
    """A host that keeps what it is told."""

    told: list[str] = field(default_factory=list)

    def dismissed(self, cause: str, now: float) -> None:
        self.told.append(cause)


class Hall:
    def __init__(self, limits: SipLimits | None = None, **rooms: Conference) -> None:
        self.commands: list[port.Command] = []
        directory = FakeDirectory()
        directory.prompts = {"hold-music": "/music.wav", "conference-wait": "/wait.wav"}
        self.account = self.tenant("acc_a", rooms)
        self.conferences = Conferences(
            limits or SipLimits(), directory, self.commands.append, lambda now: int(now * 1000)
        )

    def tenant(self, id: str, rooms: dict[str, Conference] | None = None) -> Account:
        none = (None, None, None)
        return Account(AccountId(id), f"{id}.local", "UTC", ("md5",), *none, conferences=rooms or {})

    def member(self, name: str, *, moderator: bool = False) -> Member:
        return Member(CallId(f"call_{name}"), port.LegId(f"call_{name}/1"), name, "", moderator, Guest())

    def enter(self, room: str, name: str, *, moderator: bool = False) -> Member:
        member = self.member(name, moderator=moderator)
        assert self.conferences.enter(self.account, room, member, 1.0) is None
        return member

    def refused(self, room: str, name: str = "x", account: Account | None = None) -> str:
        refusal = self.conferences.enter(account or self.account, room, self.member(name), 1.0)
        assert isinstance(refusal, Refusal)
        return refusal.code

    def take(self) -> list[port.Command]:
        taken = self.commands[:]
        self.commands.clear()
        return taken


def told(member: Member) -> list[str]:
    assert isinstance(member.host, Guest)
    return member.host.told


def test_members_join_with_chimes_and_the_room_goes_with_the_last() -> None:
    hall = Hall()
    first, second = hall.enter("r", "a"), hall.enter("r", "b")
    room = port.RoomId("conference:acc_a/r")
    assert hall.take() == [port.Join(m.leg, room, port.Role(), chimes=True) for m in (first, second)]
    assert len(hall.conferences) == 1 and hall.conferences.members == 2
    hall.conferences.leave(first, 2.0)
    hall.conferences.leave(first, 2.0)
    assert hall.take() == [port.Detach(first.leg)]
    hall.conferences.leave(second, 2.0)
    assert len(hall.conferences) == 0 and not hall.conferences.holds(second.leg)


def test_rooms_of_two_accounts_with_one_name_are_two_rooms() -> None:
    hall = Hall()
    hall.enter("r", "a")
    other = hall.member("b")
    hall.conferences.enter(hall.tenant("acc_b"), "r", other, 1.0)
    joins = [command for command in hall.commands if isinstance(command, port.Join)]
    assert len({join.room for join in joins}) == 2
    assert [room.name for room in hall.conferences.rooms(AccountId("acc_b"))] == ["r"]


def test_a_room_that_waits_plays_music_until_its_moderator_comes_and_again_when_he_leaves() -> None:
    hall = Hall(r=Conference(wait_for_moderator=True))
    guest = hall.enter("r", "a")
    assert guest.waiting and [type(command) for command in hall.take()] == [port.Play, port.Play]
    hall.conferences.adjust(guest, muted=True)
    assert not hall.take(), "it is no member of the media's room yet"
    moderator = hall.enter("r", "m", moderator=True)
    taken = hall.take()
    joins = [command for command in taken if isinstance(command, port.Join)]
    assert [join.leg for join in joins] == [moderator.leg, guest.leg] and not joins[1].role.speaks
    assert sum(isinstance(command, port.StopPlay) for command in taken) == 2 and not guest.waiting
    hall.conferences.leave(moderator, 3.0)
    assert guest.waiting and port.Detach(guest.leg) in hall.take() and not told(guest)


def test_a_room_that_ends_with_its_moderator_sends_everybody_away_when_the_last_one_leaves() -> None:
    hall = Hall(r=Conference(end_with_moderator=True))
    guests = [hall.enter("r", name) for name in "ab"]
    first, second = (hall.enter("r", name, moderator=True) for name in "mn")
    hall.conferences.leave(first, 2.0)
    assert not told(guests[0])
    hall.conferences.leave(second, 2.0)
    assert [told(guest) for guest in guests] == [["moderator_left"]] * 2
    assert len(hall.conferences) == 0 and hall.conferences.members == 0


def test_a_full_room_a_locked_one_and_one_room_too_many_are_refused() -> None:
    hall = Hall(SipLimits(rooms_per_account=2, room_members=3), small=Conference(max_members=2))
    for name in "ab":
        hall.enter("small", name)
    assert hall.refused("small") == "room_full"
    for name in "cde":
        hall.enter("big", name)
    assert hall.refused("big") == "room_full"
    assert hall.refused("third") == "too_many_rooms"
    room = hall.conferences.room(hall.account.id, "big")
    assert room is not None
    hall.conferences.leave(room.members[port.LegId("call_c/1")], 2.0)
    room.locked = True
    assert hall.refused("big") == "room_locked"
    hall.enter("big", "m", moderator=True)
    assert hall.conferences.refused == 4
    hall.conferences.enter(hall.tenant("acc_b"), "other", hall.member("z"), 1.0)
    assert len(hall.conferences) == 3, "another account has rooms of its own"


def test_members_come_in_mute_where_the_room_says_so_and_are_changed_by_operators() -> None:
    hall = Hall(r=Conference(muted=True, chimes=False))
    guest, moderator = hall.enter("r", "a"), hall.enter("r", "m", moderator=True)
    assert guest.muted and not moderator.muted
    hall.take()
    hall.conferences.adjust(guest, muted=False, deaf=True)
    assert hall.take() == [port.ChangeRole(guest.leg, port.Role(hears=False))]
    hall.conferences.kick(guest, 2.0)
    assert told(guest) == ["kicked"] and hall.take() == [port.Detach(guest.leg)]


def test_who_speaks_and_how_loud_is_known() -> None:
    hall = Hall()
    member = hall.enter("r", "a")
    hall.conferences.media_event(member, port.SpeechStarted(member.leg, 1.0))
    hall.conferences.media_event(member, port.SpeechStopped(port.LegId("other"), 1.0))
    assert member.speaking
    hall.conferences.media_event(member, port.Stats(member.leg, port.LegStats(level_dbov=-20.0)))
    hall.conferences.media_event(member, port.SpeechStopped(member.leg, 1.0))
    assert not member.speaking and member.level_dbov == -20.0


def test_no_pin_is_never_the_right_one() -> None:
    assert same("123", "123") and not same("123", "1234") and not same("", "") and not same("", None)
