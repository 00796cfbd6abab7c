"""Who serves queues, for those who sign in, those who watch, and media engines that ring them (S004-44…54).

What an agent says is answered once it is on disk; a lease or a caller is won once the log of it is.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from controlplane.service.outside import Do, Json
from controlplane.store import queue_agent
from controlplane.store.store import Store
from edge.acd.acd import Acd
from edge.acd.agent import Agent
from edge.acd.lease import LeaseId
from edge.acd.state import AgentEvent, State, Status
from edge.acd.terms import AgentId, ai_agent, name_of_ai
from edge.directory import AccountId, Directory, User
from edge.error import Refusal
from edge.journal import CallId

TILES: Final = (
    "extcall",
    "incall",
    "offline",
    "unreachable",
    "ringing",
    "paused",
    "wrapup",
    "ready",
    "idle",
)
"Of the roster, the first that fits counts (S004-50)."

Result = TypeVar("Result")


class AgentService:
    def __init__(
        self, acd: Acd, directory: Directory, store: Store, do: Do, now: Callable[[], float]
    ) -> None:
        self._acd = acd
        self._directory = directory
        self._store = store
        self._do = do
        self._now = now

    async def tell(
        self,
        account: str,
        name: str,
        event: AgentEvent,
        reason: str = "",
        queues: Mapping[str, int] | None = None,
    ) -> Json | Refusal:
        """Args: queues: name or id → level, in place of the active memberships; None: they stay (S004-45)."""
        user = self._user(account, name)
        if isinstance(user, Refusal):
            return user
        memberships: dict[str, int] | None = None if queues is None else {}
        for queue, level in (queues or {}).items():
            terms = self._directory.queue(user.account, queue)
            if terms is None:
                fix = "add it under accounts[].queues"
                return Refusal("no_such_queue", 404, f"there is no queue {queue[:64]}", fix)
            assert memberships is not None, "there is one"
            memberships[terms.name] = level
        found = self._act(
            lambda now: self._acd.tell(
                user.account, user.id, event, now, reason=reason, memberships=memberships
            )
        )
        if isinstance(found, Refusal):
            return found
        return await self._kept({"ok": True, **self._shown(found, user)})

    async def confirm(self, account: str, lease: str, epoch: int) -> Json | Refusal:
        """Whether the lease lives under this epoch: then the caller is its agent's (S004-52)."""
        call = self._act(lambda now: self._acd.confirm(AccountId(account), LeaseId(lease), epoch, now))
        return {"ok": False} if call is None else await self._kept({"ok": True, "callId": call})

    async def claim(self, account: str, name: str, call: str) -> Json | Refusal:
        """The first of those who ring has the caller (S004-54).

        Args: name: of a user, or `agent:` and the name of an AI agent.
        """
        id = self._id(account, name)
        if isinstance(id, Refusal):
            return id
        won, winner = self._act(lambda now: self._acd.claim(AccountId(account), id, CallId(call), now))
        if won:
            return await self._kept({"ok": True, "callId": call})
        return {"ok": False, "winner": winner}

    def show(self, account: str, name: str) -> Json | Refusal:
        user = self._user(account, name)
        if isinstance(user, Refusal):
            return user
        return self._shown(self._acd.roster.agent(user.account, AgentId(user.id)), user)

    def is_user(self, account: str, name: str, id: str) -> bool:
        """Whether `name` (id, number or username) means the user of this id."""
        user = self._user(account, name)
        return not isinstance(user, Refusal) and user.id == id

    def holds(self, account: str, user: str, lease: str) -> bool:
        """Whether the offer of this lease is this user's, or is none that there is."""
        offers = (
            offer
            for ticket in self._acd.tickets(AccountId(account))
            for offer in (ticket.taken, *ticket.leases.values())
        )
        found = next((offer for offer in offers if offer is not None and offer.id == lease), None)
        return found is None or found.agent == user

    def roster(self, account: str, viewer: str = "") -> Json | Refusal:
        """Every user of the account, and how many are in which state (S004-49, S004-50).

        Args: viewer: id of a user who looks himself: others' calls and offers are none of his.
        """
        of = self._directory.account(AccountId(account))
        if of is None:
            return _no_account(account)
        shown = []
        for user in self._directory.users_of(of.id):
            row = self._shown(self._acd.roster.agent(of.id, AgentId(user.id)), user)
            if viewer not in ("", user.id):
                row |= {"call_id": None, "offer": None}
            shown.append(row)
        counts = Counter(str(one["tile"]) for one in shown)
        return {"account_id": of.id, "tiles": {tile: counts[tile] for tile in TILES}, "users": shown}

    async def moves(self, account: str, name: str, since: int, limit: int) -> Json | Refusal:
        """The log of one agent, or of all when `name` is empty. Args: since: [ms UTC]."""
        of = self._directory.account(AccountId(account))
        if of is None:
            return _no_account(account)
        id = self._id(account, name) if name else None
        if isinstance(id, Refusal):
            return id
        await self._store.flush()
        async with self._store.engine.connect() as connection:
            rows = await queue_agent.moves(connection, of.id, id, since, limit)
        return {
            "moves": [
                {
                    "agent_id": row.agent,
                    "ts": row.at,
                    "status": row.status.value,
                    "state": row.state.value,
                    "cause": row.cause,
                    "reason": row.reason,
                    "queue": row.queue,
                    "call_id": row.call,
                }
                for row in rows
            ]
        }

    # Inside.

    def _shown(self, agent: Agent, user: User) -> Json:
        roster, now = self._acd.roster, self._now()
        status, reachable = roster.status(agent), roster.reachable(agent, now)
        occupied = roster.occupied(agent)
        memberships = roster.memberships(agent)
        queues = (self._directory.queue(user.account, name) for name in memberships)
        lease = agent.lease
        return {
            "user_id": user.id,
            "number": user.number,
            "name": user.name,
            "status": status.value,
            "state": agent.state.value,
            "reachable": reachable,
            "tile": _tile(status, agent.state, reachable, occupied, bool(memberships)),
            "reason": agent.reason,
            "since": agent.since // 1000,
            "queues": [
                {"queueId": queue.id or queue.name, "name": queue.name, "level": memberships[queue.name]}
                for queue in queues
                if queue is not None
            ],
            "call_id": agent.call or (lease.call if lease is not None else None),
            "offer": None
            if lease is None
            else {"leaseId": lease.id, "epoch": lease.epoch, "expires_in": round(lease.deadline - now, 3)},
            "calls": agent.calls,
            "missed": agent.missed,
        }

    async def _kept(self, answer: Json) -> Json | Refusal:
        await self._store.flush()
        if self._store.journal.last_error:
            fix = "check the disk, then ask again"
            return Refusal("not_kept", 503, "the database could not be written", fix, retry_after=1)
        return answer

    def _act(self, act: Callable[[float], Result]) -> Result:
        results: list[Result] = []
        self._do(lambda now: results.append(act(now)))
        return results[0]

    def _id(self, account: str, name: str) -> AgentId | Refusal:
        if name_of_ai(AgentId(name)):
            return ai_agent(name_of_ai(AgentId(name)))
        user = self._user(account, name)
        return user if isinstance(user, Refusal) else AgentId(user.id)

    def _user(self, account: str, name: str) -> User | Refusal:
        of = self._directory.account(AccountId(account))
        if of is None:
            return _no_account(account)
        user = self._directory.user(of.id, name) or next(
            (one for one in self._directory.users_of(of.id) if one.id == name), None
        )
        if user is None:
            fix = "name a user by id, number or username"
            return Refusal("no_such_user", 404, f"account {of.id} has no user {name[:64]}", fix)
        return user


def _no_account(account: str) -> Refusal:
    return Refusal("no_such_account", 404, f"there is no account {account[:64]}", "name one by its id")


def _tile(status: Status, state: State, reachable: bool, occupied: bool, member: bool) -> str:
    """In the order of `TILES`."""
    if occupied:
        return "extcall"
    if state is State.IN_CALL:
        return "incall"
    if status is Status.OFFLINE:
        return "offline"
    if not reachable:
        return "unreachable"
    if state is State.OFFERING:
        return "ringing"
    if status is Status.ON_BREAK:
        return "paused"
    if state is State.WRAP_UP:
        return "wrapup"
    return "ready" if member else "idle"
