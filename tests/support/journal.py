"""Values that a journal is given, and a writer that commits when the test says so."""

from collections.abc import Callable

from controlplane.store.batch import Batch, Written
from edge.directory import AccountId
from edge.journal import Binding, BindingChange, CallId, Cdr, OpenCall, TraceEvent

ACCOUNT = AccountId("acc_demo")


def binding(aor: str = "1001", contact: str = "sip:1001@192.0.2.1", **other: object) -> Binding:
    values: dict[str, object] = {
        "account": ACCOUNT,
        "aor": aor,
        "contact": contact,
        "q": 1.0,
        "expires_at": 2_000_000,
        "call_id": "c1",
        "cseq": 1,
        "path": (),
        "flow": "udp:192.0.2.1:5060/0/0",
        "user_agent": "test",
    }
    return Binding(**(values | other))  # type: ignore[arg-type]


def kept(aor: str = "1001", **other: object) -> BindingChange:
    held = binding(aor, **other)
    return BindingChange(held.account, held.aor, held.contact, held)


def removed(aor: str = "1001", contact: str = "sip:1001@192.0.2.1") -> BindingChange:
    return BindingChange(ACCOUNT, aor, contact, None)


def open_call(name: str = "call_1", started_at: int = 1_000) -> OpenCall:
    return OpenCall(CallId(name), ACCOUNT, f"sip-{name}", "in", "1001", "9000", started_at)


def cdr(name: str = "call_1", started_at: int = 1_000, **other: object) -> Cdr:
    values: dict[str, object] = {
        "id": CallId(name),
        "account": ACCOUNT,
        "sip_call_id": f"sip-{name}",
        "direction": "in",
        "caller": "1001",
        "callee": "9000",
        "target": "agent:demo",
        "started_at": started_at,
        "answered_at": started_at + 100,
        "ended_at": started_at + 5_000,
        "disposition": "answered",
        "cause": "caller_hangup",
        "sip_status": 200,
        "q850": 16,
    }
    return Cdr(**(values | other))  # type: ignore[arg-type]


def event(name: str = "INVITE", ts: int = 1_000, **data: object) -> TraceEvent:
    return TraceEvent(ts, "sip", name, "received", "", dict(data))


class HandWriter:
    """A `Writer` whose commits end by `finish`."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self._finished: Callable[[Written], None] | None = None

    def submit(self, batch: Batch, finished: Callable[[Written], None]) -> None:
        assert self._finished is None, "one commit at a time"
        self.batches.append(batch)
        self._finished = finished

    @property
    def busy(self) -> bool:
        return self._finished is not None

    def finish(self, good: bool = True) -> None:
        finished, self._finished = self._finished, None
        assert finished is not None
        finished(
            Written((good,) * len(self.batches[-1].promises), committed=good, error="" if good else "disk")
        )
