"""Digest authentication of REGISTER and INVITE (RFC 3261 §22, RFC 7616, RFC 8760; S004-06…11).

An unknown username costs what a bad password costs, look-ups included, and gets the same answer: a new
challenge, as §22.1 has it, which a phone must not try again with the same password. The realm is the
account's domain; the algorithms of the account are offered, first choice first.
"""

from collections.abc import Callable
from typing import Final

from config.value import dataclass
from edge.directory import Account, AccountId, Device, Directory, Trunk
from edge.error import Refusal
from edge.registration.location import Place
from edge.security.lock import Lock
from edge.sip.digest import Challenge, Credentials, NonceBook, Verdict, credentials_for, verify
from edge.sip.flow import Flow
from edge.sip.message import Request
from edge.sip.nonce import Nonces

_WARNINGS: Final = {
    "no_credentials": ("Warning", '399 tandem "no_credentials: prove who you are"'),
    "wrong_password": ("Warning", '399 tandem "wrong_password: username or password is wrong"'),
    "stale": ("Warning", '399 tandem "stale: the nonce is too old"'),
    "replay": ("Warning", '399 tandem "replay: the nonce count was used before"'),
}
"The same for users that do not exist: who tries names learns nothing."

Locked = Callable[[str, str, float], Lock | None]
"(source, username, now): what keeps it from being heard from there."
Placed = Callable[[AccountId, str, Flow, float], Place]
"(account, username, flow, now): where its phones are registered, seen from that flow."

_NAMES: Final = {"md5": "MD5", "sha-256": "SHA-256"}


@dataclass(frozen=True, slots=True)
class Challenged:
    """Answer 401 with these headers."""

    headers: tuple[tuple[str, str], ...]
    reason: str
    "`no_credentials`, or the name of the verdict in lower case; for trace and counters."
    username: str = ""
    "As given with a wrong answer."
    stranger: bool = False
    "Nobody has it."


@dataclass(frozen=True, slots=True)
class Proof:
    verdict: Verdict
    named: Device | Trunk | None
    "Whose username it is, whatever the verdict."

    @property
    def disabled(self) -> bool:
        return isinstance(self.named, Device) and self.named.disabled


class Authenticator:
    def __init__(
        self,
        directory: Directory,
        nonces: Nonces,
        locked: Locked = lambda *_: None,
        placed: Placed = lambda *_: Place.AWAY,
    ) -> None:
        self._directory = directory
        self.nonces = nonces
        self._locked = locked
        self._placed = placed

    def check(
        self, request: Request, account: Account, flow: Flow, now: float
    ) -> Device | Trunk | Challenged | Refusal:
        """Who sends `request` on `flow`, proven for `account`.

        A `Refusal` is of credentials that cannot be read, and of whom nobody listens to from there.
        """
        given = request.headers.all("Authorization")
        if not given:
            return self._challenge(account, now, "no_credentials")
        credentials = credentials_for(given, account.domain)
        if credentials is None:
            return self._challenge(account, now, "no_credentials")
        username = credentials.username
        lock = self._locked(flow.remote[0], f"{username}@{account.domain}", now)
        near = False
        if lock is not None:
            # From a neighbour's port nobody guesses; its Contact or instance anybody there could copy.
            place = self._placed(account.id, username, flow, now)
            near = place is Place.NEAR or (place is Place.AWAY and lock.phone_until > now)
            if not (place is Place.HERE or (near and lock.hears(flow.remote))):
                return lock.refuse()
        proof = self.prove(credentials, request.method, account, now, self.nonces)
        match proof.verdict:
            case Verdict.OK if proof.disabled:
                text = f"device {username} is disabled"
                return Refusal("device_disabled", 403, text, "take disabled: true off the device")
            case Verdict.OK:
                assert proof.named is not None, "only a known user's answer is right"
                return proof.named
            case Verdict.STALE | Verdict.REPLAY:
                return self._challenge(account, now, proof.verdict.name.lower(), stale=True)
            case Verdict.BAD if lock is not None:
                if near:
                    lock.wrong(flow.remote)
                return lock.refuse()
            case Verdict.BAD:
                stranger = proof.named is None
                return self._challenge(account, now, "wrong_password", username=username, stranger=stranger)
            case Verdict.MALFORMED:
                return _unusable(credentials)

    def prove(
        self, credentials: Credentials, method: str, account: Account, now: float, nonces: NonceBook
    ) -> Proof:
        """The verdict of every door, SIP and HTTP (S004-12)."""
        username = credentials.username
        device = self._directory.device(account.id, username)
        trunk = self._directory.trunk_of_username(account.id, username)
        secrets = self._secrets(account, device, trunk)
        return Proof(verify(credentials, method, secrets, now, nonces=nonces), device or trunk)

    def _secrets(self, account: Account, device: Device | None, trunk: Trunk | None) -> dict[str, str] | None:
        """HA1s of the algorithms on offer; None for nobody."""
        if device is not None:
            offered = device.digest or account.digest
            return {name: secret for name, secret in device.ha1.items() if name in offered}
        if trunk is not None:
            return self._directory.trunk_ha1(trunk.id)
        return None

    def _challenge(
        self,
        account: Account,
        now: float,
        reason: str,
        *,
        stale: bool = False,
        username: str = "",
        stranger: bool = False,
    ) -> Challenged:
        """One WWW-Authenticate for each algorithm (RFC 8760 §2.3), each with a nonce of its own."""
        challenges = [
            (
                "WWW-Authenticate",
                str(Challenge(account.domain, self.nonces.issue(now), _NAMES[name], stale=stale)),
            )
            for name in account.digest
        ]
        return Challenged((*challenges, _WARNINGS[reason]), reason, username, stranger)


def _unusable(credentials: Credentials) -> Refusal:
    return Refusal(
        "bad_credentials",
        400,
        f"algorithm {credentials.algorithm[:16]!a} with qop {credentials.qop[:16]!a} is not usable",
        "answer the challenge with one of its algorithms and qop=auth with nc and cnonce, or without qop",
    )
