"""`POST /auth`: whom parsed digest parameters prove, by the functions of our own registrar (S004-06…12).

A verdict on an INVITE is remembered by its Call-ID, for the `/route` that follows it.
"""

from collections import OrderedDict

from config.value import dataclass
from edge.authenticator import Authenticator
from edge.directory import Account, Device, Directory, Trunk, User
from edge.outside.nonce import OutsideNonces
from edge.security.shield import Shield
from edge.sip.digest import Credentials, Verdict


@dataclass(frozen=True, slots=True)
class AuthAsked:
    credentials: Credentials
    method: str
    call_id: str = ""
    source: str = ""
    "Address from which the outside edge has it; empty: it does not say."
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class Proven:
    account: Account
    username: str
    user: User | None
    device: Device | None
    trunk: Trunk | None = None


@dataclass(frozen=True, slots=True)
class Denied:
    reason: str
    "unknown_user, bad_response, stale, disabled or banned."
    detail: str
    stale: bool = False
    realm: str = ""
    nonce: str = ""
    "A fresh one of ours to challenge with; empty: a challenge is of no use."
    algorithms: tuple[str, ...] = ()


class Proofs:
    def __init__(
        self, directory: Directory, authenticator: Authenticator, shield: Shield, limit: int
    ) -> None:
        """Args: limit: verdicts and nonces of others that are remembered."""
        self._directory = directory
        self._authenticator = authenticator
        self._shield = shield
        self._limit = limit
        self._nonces = OutsideNonces(authenticator.nonces, limit)
        self._of_call: OrderedDict[str, Proven | Denied] = OrderedDict()

    def judge(self, asked: AuthAsked, now: float) -> Proven | Denied:
        found = self._judge(asked, now)
        if asked.call_id and asked.method == "INVITE":
            self._of_call[asked.call_id] = found
            self._of_call.move_to_end(asked.call_id)
            if len(self._of_call) > self._limit:
                self._of_call.popitem(last=False)
        return found

    def of_call(self, call_id: str) -> Proven | Denied | None:
        """The latest verdict on this Call-ID; None: `/auth` was not asked, or long ago."""
        return self._of_call.get(call_id)

    def _judge(self, asked: AuthAsked, now: float) -> Proven | Denied:
        if asked.source and self._shield.refuses(asked.source, now):
            return Denied("banned", f"{asked.source} is banned")
        given = asked.credentials
        account = self._directory.account_of_host(given.realm.lower())
        if account is None:
            return Denied("unknown_user", f"{given.realm[:64]!r} is the realm of no account")
        name = f"{given.username}@{account.domain}"
        locked = self._shield.locked(asked.source, name, now) if asked.source else None
        if locked is not None:
            return Denied("banned", locked.text)
        proof = self._authenticator.prove(given, asked.method, account, now, self._nonces)
        match proof.verdict:
            case Verdict.OK if proof.disabled:
                return Denied("disabled", "the device is disabled")
            case Verdict.OK:
                return self._proven(account, given.username, proof.named)
            case Verdict.STALE | Verdict.REPLAY:
                detail = "the nonce is old" if proof.verdict is Verdict.STALE else "nc was used before"
                return self._challenging(account, "stale", detail, now, stale=True)
            case Verdict.MALFORMED:
                detail = "only MD5 and SHA-256 can be verified, with qop=auth, cnonce and nc or without qop"
                return self._challenging(account, "bad_response", detail, now)
            case Verdict.BAD:
                self._failed(asked, name, known=proof.named is not None, now=now)
                if proof.named is None:
                    return self._challenging(account, "unknown_user", "nobody has this username", now)
                return self._challenging(account, "bad_response", "the response is wrong", now)

    def _proven(self, account: Account, username: str, named: Device | Trunk | None) -> Proven:
        if isinstance(named, Trunk):
            return Proven(account, username, None, None, named)
        assert named is not None, "only a known user's answer is right"
        return Proven(account, username, self._directory.user_by_id(named.user), named)

    def _challenging(
        self, account: Account, reason: str, detail: str, now: float, *, stale: bool = False
    ) -> Denied:
        nonce = self._authenticator.nonces.issue(now)
        return Denied(reason, detail, stale, account.domain, nonce, account.digest)

    def _failed(self, asked: AuthAsked, name: str, *, known: bool, now: float) -> None:
        if asked.source:
            self._shield.failed(asked.source, name, asked.user_agent, now)
            if not known:
                self._shield.unknown(asked.source, asked.credentials.username, asked.user_agent, now)
