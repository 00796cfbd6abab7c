"""Conference rooms: who is in which, who waits, and what members may do (S004-39).

::

    host (a flow's command) ── enter · press · leave ──▶ Conferences ── Join · ChangeRole · Play ──▶ media
    host ◀── dismissed(cause, now): kicked, or the room has ended ── Conferences ◀── operators

A room belongs to one account and is there as long as somebody is in it. Where it waits for a moderator
its members hear music until one comes.
"""

import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol

from config.conference import Conference
from config.schema import SipLimits
from edge.directory import Account, AccountId, Directory
from edge.error import Refusal
from edge.flow.node.conference import WAIT_PROMPT
from edge.journal import CallId
from media import port

MUSIC_PROMPT: Final = "hold-music"
_MUSIC: Final = "room.music"
_WAIT: Final = "room.wait"


class Host(Protocol):
    """Who brought a member."""

    def dismissed(self, cause: str, now: float) -> None:
        """It is in the room no longer, and did not leave by itself."""


@dataclass(slots=True, eq=False)
class Member:
    call: CallId
    leg: port.LegId
    number: str
    name: str
    moderator: bool
    host: Host
    joined_at: int = 0
    "[ms UTC]"
    muted: bool = False
    deaf: bool = False
    waiting: bool = False
    "Hears music until a moderator comes."
    speaking: bool = False
    "It is louder than its line's noise (`media/dsp/talker.py`)."
    level_dbov: float = -127.0
    "Of the last statistics."

    @property
    def role(self) -> port.Role:
        return port.Role(speaks=not self.muted, hears=not self.deaf)


@dataclass(slots=True, eq=False)
class Room:
    account: Account
    name: str
    terms: Conference
    opened_at: int
    "[ms UTC]"
    locked: bool = False
    members: dict[port.LegId, Member] = field(default_factory=dict)

    @property
    def id(self) -> port.RoomId:
        return port.RoomId(f"conference:{self.account.id}/{self.name}")

    @property
    def open(self) -> bool:
        """Its members hear each other."""
        return not self.terms.wait_for_moderator or any(m.moderator for m in self.members.values())


class Conferences:
    def __init__(
        self,
        limits: SipLimits,
        directory: Directory,
        media: Callable[[port.Command], None],
        wall: Callable[[float], int],
    ) -> None:
        self._limits = limits
        self._directory = directory
        self._media = media
        self._wall = wall
        self._rooms: dict[tuple[AccountId, str], Room] = {}
        self._room_of: dict[port.LegId, Room] = {}
        self.joined = 0
        "Members since the start."
        self.refused = 0

    def __len__(self) -> int:
        return len(self._rooms)

    @property
    def members(self) -> int:
        return len(self._room_of)

    def rooms(self, account: AccountId) -> Iterator[Room]:
        return (room for room in self._rooms.values() if room.account.id == account)

    def room(self, account: AccountId, name: str) -> Room | None:
        return self._rooms.get((account, name))

    def holds(self, leg: port.LegId) -> bool:
        return leg in self._room_of

    # Hosts.

    def enter(self, account: Account, name: str, member: Member, now: float) -> Refusal | None:
        """Let somebody in, or say why not."""
        refusal = self._closed(account, name, member)
        if refusal is not None:
            self.refused += 1
            return refusal
        room = self._rooms.get((account.id, name))
        if room is None:
            terms = account.conferences.get(name, Conference())
            room = self._rooms[account.id, name] = Room(account, name, terms, self._wall(now))
        member.joined_at = self._wall(now)
        member.muted = room.terms.muted and not member.moderator
        was_open = room.open
        room.members[member.leg] = member
        self._room_of[member.leg] = room
        self.joined += 1
        if not room.open:
            self._wait(room, member)
            return None
        self._join(room, member)
        if not was_open:
            for other in room.members.values():
                if other.waiting:
                    self._stop_waiting(other)
                    self._join(room, other)
        return None

    def leave(self, member: Member, now: float) -> None:
        """It goes by itself, or its call is over."""
        room = self._room_of.get(member.leg)
        if room is None:
            return
        self._remove(room, member)
        if member.moderator and room.members and not any(m.moderator for m in room.members.values()):
            if room.terms.end_with_moderator:
                for other in tuple(room.members.values()):
                    self._remove(room, other)
                    other.host.dismissed("moderator_left", now)
            elif room.terms.wait_for_moderator:
                for other in room.members.values():
                    self._media(port.Detach(other.leg))
                    self._wait(room, other)

    def media_event(self, member: Member, event: port.Event) -> None:
        match event:
            case port.SpeechStarted(leg) if leg == member.leg:
                member.speaking = True
            case port.SpeechStopped(leg) if leg == member.leg:
                member.speaking = False
            case port.Stats(leg, stats) if leg == member.leg:
                member.level_dbov = stats.level_dbov

    # Operators, and members about themselves.

    def adjust(self, member: Member, *, muted: bool | None = None, deaf: bool | None = None) -> None:
        member.muted = member.muted if muted is None else muted
        member.deaf = member.deaf if deaf is None else deaf
        if not member.waiting:
            self._media(port.ChangeRole(member.leg, member.role))

    def kick(self, member: Member, now: float) -> None:
        self.leave(member, now)
        member.host.dismissed("kicked", now)

    # Inside.

    def _closed(self, account: Account, name: str, member: Member) -> Refusal | None:
        room = self._rooms.get((account.id, name))
        if room is None:
            if sum(1 for _ in self.rooms(account.id)) < self._limits.rooms_per_account:
                return None
            fix = "raise limits.sip.rooms_per_account"
            return Refusal("too_many_rooms", 503, "the account has as many rooms as it may", fix)
        if room.locked and not member.moderator:
            return Refusal("room_locked", 403, "the conference is locked", "let its moderator unlock it")
        most = min(room.terms.max_members or self._limits.room_members, self._limits.room_members)
        if len(room.members) >= most:
            return Refusal("room_full", 486, "the conference is full", "raise max_members of the room")
        return None

    def _join(self, room: Room, member: Member) -> None:
        self._media(port.Join(member.leg, room.id, member.role, chimes=room.terms.chimes))

    def _wait(self, room: Room, member: Member) -> None:
        member.waiting = True
        prompt = self._directory.prompt(WAIT_PROMPT)
        if prompt is not None:
            self._media(port.Play(member.leg, _WAIT, prompt))
        music = self._directory.prompt(MUSIC_PROMPT)
        if music is not None:
            self._media(port.Play(member.leg, _MUSIC, music, loop=True))

    def _stop_waiting(self, member: Member) -> None:
        member.waiting = False
        for play in (_WAIT, _MUSIC):
            self._media(port.StopPlay(member.leg, play))

    def _remove(self, room: Room, member: Member) -> None:
        del room.members[member.leg], self._room_of[member.leg]
        if member.waiting:
            self._stop_waiting(member)
        else:
            self._media(port.Detach(member.leg))
        if not room.members:
            del self._rooms[room.account.id, room.name]


def same(given: str, expected: str | None) -> bool:
    """Whether a PIN is right, in a time that does not tell how much of it is."""
    return bool(expected) and hmac.compare_digest(given.encode(), (expected or "").encode())
