"""Conferences of an account for operators: who is in which, and what they do about it."""

from collections.abc import Callable

from edge.conference import Conferences, Member, Room
from edge.directory import AccountId
from edge.error import Refusal

Json = dict[str, object]


class ConferenceService:
    def __init__(
        self,
        conferences: Conferences,
        do: Callable[[Callable[[float], None]], None],
        exists: Callable[[AccountId], bool],
    ) -> None:
        """Args: do: changes the switch, and carries out what it wants."""
        self._conferences = conferences
        self._do = do
        self._exists = exists

    def list(self, account: str) -> Json | Refusal:
        if not self._exists(AccountId(account)):
            why = f"there is no account {account[:64]}"
            return Refusal("no_such_account", 404, why, "see the configuration")
        rooms = self._conferences.rooms(AccountId(account))
        return {"account_id": account, "conferences": [shown(room) for room in rooms]}

    def show(self, account: str, name: str) -> Json | Refusal:
        room = self._conferences.room(AccountId(account), name)
        return _no_room(name) if room is None else shown(room)

    def lock(self, account: str, name: str, *, locked: bool) -> Json | Refusal:
        room = self._conferences.room(AccountId(account), name)
        if room is None:
            return _no_room(name)
        room.locked = locked
        return shown(room)

    def adjust(
        self, account: str, name: str, member: str, *, muted: bool | None, deaf: bool | None
    ) -> Json | Refusal:
        found = self._find(account, name, member)
        if isinstance(found, Refusal):
            return found
        self._do(lambda now: self._conferences.adjust(found, muted=muted, deaf=deaf))
        return _member(found)

    def kick(self, account: str, name: str, member: str) -> Json | Refusal:
        found = self._find(account, name, member)
        if isinstance(found, Refusal):
            return found
        self._do(lambda now: self._conferences.kick(found, now))
        return {"kicked": found.call}

    def _find(self, account: str, name: str, member: str) -> Member | Refusal:
        room = self._conferences.room(AccountId(account), name)
        if room is None:
            return _no_room(name)
        found = next((m for m in room.members.values() if member in (m.call, m.number)), None)
        fix = "name one by the id of its call, or by its number"
        return found or Refusal("no_such_member", 404, f"{member[:64]} is not in {name[:64]}", fix)


def shown(room: Room) -> Json:
    return {
        "name": room.name,
        "since": room.opened_at // 1000,
        "locked": room.locked,
        "open": room.open,
        "members": [_member(member) for member in room.members.values()],
    }


def _member(member: Member) -> Json:
    return {
        "call": member.call,
        "number": member.number,
        "name": member.name,
        "moderator": member.moderator,
        "muted": member.muted,
        "deaf": member.deaf,
        "waiting": member.waiting,
        "speaking": member.speaking,
        "level_dbov": round(member.level_dbov, 1),
        "since": member.joined_at // 1000,
    }


def _no_room(name: str) -> Refusal:
    fix = "GET /conferences lists those that are there"
    return Refusal("no_such_conference", 404, f"nobody is in {name[:64]}", fix)
