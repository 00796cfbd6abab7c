"""Callbacks for operators, and for edges that carry the calls in which they are promised."""

import asyncio
from collections.abc import Callable

from controlplane.service.outside import Json
from edge.acd.acd import Acd
from edge.acd.callback import Callback
from edge.callback.callbacks import Callbacks
from edge.command.noop import promised
from edge.directory import AccountId, Directory
from edge.error import Refusal
from edge.flow.command import Pledge
from edge.journal import CallId
from edge.question import Reply

Do = Callable[[Callable[[float], None]], None]
"Runs one act on the edge."


class CallbackService:
    def __init__(
        self, callbacks: Callbacks, acd: Acd, directory: Directory, do: Do, now: Callable[[], float]
    ) -> None:
        self._callbacks = callbacks
        self._acd = acd
        self._directory = directory
        self._do = do
        self._now = now

    def list(self, account: str, queue: str = "") -> Json | Refusal:
        """Those that wait, then those that are over. Args: queue: of one alone."""
        of = self._directory.account(AccountId(account))
        if of is None:
            fix = "name one by its id"
            return Refusal("no_such_account", 404, f"there is no account {account[:64]}", fix)
        terms = self._directory.queue(of.id, queue)
        name = queue if terms is None else terms.name
        found = [one for one in self._callbacks.of(of.id) if not name or one.queue == name]
        return {"account_id": of.id, "callbacks": [self.shown(one) for one in found]}

    def withdraw(self, account: str, id: str) -> Json | Refusal:
        """Nobody is called back."""
        done: list[Callback | Refusal] = []
        self._do(lambda now: done.append(self._callbacks.withdraw(AccountId(account), id, now)))
        (found,) = done
        return found if isinstance(found, Refusal) else self.shown(found)

    async def promise(self, account: AccountId, pledge: Pledge) -> Reply:
        """For `edge.question.Look`; comes once it is on disk."""
        made: asyncio.Future[Callback | Refusal] = asyncio.get_running_loop().create_future()

        def then(found: Callback | Refusal, now: float) -> None:
            if not made.done():
                made.set_result(found)

        def act(now: float) -> None:
            self._callbacks.promise(account, pledge, then, now)

        self._do(act)
        return promised(await made)

    def shown(self, about: Callback) -> Json:
        place = None if about.over else self._acd.place(CallId(about.id), self._now())
        return {
            "id": about.id,
            "queue": about.queue,
            "number": about.number,
            "name": about.name,
            "state": about.stage.value,
            "reason": about.why,
            "position": None if place is None else place.position,
            "estimate": None if place is None else round(place.wait),
            "promised_in": about.call,
            "promised_at": about.promised_at,
            "since": about.since,
            "expires_at": about.expires_at,
            "due_at": about.due_at or None,
            "ended_at": about.ended_at or None,
            "tries": about.tries,
            "calls": list(about.calls),
        }
