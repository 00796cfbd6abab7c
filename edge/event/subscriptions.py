"""All subscriptions of users to users of their account: who may have what, and when it is told (RFC 6665).

`dialog` and `presence` of anybody in the account; `message-summary` and `reg` of oneself alone. What was
granted is on disk before the 200 leaves, and goes on after a restart.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Final, assert_never

from edge.call.ground import Ground, contact_address
from edge.directory import Account, AccountId, User, UserId
from edge.doorman import Doorman
from edge.error import Refusal
from edge.event import dialog_info, message_summary, presence, reg
from edge.event.kept_dialog import dialog_data, dialog_of
from edge.event.line import Lines
from edge.event.message_summary import Mailbox
from edge.event.subscription import LONGEST, SHORTEST, Package, State, Subscription
from edge.ident import tag
from edge.journal import Binding, BindingChange, Change, Keepsake, KeepsakeChange
from edge.requests import Requests
from edge.routing.identity import UserIdentity
from edge.routing.route import Route, route_inside
from edge.sip.build import response_to
from edge.sip.capability import EVENTS
from edge.sip.dialog import Dialog
from edge.sip.effect import ServerKey
from edge.sip.flow import Flow
from edge.sip.message import Request, Response

_SKIPPED: Final = 100_000
_SETTLED: Final = 2.0  # after a start, phones are told [s]
_APART: Final = 0.002  # so many at once that nothing else waits [s]
_AT_ONCE: Final = 32  # watchers of one user are told in one step…
_ROUND: Final = 0.005  # …and the others after so long: audio has its tick in between [s]
_OWN = (Package.MESSAGE_SUMMARY, Package.REG)
_BODIES: Final = {
    Package.DIALOG: dialog_info.CONTENT_TYPE,
    Package.PRESENCE: presence.CONTENT_TYPE,
    Package.MESSAGE_SUMMARY: message_summary.CONTENT_TYPE,
    Package.REG: reg.CONTENT_TYPE,
}
_OTHER_EVENT: Final = '399 tandem "other_event: this dialog is for one event; subscribe in a new one"'


class Subscriptions:
    def __init__(
        self,
        ground: Ground,
        doorman: Doorman,
        requests: Requests,
        promise: Callable[[tuple[Change, ...], Callable[[bool, float], None]], None],
    ) -> None:
        """Args: promise: `then(committed, now)` comes once the changes are on disk, or cannot be."""
        self._promise = promise
        self.lines = Lines(self.changed)
        self._ground = ground
        self._doorman = doorman
        self._requests = requests
        self._live: dict[tuple[str, str], tuple[Subscription, UserId]] = {}  # by Call-ID and our tag
        self._of: dict[UserId, set[tuple[str, str]]] = {}
        self._mailboxes: dict[UserId, Mailbox] = {}

    def __len__(self) -> int:
        return len(self._live)

    def receive(self, request: Request, key: ServerKey, flow: Flow, now: float) -> None:
        """A SUBSCRIBE that asks for a new dialog."""
        package = _package(request)
        if package is None:
            self._doorman.respond(request, key, 489, now, (("Allow-Events", EVENTS),))
            return
        if not request.accepts(_BODIES[package]):
            # RFC 6665 §3.1.3: no report could be read.
            self._doorman.respond(request, key, 406, now, (("Accept", _BODIES[package]),))
            return
        seconds = _seconds(request)
        if 0 < seconds < SHORTEST:
            self._doorman.respond(request, key, 423, now, (("Min-Expires", str(SHORTEST)),))
            return
        identity = self._doorman.user(request, key, flow, now)
        if identity is None:
            return
        watched = self._watched(package, identity, request.uri.dialled)
        refusal = self._refusal(package, identity.user, watched, request)
        if refusal is not None or watched is None:
            assert refusal is not None, "nobody to watch is a refusal"
            self._doorman.refuse(request, key, refusal, now)
            return
        ours = tag(self._ground.random)
        contact = contact_address(self._ground.reach, flow, watched.number, request.uri)
        dialog = Dialog.uas(request, ours, contact=contact)
        dialog.confirm()
        event = request.headers.get("Event") or package.value
        subscription = self._begin(dialog, flow, event, package, identity.account, watched)
        self._grant(subscription, request, key, min(seconds, LONGEST), now)

    def load(self, keepsakes: Iterable[Keepsake], now: float) -> None:
        """Those of an earlier run; each is told its state soon, one after the other."""
        directory, wall = self._ground.directory, self._ground.wall(now)
        for number, kept in enumerate(keep for keep in keepsakes if keep.kind == "subscription"):
            account = directory.account(kept.account)
            watched = directory.user(kept.account, str(kept.data["watched"]))
            dialog = dialog_of(kept.data)
            if account is None or watched is None or dialog is None:
                continue
            event, flow = str(kept.data["event"]), Flow.parse(str(kept.data["flow"]))
            package = _package_of(event)
            assert package is not None, "only known packages were granted"
            # Numbers that reports of the earlier run may have used are left out.
            dialog.local_cseq += _SKIPPED
            version = dialog.local_cseq
            subscription = self._begin(dialog, flow, event, package, account, watched, version)
            subscription.expires_at = now + (kept.expires_at - wall) / 1000
            self._expire(subscription)
            at = now + _SETTLED + number * _APART
            self._ground.agenda.at(at, lambda at, told=subscription: told.changed(at))  # type: ignore[misc]

    def inside(self, request: Request, key: ServerKey | None, flow: Flow, now: float) -> bool:
        """A request that names a dialog; whether it is one of these."""
        found = self._live.get((request.call_id, request.to.tag))
        if found is None or key is None or request.method != "SUBSCRIBE":
            return False
        subscription = found[0]
        dialog = subscription.dialog
        seconds = _seconds(request)
        if request.from_.tag != dialog.remote_tag or subscription.over:
            return False
        if not dialog.receive(request):
            self._respond(request, key, 500, dialog, now, (("Retry-After", "1"),))
        elif _event(request.headers.get("Event") or subscription.event) != _event(subscription.event):
            # RFC 6665 §4.5.2: one subscription to a dialog.
            self._respond(request, key, 403, dialog, now, (("Warning", _OTHER_EVENT),))
        elif 0 < seconds < SHORTEST:
            self._respond(request, key, 423, dialog, now, (("Min-Expires", str(SHORTEST)),))
        else:
            subscription.flow = flow
            self._grant(subscription, request, key, min(seconds, LONGEST), now)
        return True

    def use(self, flow: Flow) -> bool:
        """Whether any report goes by `flow`."""
        return any(subscription.flow == flow for subscription, _ in self._live.values())

    def changed(self, user: User, now: float) -> None:
        """Calls, bindings or messages of `user` are others now."""
        watchers = tuple(self._of.get(user.id, ()))
        self._tell(watchers[:_AT_ONCE], now)
        for number, start in enumerate(range(_AT_ONCE, len(watchers), _AT_ONCE), 1):
            later = watchers[start : start + _AT_ONCE]
            self._ground.agenda.at(now + number * _ROUND, partial(self._tell, later))

    def unbound(self, changes: Sequence[BindingChange], now: float) -> None:
        """Bindings have ended without a REGISTER."""
        for change in changes:
            user = self._ground.directory.user(change.account, change.aor)
            if user is not None:
                self.changed(user, now)

    def prune(self, now: float) -> None:
        """Users may be no more: who watches one of them is told (RFC 6665 §4.1.3)."""
        for subscription, user in tuple(self._live.values()):
            if self._ground.directory.user_by_id(user) is None:
                subscription.end("noresource", now)

    def mailbox(self, user: User, mailbox: Mailbox, now: float) -> None:
        """So many voice messages wait for `user`."""
        self._mailboxes[user.id] = mailbox
        self.changed(user, now)

    def mailbox_of(self, account: AccountId, number: str) -> Mailbox:
        """The voice messages of a user."""
        user = self._ground.directory.user(account, number)
        return Mailbox() if user is None else self._mailboxes.get(user.id, Mailbox())

    # Inside.

    def _tell(self, watchers: Sequence[tuple[str, str]], now: float) -> None:
        for where in watchers:
            found = self._live.get(where)
            if found is not None:
                found[0].changed(now)

    def _watched(self, package: Package, identity: UserIdentity, number: str) -> User | None:
        """Whom `number` means; phones ask for messages at the number that they listen to them by, too."""
        directory, account = self._ground.directory, identity.account
        user = directory.user(account.id, number)
        if user is None and package is Package.MESSAGE_SUMMARY:
            found = route_inside(directory, account, number, identity.user)
            if isinstance(found, Route) and found.target.kind == "mailbox":
                return directory.user(account.id, found.target.value)
        return user

    def _refusal(
        self, package: Package, watcher: User, watched: User | None, request: Request
    ) -> Refusal | None:
        if watched is None:
            fix = "watch a user of the account"
            return Refusal("no_such_user", 404, f"there is no user {request.uri.dialled}", fix)
        if package in _OWN and watched.id != watcher.id:
            fix = "subscribe to your own number"
            return Refusal("not_yours", 403, f"{package.value} is told to its user alone", fix)
        limits = self._ground.limits
        full = len(self._live) >= limits.subscriptions
        if full or len(self._of.get(watched.id, ())) >= limits.subscriptions_per_user:
            fix = "raise limits.sip.subscriptions or subscriptions_per_user"
            return Refusal(
                "too_many_subscriptions", 503, "there are too many subscriptions already", fix, retry_after=60
            )
        return None

    def _begin(
        self,
        dialog: Dialog,
        flow: Flow,
        event: str,
        package: Package,
        account: Account,
        watched: User,
        version: int = 0,
    ) -> Subscription:
        def describe(version: int, at: float) -> State:
            return self._state(package, account, watched, version, at)

        subscription = Subscription(dialog, flow, event, self._send, describe, version)
        where = (dialog.call_id, dialog.local_tag)
        self._live[where] = (subscription, watched.id)
        self._of.setdefault(watched.id, set()).add(where)
        return subscription

    def _grant(
        self, subscription: Subscription, request: Request, key: ServerKey, seconds: int, now: float
    ) -> None:
        """Accept it, once it is on disk; what ends, or asks once, need not be there."""

        def committed(ok: bool, at: float) -> None:
            if ok:
                self._accept(subscription, request, key, seconds, at)
                return
            headers = (("Retry-After", "5"), ("Warning", '399 tandem "not_kept: the database is not well"'))
            self._respond(request, key, 503, subscription.dialog, at, headers)
            if not subscription.expires_at:
                subscription.over = True
                self._forget(subscription)

        if seconds:
            self._promise((self._written(subscription, seconds, now),), committed)
        else:
            self._accept(subscription, request, key, 0, now)

    def _written(self, subscription: Subscription, seconds: int, now: float) -> KeepsakeChange:
        dialog = subscription.dialog
        _, user = self._live[dialog.call_id, dialog.local_tag]
        watched = self._ground.directory.user_by_id(user)
        assert watched is not None, "it was found for this SUBSCRIBE"
        data = dialog_data(dialog) | {
            "watched": watched.number,
            "event": subscription.event,
            "flow": str(subscription.flow),
        }
        until = self._ground.wall(now) + 1000 * seconds
        key = _key(dialog)
        return KeepsakeChange(
            "subscription", key, Keepsake("subscription", key, watched.account, until, data)
        )

    def _expire(self, subscription: Subscription) -> None:
        if subscription.alarm is not None:
            subscription.alarm.cancel()
        subscription.alarm = self._ground.agenda.at(
            subscription.expires_at, lambda at: subscription.end("timeout", at)
        )

    def _accept(
        self, subscription: Subscription, request: Request, key: ServerKey, seconds: int, now: float
    ) -> None:
        contact = subscription.dialog.contact
        headers = (("Expires", str(seconds)), ("Contact", str(contact)))
        self._respond(request, key, 200, subscription.dialog, now, headers)
        subscription.grant(seconds, now)
        if seconds:
            self._expire(subscription)
        elif subscription.alarm is not None:
            subscription.alarm.cancel()

    def _send(self, subscription: Subscription, request: Request, now: float) -> None:
        flow = self._ground.wire.way(subscription.dialog.next_hop(), subscription.flow)

        def answered(response: Response | None, at: float) -> None:
            wait = subscription.answered(response, at)
            if wait is not None:
                self._ground.agenda.at(at + wait, subscription.changed)
            self._forget(subscription)

        self._requests.send(request, flow, answered, now)

    def _forget(self, subscription: Subscription) -> None:
        where = (subscription.dialog.call_id, subscription.dialog.local_tag)
        if not subscription.over or where not in self._live:
            return
        _, user = self._live.pop(where)
        self._promise((KeepsakeChange("subscription", _key(subscription.dialog), None),), _indifferent)
        if subscription.alarm is not None:
            subscription.alarm.cancel()
        watchers = self._of[user]
        watchers.discard(where)
        if not watchers:
            del self._of[user]

    def _state(self, package: Package, account: Account, user: User, version: int, now: float) -> State:
        number, domain = user.number, account.domain
        kind = _BODIES[package]
        match package:
            case Package.DIALOG:
                body = dialog_info.document(number, domain, version, self.lines.of(user.id))
            case Package.PRESENCE:
                reachable, busy = bool(self._bindings(user, now)), bool(self.lines.of(user.id))
                body = presence.document(number, domain, reachable=reachable, busy=busy)
            case Package.MESSAGE_SUMMARY:
                mailbox = self._mailboxes.get(user.id, Mailbox())
                body = message_summary.document(number, domain, mailbox)
            case Package.REG:
                bindings = self._bindings(user, now)
                body = reg.document(number, domain, version, bindings, self._ground.wall(now))
                # By when they end: a refresh is told, and no other thing that happens to the user.
                return State(kind, body, reg.document(number, domain, 0, bindings, 0))
            case _:
                assert_never(package)
        return State(kind, body, body)

    def _bindings(self, user: User, now: float) -> list[Binding]:
        names = dict.fromkeys((user.number, *user.usernames))
        return [b for name in names for b in self._ground.bindings(user.account, name, now)]

    def _respond(
        self,
        request: Request,
        key: ServerKey,
        status: int,
        dialog: Dialog,
        now: float,
        headers: tuple[tuple[str, str], ...],
    ) -> None:
        response = response_to(request, status, to_tag=dialog.local_tag, headers=headers)
        self._ground.wire.layer.respond(key, response, now)


def _key(dialog: Dialog) -> str:
    return f"{dialog.local_tag} {dialog.call_id}"


def _indifferent(ok: bool, now: float) -> None:
    """One that stays on disk is told nothing new after a restart than that it is over."""


def _package(request: Request) -> Package | None:
    return _package_of(request.headers.get("Event") or "")


def _package_of(event: str) -> Package | None:
    name = event.partition(";")[0].strip().lower()
    return next((package for package in Package if package.value == name), None)


def _event(value: str) -> tuple[str, str]:
    """Package and id (RFC 6665 §4.5.1)."""
    name, _, params = value.partition(";")
    ids = [v.strip() for k, _, v in (item.partition("=") for item in params.split(";")) if k.strip() == "id"]
    return name.strip().lower(), ids[0] if ids else ""


def _seconds(request: Request) -> int:
    return LONGEST if request.expires is None else request.expires
