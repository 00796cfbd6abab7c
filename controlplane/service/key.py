"""API keys made, rotated and revoked; each change is on disk, with who did it, before it is answered."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from controlplane.auth.key import ApiKey, KeyRing, digest_of, new_token
from controlplane.auth.principal import Principal
from controlplane.auth.scope import OF_AN_ACCOUNT, SCOPES
from controlplane.store import api_key, audit
from controlplane.store.audit import Deed
from controlplane.store.store import Store
from edge.error import Refusal

GRACE: Final = 86_400.0
"A key that is rotated works beside its successor for so long [s]."
GRACE_MAX: Final = 604_800.0

Row = dict[str, object]
_NOT_KEPT: Final = Refusal("not_kept", 503, "nothing was changed", "check the database, then try again", 5)


class KeyService:
    def __init__(
        self,
        store: Store,
        ring: KeyRing,
        has_account: Callable[[str], bool],
        wall_ms: Callable[[], int],
        random: Callable[[int], bytes],
        limit: int,
    ) -> None:
        """Args: random: so many bytes of `secrets`; limit: of keys, revoked ones too."""
        self._store = store
        self._ring = ring
        self._has_account = has_account
        self._wall_ms = wall_ms
        self._random = random
        self._limit = limit
        ring.used = lambda key: store.journal.promise((api_key.act(key),), lambda kept: None)

    def show(self, who: Principal) -> list[Row]:
        """All that `who` may see, the secrets masked."""
        wall = self._wall_ms()
        return [shown(key, wall) for key in self._ring.all() if who.account in ("", key.account)]

    async def create(
        self,
        who: Principal,
        name: str,
        scopes: Iterable[str],
        account: str = "",
        seconds: float | None = None,
    ) -> Row | Refusal:
        """The key with its secret, this once. Args: seconds: until it expires; None: never."""
        wanted = frozenset(scopes)
        if unknown := sorted(wanted - SCOPES.keys()):
            return Refusal("no_such_scope", 400, f"no such scope: {unknown[0][:64]}", _of(SCOPES))
        if not wanted:
            return Refusal("no_scope", 400, "a key without scopes opens nothing", _of(SCOPES))
        if missing := sorted(wanted - who.scopes):
            fix = "use the admin token, or a key that has this scope"
            return Refusal(
                "missing_scope", 403, f"a key cannot pass on {missing[0]}, which it does not have", fix
            )
        if who.account and account != who.account:
            return Refusal(
                "foreign_account",
                403,
                "your key makes keys of its own account",
                "name it, or use a key without an account",
            )
        if account and not self._has_account(account):
            return Refusal("no_such_account", 404, f"there is no account {account[:64]}", "name another")
        if account and (wider := sorted(wanted.difference(OF_AN_ACCOUNT))):
            text = f"{wider[0]} cannot be limited to one account"
            fix = f"give a key of one account {', '.join(OF_AN_ACCOUNT)} alone, or leave the account out"
            return Refusal("platform_scope", 400, text, fix)
        if len(self._ring) >= self._limit:
            fix = "revoke one that is not used, or raise limits.http.api_keys"
            return Refusal("too_many_keys", 409, f"there are {self._limit} keys already", fix)
        wall = self._wall_ms()
        id, token = new_token(self._random)
        expires = None if seconds is None else wall + int(seconds * 1000)
        key = ApiKey(id, account, name, digest_of(token), wanted, wall, expires)
        return await self._keep(who, "create", key, (key,), token)

    async def rotate(self, who: Principal, id: str, grace: float = GRACE) -> Row | Refusal:
        """A new secret with a new id; the old one works for `grace` more [s]."""
        old = self._find(who, id)
        if isinstance(old, Refusal):
            return old
        wall = self._wall_ms()
        if not old.holds(wall) or old.successor:
            return Refusal("not_in_use", 409, "the key is expired, revoked or replaced", "make a new one")
        if missing := sorted(old.scopes - who.scopes):
            return Refusal(
                "missing_scope",
                403,
                f"the key has {missing[0]}, which yours does not have",
                "use the admin token",
            )
        if len(self._ring) >= self._limit:
            fix = "revoke one that is not used, or raise limits.http.api_keys"
            return Refusal("too_many_keys", 409, f"there are {self._limit} keys already", fix)
        ends = wall + int(grace * 1000)
        new_id, token = new_token(self._random)
        new = replace(old, id=new_id, digest=digest_of(token), created_at=wall, used_at=None)
        old = replace(old, successor=new_id, expires_at=min(ends, old.expires_at or ends))
        return await self._keep(who, "rotate", new, (old, new), token)

    async def revoke(self, who: Principal, id: str) -> Row | Refusal:
        """At once."""
        key = self._find(who, id)
        if isinstance(key, Refusal):
            return key
        if key.revoked_at is None:
            key = replace(key, revoked_at=self._wall_ms())
        return await self._keep(who, "revoke", key, (key,))

    async def audit(self, limit: int) -> list[Row]:
        """Who changed what, the latest first."""
        async with self._store.engine.connect() as reader:
            found = await audit.latest(reader, limit)
        return [
            {
                "at": deed.at,
                "actor": deed.actor,
                "action": deed.action,
                "kind": deed.kind,
                "name": deed.name,
                "account": deed.account,
            }
            for deed in found
        ]

    # Inside.

    def _find(self, who: Principal, id: str) -> ApiKey | Refusal:
        key = self._ring.get(id)
        if key is None or who.account not in ("", key.account):
            return Refusal("no_such_key", 404, f"there is no key {id[:64]}", "list them")
        return key

    async def _keep(
        self, who: Principal, action: str, told: ApiKey, keys: tuple[ApiKey, ...], token: str = ""
    ) -> Row | Refusal:
        deed = Deed(told.account, self._wall_ms(), who.actor, action, "key", told.id)
        before = {key.id: self._ring.get(key.id) for key in keys}
        revoked = [key for key in keys if key.revoked_at is not None]
        self._ring.put(*revoked)  # not one more request while it is written
        if not await self._store.commit(*map(api_key.act, keys), audit.act(deed)):
            self._ring.put(*(old for old in before.values() if old is not None))
            return _NOT_KEPT
        self._ring.put(*keys)
        return shown(told, self._wall_ms()) | ({"key": token} if token else {})


def shown(key: ApiKey, wall_ms: int) -> Row:
    """Everything but the digest."""
    return {
        "id": key.id,
        "name": key.name,
        "account": key.account,
        "scopes": sorted(key.scopes),
        "masked": f"tdm_{key.id}_…",
        "status": "revoked" if key.revoked_at is not None else "active" if key.holds(wall_ms) else "expired",
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "used_at": key.used_at,
        "revoked_at": key.revoked_at,
        "successor": key.successor or None,
    }


def _of(scopes: Iterable[str]) -> str:
    return f"use some of {', '.join(sorted(scopes))}"
