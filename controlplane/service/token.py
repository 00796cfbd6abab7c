"""Tokens of users given, ended and judged; each change is on disk, with who did it, before it is answered."""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Final

import structlog

from config.security import Tokens
from controlplane.auth.issuer import Issuer
from controlplane.auth.principal import Principal
from controlplane.auth.seal import Seal, SealError
from controlplane.auth.token import BAD, ENDED, SECRET, Claims, TokenKey, TokenRing, key_id_of
from controlplane.store import audit
from controlplane.store import token as rows
from controlplane.store.act import Act
from controlplane.store.audit import Deed
from controlplane.store.error import StoreError
from controlplane.store.store import Store
from edge.directory import AccountId, Directory, User, UserId
from edge.error import Refusal
from edge.flow.command import Fetch
from edge.question import Reply

KEYS: Final = 16
"Of ours that hold at one time."
FETCH_SECONDS: Final = 5.0
"The keys of another issuer are there by then, or are not."

Row = dict[str, object]
_NOT_KEPT: Final = Refusal("not_kept", 503, "nothing was changed", "check the database, then try again", 5)
_log = structlog.get_logger(__name__)


class TokenService:
    def __init__(
        self,
        store: Store,
        seal: Seal,
        settings: Tokens,
        wall_ms: Callable[[], int],
        random: Callable[[int], bytes],
    ) -> None:
        """Args: random: so many bytes of `secrets`. Raises `StoreError` when a key cannot be opened."""
        self._store = store
        self._seal = seal
        self._settings = settings
        self._wall_ms = wall_ms
        self._random = random
        kept = store.take_tokens()
        try:
            keys = [
                TokenKey(key.id, key.created_at, key.ends_at, seal.open(key.sealed, _place(key.id)))
                for key in kept.keys
            ]
        except SealError as error:
            raise StoreError(str(error)) from None
        self._ring = TokenRing(keys, {(row.account, row.user): row.cutoff for row in kept.cutoffs})
        self._issuer = Issuer(settings) if settings.issuer else None
        self._changing = asyncio.Lock()
        self._fetching: asyncio.Future[None] | None = None
        self._directory: Directory
        self._fetch: Callable[[Fetch], Awaitable[Reply]]

    def open(self, directory: Directory, fetch: Callable[[Fetch], Awaitable[Reply]]) -> None:
        """Before the first request. Args: fetch: from URLs of the configuration file; never raises."""
        self._directory = directory
        self._fetch = fetch

    async def give(
        self, who: Principal, account: str, name: str, seconds: float | None = None
    ) -> Row | Refusal:
        """A token, shown this once. Args: seconds: its life; None: `security.tokens.life`."""
        user = self._user(who, account, name)
        if isinstance(user, Refusal):
            return user
        most = self._settings.longest
        life = int(self._settings.life if seconds is None else seconds)
        if not 1 <= life <= most:
            return Refusal("bad_life", 400, f"a token lives 1 to {most:g} s", "raise security.tokens.longest")
        async with self._changing:
            acts: list[Act] = []
            key = self._ring.signing()
            try:
                if key is None:
                    key = self._new_key()
                    acts.append(self._kept(key))
            except SealError as error:
                return Refusal(
                    "not_kept",
                    503,
                    f"no token was made: {error}",
                    "check that the data folder can be written",
                    5,
                )
            if not await self._store.commit(*acts, self._deed(who, user.account, "create", user.id)):
                return _NOT_KEPT
            if acts:
                self._ring.put([*self._ring.all(), key])
        wall = self._wall_ms() // 1000
        token = self._ring.issue(key, user.account, user.id, self._credentials(user), wall, life)
        return {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": life,
            "expires_at": (wall + life) * 1000,
            "account_id": user.account,
            "user_id": user.id,
            "number": user.number,
        }

    async def end(self, who: Principal, account: str, name: str) -> Row | Refusal:
        """All tokens that the user has, other issuers' too; from the next request on."""
        user = self._user(who, account, name)
        if isinstance(user, Refusal):
            return user
        wall = self._wall_ms()
        # Claims tell time in whole seconds: of this one nothing counts, a new token is dated into the next.
        cutoff = wall // 1000 + 1
        keeps = int((self._settings.longest + self._settings.leeway) * 1000)
        row = rows.StoredCutoff(user.account, user.id, cutoff, wall + keeps)
        self._ring.cut(user.account, user.id, cutoff)  # not one more request while it is written
        deed = self._deed(who, user.account, "revoke", user.id)
        if not await self._store.commit(rows.put_cutoff(row), deed):
            text = "it is in force until the next start, but could not be stored"
            return Refusal("not_kept", 503, text, "check the database, then try again", 5)
        return {"account_id": user.account, "user_id": user.id, "ended_before": cutoff * 1000}

    async def rotate(self, who: Principal, grace: float | None = None) -> Row | Refusal:
        """A new key to sign by.

        Args: grace: the old ones are good for so long [s]; None: for whatever they have signed.
        """
        async with self._changing:
            wall = self._wall_ms()
            most = self._settings.longest
            ends = wall + int(min(most if grace is None else grace, most) * 1000)
            old = [
                replace(key, ends_at=ends if key.ends_at is None else min(ends, key.ends_at))
                for key in self._ring.all()
            ]
            live = [key for key in old if key.ends_at is not None and key.ends_at > wall]
            if len(live) >= KEYS:
                fix = "wait until one expires, or rotate with a short grace"
                return Refusal("too_many_keys", 409, f"{KEYS} signing keys are valid already", fix)
            try:
                new = self._new_key()
                acts = [self._kept(key) for key in (*live, new)]
            except SealError as error:
                return Refusal(
                    "not_kept",
                    503,
                    f"nothing was changed: {error}",
                    "check that the data folder can be written",
                    5,
                )
            acts += [rows.drop_key(key.id) for key in old if key not in live]
            if not await self._store.commit(*acts, self._deed(who, "", "rotate", new.id)):
                return _NOT_KEPT
            self._ring.put([*live, new])
        return {"id": new.id, "created_at": wall, "older_keys": len(live), "older_end_at": ends}

    async def judge(self, token: str) -> Principal | Refusal:
        """Who shows it: one user of one account."""
        key = key_id_of(token)
        if key is None:
            return BAD
        ours = self._ring.knows(key)
        wall = self._wall_ms() / 1000
        if ours:
            claims = self._ring.read(token, key, wall, self._settings.leeway)
        else:
            claims = await self._foreign(token, key, wall)
        if isinstance(claims, Refusal):
            return claims
        user = self._find(claims.account, claims.user)
        if user is None:
            return ENDED
        if not self._ring.counts(user.account, user.id, claims.issued_at):
            return ENDED
        if ours and not self._ring.fits(claims, key, self._credentials(user)):
            return ENDED
        return Principal(f"user:{user.id}", frozenset(), user.account, user.id)

    # Inside.

    async def _foreign(self, token: str, key: str, wall: float) -> Claims | Refusal:
        if self._issuer is None:
            return BAD
        if self._fetching is not None:
            await asyncio.shield(self._fetching)
        elif self._issuer.wants_keys(key, wall):
            self._issuer.trying(wall)
            self._fetching = asyncio.get_running_loop().create_future()
            try:
                await self._fetch_keys(self._issuer, wall)
            finally:
                self._fetching.set_result(None)
                self._fetching = None
        return self._issuer.read(token, key, wall)

    async def _fetch_keys(self, issuer: Issuer, wall: float) -> None:
        reply = await self._fetch(Fetch("GET", self._settings.jwks, timeout=FETCH_SECONDS, retries=0))
        status = reply["status"]
        why = str(reply["error"]) or (f"status {status}" if status != 200 else "")
        why = why or issuer.take(reply["body"], wall)
        if why:
            _log.warning("keys of the token issuer not loaded", url=self._settings.jwks, why=why)

    def _user(self, who: Principal, account: str, name: str) -> User | Refusal:
        if who.account not in ("", account):
            return Refusal(
                "foreign_account",
                403,
                "the API key is of another account",
                "use a key of this account, or one without an account",
            )
        if self._directory.account(AccountId(account)) is None:
            return Refusal("no_such_account", 404, f"there is no account {account[:64]}", "name another")
        user = self._find(account, name)
        if user is None:
            fix = "name a user by id, number or username"
            return Refusal("no_such_user", 404, f"account {account} has no user {name[:64]}", fix)
        return user

    def _find(self, account: str, name: str) -> User | None:
        directory = self._directory
        user = directory.user(AccountId(account), name)
        if user is None:
            found = directory.user_by_id(UserId(name))
            user = found if found is not None and found.account == account else None
        return user

    def _credentials(self, user: User) -> Iterable[str]:
        for username in user.usernames:
            device = self._directory.device(user.account, username)
            if device is not None and not device.disabled:
                yield f"{username} {sorted(device.ha1.items())}"

    def _new_key(self) -> TokenKey:
        id = base64.b32encode(self._random(10)).decode().lower()
        return TokenKey(id, self._wall_ms(), None, self._random(SECRET))

    def _kept(self, key: TokenKey) -> Act:
        sealed = self._seal.seal(key.secret, _place(key.id))
        return rows.put_key(rows.StoredKey(key.id, key.created_at, key.ends_at, sealed))

    def _deed(self, who: Principal, account: str, action: str, name: str) -> Act:
        return audit.act(Deed(account, self._wall_ms(), who.actor, action, "token", name))


def _place(key: str) -> str:
    return f"token\0{key}"
