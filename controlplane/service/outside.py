"""What outside edges ask over HTTP, put to the functions of our own edge (S004-06…28, S004-40…43)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from edge.directory import Account, AccountId, Directory, User
from edge.error import Refusal
from edge.outside.call import DialogEvent, RouteAsked
from edge.outside.calls import OutsideCalls
from edge.outside.proof import AuthAsked, Denied, Proofs, Proven
from edge.outside.registration import OutsideRegistrations

Json = dict[str, object]
Result = TypeVar("Result")


class Do(Protocol):
    """Runs one act on the edge, then carries out what it wants."""

    def __call__(self, act: Callable[[float], None], /) -> None: ...


@dataclass(frozen=True, slots=True)
class OutsideService:
    directory: Directory
    proofs: Proofs
    calls: OutsideCalls
    registrations: OutsideRegistrations
    do: Do
    here: Callable[[str], str]
    "Address of an asker → our `host:port` for SIP as it sees us."
    wall: Callable[[float], int]

    def auth(self, asked: AuthAsked) -> Json:
        found = self._act(lambda now: self.proofs.judge(asked, now))
        match found:
            case Proven(account, username, user, device, trunk):
                return {
                    "ok": True,
                    "account_id": account.id,
                    "user_id": user.id if user is not None else None,
                    "device_id": device.id if device is not None else None,
                    "trunk_id": trunk.id if trunk is not None else None,
                    "username": username,
                    "domain": account.domain,
                    "caller_id": {
                        "number": user.number if user is not None else "",
                        "name": user.name if user is not None else "",
                    },
                }
            case Denied():
                return _denied(found)

    def route(self, asked: RouteAsked) -> Json:
        return self._act(lambda now: self.calls.route(asked, now))

    def dialog(self, account: str, event: DialogEvent) -> Json | Refusal:
        found = self._account(account)
        if isinstance(found, Refusal):
            return found
        return {"ok": True, "known": self._act(lambda now: self.calls.dialog(event, now))}

    def register(
        self, account: str, name: str, contact: str, seconds: float, registered: bool
    ) -> Json | Refusal:
        """Args: name: id, number or username of the user, or an AOR of it."""
        user = self._user(account, name)
        if isinstance(user, Refusal):
            return user

        def act(now: float) -> bool:
            if registered and seconds > 0:
                return self.registrations.put(user.account, user.id, contact, now + seconds, now)
            self.registrations.remove(user.account, user.id, contact)
            return True

        if not self._act(act):
            fix = "raise limits.sip.contacts_per_aor or limits.sip.outside_calls"
            return Refusal("too_many_contacts", 503, "there is no room for one more contact", fix)
        reachable = self._act(lambda now: bool(self.registrations.contacts(user.account, user.id, now)))
        return {"ok": True, "user_id": user.id, "reachable": reachable}

    # Inside.

    def _act(self, act: Callable[[float], Result]) -> Result:
        results: list[Result] = []
        self.do(lambda now: results.append(act(now)))
        return results[0]

    def _account(self, account: str) -> Account | Refusal:
        found = self.directory.account(AccountId(account))
        if found is None:
            return Refusal(
                "no_such_account", 404, f"there is no account {account[:64]}", "name one by its id"
            )
        return found

    def _user(self, account: str, name: str) -> User | Refusal:
        of = self._account(account)
        if isinstance(of, Refusal):
            return of
        user = self.directory.user(of.id, _user_part(name))
        if user is None:
            fix = "name a user by id, number, username or AOR"
            return Refusal("no_such_user", 404, f"account {of.id} has no user {name[:64]}", fix)
        return user


def _user_part(name: str) -> str:
    """`sip:1001@demo.local` → `1001`."""
    for scheme in ("sip:", "sips:"):
        name = name.removeprefix(scheme)
    return name.partition("@")[0]


def _denied(found: Denied) -> Json:
    made: Json = {"ok": False, "reason": found.reason, "stale": found.stale, "detail": found.detail}
    if found.nonce:
        made["challenge"] = {
            "realm": found.realm,
            "nonce": found.nonce,
            "algorithm": [name.upper() for name in found.algorithms],
            "qop": "auth",
        }
    return made
