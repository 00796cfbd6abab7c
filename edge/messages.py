"""Texts between users (MESSAGE, RFC 3428): passed on to the callee's phones, or kept until one registers.

Those within a call go to the user at its other end in the same way.

::

    MESSAGE ─▶ proven ─▶ phones are there: each gets it ─ the first 2xx ─▶ 200
                             └ none, or none takes it ─▶ kept, 202 ─ a phone registers ─▶ sent, in order

What is kept is bounded by user, in all and in time. It is on disk before the 202 leaves, and a text that
was on its way when the daemon fell is sent again.
"""

import base64
from collections import deque
from collections.abc import Callable, Iterable

from config.value import dataclass
from edge.call.call import Call
from edge.call.ground import Ground
from edge.directory import Account, User, UserId
from edge.doorman import Doorman
from edge.error import Refusal
from edge.ident import tag, ulid
from edge.journal import Binding, Change, Keepsake, KeepsakeChange
from edge.requests import Requests
from edge.sip.address import Address
from edge.sip.build import request as build
from edge.sip.capability import AGENT
from edge.sip.effect import ServerKey
from edge.sip.flow import Flow
from edge.sip.message import Request, Response
from edge.sip.session import Session
from edge.sip.uri import Uri


@dataclass(frozen=True, slots=True)
class Text:
    name: str
    "Of the sender, to be shown."
    number: str
    "Of the sender."
    account: Account
    content_type: str
    body: bytes
    expires_at: float
    hops: int
    key: str
    "Sorts by time."


class Messages:
    def __init__(
        self,
        ground: Ground,
        doorman: Doorman,
        requests: Requests,
        promise: Callable[[tuple[Change, ...], Callable[[bool, float], None]], None],
    ) -> None:
        """Args: promise: `then(committed, now)` comes once the changes are on disk, or cannot be."""
        self._promise = promise
        self._ground = ground
        self._doorman = doorman
        self._requests = requests
        self._kept: dict[UserId, deque[Text]] = {}
        self._count = 0

    def __len__(self) -> int:
        """Texts that wait for a phone."""
        return self._count

    def receive(self, request: Request, key: ServerKey, flow: Flow, now: float) -> None:
        """A MESSAGE outside of a dialog."""
        identity = self._doorman.user(request, key, flow, now)
        if identity is None:
            return
        limits = self._ground.limits
        callee = self._ground.directory.user(identity.account.id, request.uri.dialled)
        refusal = self._too_long(request.body)
        if callee is None:
            fix = "write to a user of the account"
            refusal = Refusal("no_such_user", 404, f"there is no user {request.uri.dialled}", fix)
        if refusal is not None or callee is None:
            assert refusal is not None, "nobody to write to is a refusal"
            self._doorman.refuse(request, key, refusal, now)
            return
        life = limits.message_kept if request.expires is None else min(request.expires, limits.message_kept)
        hops = 70 if request.max_forwards is None else request.max_forwards
        kind = request.headers.get("Content-Type") or "text/plain"
        sender = identity.user
        text = self._text(
            sender.name, sender.number, identity.account, kind, request.body, life, now, hops - 1
        )
        if hops == 0:
            self._doorman.respond(request, key, 483, now)
            return
        self._offer(callee, text, self._answer(request, key), now)

    def inside(self, request: Request, key: ServerKey, session: Session, call: Call, now: float) -> None:
        """A MESSAGE in the dialog of a call: for the user at its other end (RFC 3428 §8)."""
        near, far = call.treatment.users(call)
        sender, callee = (near, far) if session is call.near else (far, near)
        refusal = self._too_long(request.body)
        if session.dialog is None or not session.dialog.receive(request):
            self._doorman.respond(request, key, 500, now, (("Retry-After", "1"),))  # RFC 3261 §12.2.2
            return
        if callee is None:
            fix = "write in calls between users"
            refusal = Refusal("nobody_reads", 403, "the other end of the call does not accept texts", fix)
        if refusal is not None or callee is None:
            assert refusal is not None, "nobody to write to is a refusal"
            self._doorman.refuse(request, key, refusal, now)
            return
        name, number = ("", call.caller) if sender is None else (sender.name, sender.number)
        kind, life = request.headers.get("Content-Type") or "text/plain", self._ground.limits.message_kept
        text = self._text(name, number, call.route.account, kind, request.body, life, now)
        self._offer(callee, text, self._answer(request, key), now)

    def bring(
        self,
        callee: User,
        account: Account,
        number: str,
        body: bytes,
        then: Callable[[Refusal | None], object],
        now: float,
    ) -> None:
        """A plain text from `number` of the public network; `then` comes once, taken, kept or refused."""
        refusal = self._too_long(body)
        if refusal is not None:
            then(refusal)
            return
        life = self._ground.limits.message_kept
        text = self._text("", number, account, "text/plain;charset=UTF-8", body, life, now)
        self._offer(callee, text, lambda refusal, taken, at: then(refusal), now)

    def load(self, keepsakes: Iterable[Keepsake], now: float) -> None:
        """Texts of an earlier run, oldest first; those of users who are gone are left out."""
        directory, wall = self._ground.directory, self._ground.wall(now)
        for kept in (keep for keep in keepsakes if keep.kind == "text"):
            account = directory.account(kept.account)
            user = directory.user(kept.account, str(kept.data["to"]))
            if account is None or user is None:
                continue
            number = str(kept.data["from"])
            sender = directory.user(kept.account, number)
            body = base64.b64decode(str(kept.data["body"]))
            until = now + (kept.expires_at - wall) / 1000
            hops = int(str(kept.data["hops"]))
            name = "" if sender is None else sender.name
            text = Text(name, number, account, str(kept.data["type"]), body, until, hops, kept.key)
            self._keep(user, text, now)

    def registered(self, user: User, now: float) -> None:
        """A phone of `user` is there: it gets what waits, one after the other."""
        kept = self._kept.pop(user.id, None)
        if kept is None:
            return
        self._count -= len(kept)
        self._deliver(user, kept, now)

    # Inside.

    def _answer(self, request: Request, key: ServerKey) -> Callable[[Refusal | None, bool, float], None]:
        """200 when a phone has taken it, 202 when it is kept."""

        def told(refusal: Refusal | None, taken: bool, at: float) -> None:
            if refusal is None:
                self._doorman.respond(request, key, 200 if taken else 202, at)
            else:
                self._doorman.refuse(request, key, refusal, at)

        return told

    def _too_long(self, body: bytes) -> Refusal | None:
        if len(body) <= self._ground.limits.message_text_bytes:
            return None
        fix = "write less, or raise limits.sip.message_text_bytes"
        return Refusal("text_too_long", 413, f"{len(body)} bytes are too many", fix)

    def _text(
        self,
        name: str,
        number: str,
        account: Account,
        kind: str,
        body: bytes,
        life: float,
        now: float,
        hops: int = 70,
    ) -> Text:
        made = ulid(self._ground.wall(now), self._ground.random)
        return Text(name, number, account, kind, body, now + life, hops, made)

    def _offer(
        self, callee: User, text: Text, then: Callable[[Refusal | None, bool, float], object], now: float
    ) -> None:
        """To the phones, else to disk; `then(refusal, whether a phone took it, now)` comes once."""

        def done(taken: bool, at: float) -> None:
            if taken:
                then(None, True, at)
            elif text.expires_at <= at:
                fix = "leave Expires out, and it waits for the callee"
                why = "the callee is away, and the text may not wait any longer"
                then(Refusal("text_expired", 480, why, fix), False, at)
            elif self._keep(callee, text, at):
                self._promise((self._written(callee, text, at),), committed)
            else:
                fix = "write again later"
                then(
                    Refusal("mailbox_full", 480, "the callee is away, and too many texts wait", fix),
                    False,
                    at,
                )

        def committed(ok: bool, at: float) -> None:
            if ok:
                then(None, False, at)
                return
            self._drop(callee, text)
            fix = "check the database, then write again"
            broken = Refusal("not_kept", 503, "the text could not be stored", fix, retry_after=5)
            then(broken, False, at)

        self._pass_on(callee, text, done, now)

    def _deliver(self, user: User, kept: deque[Text], now: float) -> None:
        while kept and kept[0].expires_at <= now:
            self._erase(kept.popleft())
        if not kept:
            return

        def done(taken: bool, at: float) -> None:
            if taken:
                self._erase(kept.popleft())
                self._deliver(user, kept, at)
            else:
                for text in kept:
                    self._keep(user, text, at)

        self._pass_on(user, kept[0], done, now)

    def _pass_on(self, user: User, text: Text, done: Callable[[bool, float], None], now: float) -> None:
        """Send it to every phone; `done(whether one took it, now)` comes once."""
        names = dict.fromkeys((user.number, *user.usernames))
        bindings = [b for name in names for b in self._ground.bindings(user.account, name, now)]
        ways = [way for way in map(_way, bindings) if way is not None]
        if not ways:
            done(False, now)
            return
        left, over = len(ways), False

        def answered(response: Response | None, at: float) -> None:
            nonlocal left, over
            left -= 1
            taken = response is not None and response.status < 300
            if not over and (taken or not left):
                over = True
                done(taken, at)

        for uri, flow, path in ways:
            self._requests.send(self._message(user, text, uri, path), flow, answered, now)

    def _message(self, user: User, text: Text, uri: Uri, path: tuple[str, ...]) -> Request:
        ground, domain = self._ground, text.account.domain
        sender = Address(text.name, Uri("sip", text.number, domain))
        return build(
            "MESSAGE",
            uri,
            from_=sender.with_tag(tag(ground.random)),
            to=Address("", Uri("sip", user.number, domain)),
            call_id=f"{ground.random(12).hex()}@tandem",
            cseq=1,
            route=Address.parse_many(path, "Path"),
            headers=(("User-Agent", AGENT),),
            body=text.body,
            content_type=text.content_type,
            max_forwards=text.hops,
        )

    def _keep(self, user: User, text: Text, now: float) -> bool:
        limits = self._ground.limits
        kept = self._kept.setdefault(user.id, deque())
        while kept and kept[0].expires_at <= now:
            self._erase(kept.popleft())
            self._count -= 1
        if len(kept) >= limits.messages_per_user or self._count >= limits.messages_kept:
            return False
        kept.append(text)
        self._count += 1
        return True

    def _drop(self, user: User, text: Text) -> None:
        kept = self._kept.get(user.id)
        if kept is not None and text in kept:
            kept.remove(text)
            self._count -= 1

    def _written(self, user: User, text: Text, now: float) -> KeepsakeChange:
        data: dict[str, object] = {
            "to": user.number,
            "from": text.number,
            "type": text.content_type,
            "body": base64.b64encode(text.body).decode(),
            "hops": text.hops,
        }
        until = self._ground.wall(now) + int((text.expires_at - now) * 1000)
        return KeepsakeChange("text", text.key, Keepsake("text", text.key, user.account, until, data))

    def _erase(self, text: Text) -> None:
        self._promise((KeepsakeChange("text", text.key, None),), _indifferent)


def _indifferent(ok: bool, now: float) -> None:
    """A text that stays on disk is sent once more after a restart, or expires."""


def _way(binding: Binding) -> tuple[Uri, Flow, tuple[str, ...]] | None:
    """None for a binding that can no longer be read."""
    try:
        return Uri.parse(binding.contact).without_headers(), Flow.parse(binding.flow), binding.path
    except ValueError:
        return None
