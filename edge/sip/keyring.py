"""What we prove to whoever challenges our requests in one call: the client of digest (RFC 3261 §22.2, §22.3).

A proxy on the way and the callee may each want a proof of their own; what one of them has asked for once goes
into every later request of the call unasked, its nonce counted (RFC 7616 §3.4). A proof that is turned down
is made again only if it was not the first by its nonce, or if the nonce is said to be too old.

A proof can be guessed at for as long as one likes by whoever asked for it. Where the realm of the carrier is
known, nobody else gets one.
"""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from edge.ident import Random
from edge.sip.digest import Challenge, Credentials, answer, answerable
from edge.sip.grammar import Malformed
from edge.sip.message import Request, Response

REALMS: Final = 8
"Challengers that one call remembers; those of long ago are forgotten first."
ROUNDS: Final = 5
"How often one request is sent at most: two challengers, each of which may find its nonce too old."
CHALLENGES: Final = {401: "WWW-Authenticate", 407: "Proxy-Authenticate"}
_PROOFS: Final = {401: "Authorization", 407: "Proxy-Authorization"}


@dataclass(slots=True)
class _Key:
    challenge: Challenge
    uses: int = 0


class Keyring:
    """The credentials of one account at one carrier, and the challenges that they were asked for by."""

    def __init__(self, username: str, password: str, random: Random, realm: str = "") -> None:
        """Args: realm: whose challenges are answered; empty: everybody's."""
        self._username = username
        self._password = password
        self._random = random
        self._realm = realm
        self._keys: dict[tuple[str, str], _Key] = {}  # by header of the proof and realm

    def __repr__(self) -> str:
        return f"Keyring({self._username!r})"

    def prove(self, request: Request) -> None:
        """Put in what has been asked for so far, in place of older proofs."""
        for header in _PROOFS.values():
            request.headers.remove(header)
        for (header, _), key in self._keys.items():
            key.uses += 1
            cnonce, uri = self._random(8).hex(), str(request.uri)
            names = request.method, uri, self._username, self._password
            request.headers.add(header, answer(key.challenge, *names, cnonce, key.uses))

    def learn(self, request: Request, response: Response) -> bool:
        """Whether `request` is worth another try after this 401 or 407 to it."""
        if response.status not in CHALLENGES:
            return False
        asked, header = CHALLENGES[response.status], _PROOFS[response.status]
        given = {proof.realm: proof.nonce for proof in _readable(request.headers.all(header))}
        worth = False
        for challenge in answerable(response.headers.all(asked)):
            if self._realm not in ("", challenge.realm):
                continue
            where = header, challenge.realm
            if self._open(challenge, given.get(challenge.realm), self._keys.get(where)):
                self._keys.pop(where, None)
                self._keys[where] = _Key(challenge)
                worth = True
        while len(self._keys) > REALMS:
            del self._keys[next(iter(self._keys))]
        return worth

    @staticmethod
    def _open(challenge: Challenge, given: str | None, known: _Key | None) -> bool:
        """Whether this is not what `given`, the nonce of the proof, has answered in vain already."""
        if given is None or known is None or challenge.stale:
            return True
        return challenge.nonce != given and (given != known.challenge.nonce or known.uses > 1)


def proofs(request: Request) -> tuple[tuple[str, str], ...]:
    """What an INVITE proved, which its ACK has to repeat (RFC 3261 §22.1)."""
    return tuple((header, value) for header in _PROOFS.values() for value in request.headers.all(header))


def _readable(values: Iterable[str]) -> Iterator[Credentials]:
    for value in values:
        with contextlib.suppress(Malformed):
            yield Credentials.parse(value)
