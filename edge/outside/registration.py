"""Phones that are registered at an outside edge, as its `/presence/event` tells (S004-40…42).

Kept in memory alone: that edge tells of every refresh, so they are back within one registration period.
"""

from typing import Final

from edge.directory import AccountId, UserId

SWEEP: Final = 10.0
"A full table is looked through for what has ended this often at most [s]."


class OutsideRegistrations:
    def __init__(self, limit: int, contacts: int) -> None:
        """
        Args:
            limit: users and contacts together.
            contacts: of one user.
        """
        self._limit = limit
        self._contacts = contacts
        self._held: dict[tuple[AccountId, UserId], dict[str, float]] = {}
        self._count = 0
        self._sweep_at = 0.0

    def put(self, account: AccountId, user: UserId, contact: str, expires: float, now: float) -> bool:
        """Note `contact` until `expires` [s, monotonic]; False when there is no room."""
        held = self._held.get((account, user), {})
        self._drop_ended(held, now)
        if contact not in held:
            if len(held) >= self._contacts or not self._room(now):
                return False
            self._count += 1
        held[contact] = expires
        self._held[account, user] = held
        return True

    def remove(self, account: AccountId, user: UserId, contact: str) -> None:
        """Empty `contact`: all of the user's."""
        held = self._held.get((account, user), {})
        for gone in [contact] if contact else list(held):
            if held.pop(gone, None) is not None:
                self._count -= 1
        if not held:
            self._held.pop((account, user), None)

    def contacts(self, account: AccountId, user: UserId, now: float) -> list[str]:
        held = self._held.get((account, user), {})
        return [contact for contact, expires in held.items() if expires > now]

    def __len__(self) -> int:
        """Contacts, those included that have ended and were not swept yet."""
        return self._count

    def _room(self, now: float) -> bool:
        if self._count < self._limit or now < self._sweep_at:
            return self._count < self._limit
        self._sweep_at = now + SWEEP
        for key, held in list(self._held.items()):
            self._drop_ended(held, now)
            if not held:
                del self._held[key]
        return self._count < self._limit

    def _drop_ended(self, held: dict[str, float], now: float) -> None:
        for contact in [contact for contact, expires in held.items() if expires <= now]:
            del held[contact]
            self._count -= 1
