"""The location service: bindings by address of record, in memory (RFC 3261 §10, "abstract service").

A binding is looked up by monotonic time, so a step of the wall clock ends no registration.
Expiry costs a bounded amount per call: each address of record waits in one bucket of a
wheel of whole seconds, never later than its first binding ends, and is looked at then.
"""

import enum
import heapq
import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from edge.directory import AccountId
from edge.journal import Binding, BindingChange
from edge.sip.flow import Flow, Transport
from edge.sip.grammar import Malformed
from edge.sip.uri import Uri

_CALLED: Final = ("sip:", "sips:")
_SWEPT: Final = 256  # addresses of record looked at in one `expire`


class Place(enum.Enum):
    """Where a phone is registered, seen from the one who asks."""

    HERE = "on the very flow, port and all"
    NEAR = "at the same address"
    AWAY = "elsewhere, or nowhere"


class Entry:
    """One binding that holds until `expires` [s, monotonic]."""

    __slots__ = ("before", "binding", "expires", "order", "params", "since", "undone")

    def __init__(
        self, binding: Binding, expires: float, order: int, params: str, since: float = float("-inf")
    ) -> None:
        self.binding = binding
        self.expires = expires
        self.order = order
        "Grows with every registration: the highest is the newest."
        self.params = params
        "Contact parameters as the phone wrote them, `expires` left out: `;q=0.5;+sip.instance=…`."
        self.since = since
        "When it was registered [s, monotonic]; long ago: before our start."
        self.undone = False
        "The commit failed: whoever replaced this entry falls back to `before`."
        self.before: Entry | None = None


class Record:
    """One address of record."""

    __slots__ = ("account", "aor", "entries", "wakes_at")

    def __init__(self, account: AccountId, aor: str) -> None:
        self.account = account
        self.aor = aor
        self.entries: dict[str, Entry] = {}
        "By contact."
        self.wakes_at: int | None = None
        "Bucket of the wheel [s]."


class LocationService:
    """All bindings of this process; `len` counts those not swept yet."""

    def __init__(self) -> None:
        self._records: dict[tuple[AccountId, str], Record] = {}
        self._buckets: dict[int, set[Record]] = {}
        self._seconds: list[int] = []  # heap of the keys of _buckets
        self._of_flow: dict[str, dict[tuple[Record, str], None]] = {}  # of connections alone
        self._count = 0
        self._order = 0

    def __len__(self) -> int:
        return self._count

    def lookup(self, account: AccountId, aor: str, now: float) -> tuple[Binding, ...]:
        """Bindings that hold at `now`, highest q first, among equals the newest (§10.2.1.2).

        A Contact may be of any scheme (§20.10 has one by mail), but nobody is called there. A device with
        several flows is called by one of them (RFC 5626 §5.3): by the next when its connection is gone.
        """
        record = self._records.get((account, aor))
        if record is None:
            return ()
        entries = [
            entry
            for entry in record.entries.values()
            if entry.expires > now and entry.binding.contact.startswith(_CALLED)
        ]
        if len(entries) > 1:
            entries.sort(key=_rank)
            entries = _one_flow_each(entries)
        return tuple([entry.binding for entry in entries])

    def load(self, bindings: Iterable[Binding], now: float, wall_ms: int) -> None:
        """Take over what was stored. What has ended meanwhile comes out of the next `expire`."""
        for binding in bindings:
            params = "" if binding.q == 1.0 else f";q={binding.q:g}"
            if binding.instance:
                params += f';+sip.instance="{binding.instance}"'
            if binding.reg_id:
                params += f";reg-id={binding.reg_id}"
            record = self.record(binding.account, binding.aor)
            expires = now + (binding.expires_at - wall_ms) / 1000
            if is_connection(binding.flow):
                # No connection outlives its process: dial, or wait until the phone comes back.
                flow = without_connection(binding)
                binding = replace(binding, flow=binding.flow if flow is None else str(flow))
                expires = now if flow is None else expires
            self.put(record, binding.contact, Entry(binding, expires, self.next_order(), params))

    def expire(self, now: float) -> tuple[BindingChange, ...]:
        """Remove bindings that have ended; call again while `next_timer_at` is not after `now`."""
        changes: list[BindingChange] = []
        left = _SWEPT
        while left and self._seconds and self._seconds[0] <= now:
            bucket = self._buckets[self._seconds[0]]
            while bucket and left:
                record = bucket.pop()
                record.wakes_at = None
                left -= 1
                for contact, entry in list(record.entries.items()):
                    if entry.expires <= now:
                        self.put(record, contact, None)
                        changes.append(BindingChange(record.account, record.aor, contact, None))
                self._wait(record)
            if not bucket:
                del self._buckets[heapq.heappop(self._seconds)]
        return tuple(changes)

    def next_timer_at(self) -> float | None:
        while self._seconds and not self._buckets[self._seconds[0]]:
            del self._buckets[heapq.heappop(self._seconds)]
        return float(self._seconds[0]) if self._seconds else None

    def on_flow(self, flow: str) -> tuple[tuple[Record, str], ...]:
        """Record and contact of each binding that is reached by this connection only."""
        return tuple(self._of_flow.get(flow, ()))

    # What the registrar builds on.

    def record(self, account: AccountId, aor: str) -> Record:
        """The record of this address, a new one if there is none; it is kept once it holds an entry."""
        return self._records.get((account, aor)) or Record(account, aor)

    def next_order(self) -> int:
        self._order += 1
        return self._order

    def put(self, record: Record, contact: str, entry: Entry | None) -> None:
        """Set or, with None, remove the entry of `contact`."""
        entries = record.entries
        self._index(record, contact, entries.get(contact), entry)
        if entry is None:
            if entries.pop(contact, None) is not None:
                self._count -= 1
            if not entries:
                self._records.pop((record.account, record.aor), None)
                self._wait(record)
            return
        if contact not in entries:
            self._count += 1
        if not entries:
            self._records[record.account, record.aor] = record
        entries[contact] = entry
        if record.wakes_at is None or entry.expires < record.wakes_at:
            self._wait(record)

    def _index(self, record: Record, contact: str, before: Entry | None, after: Entry | None) -> None:
        if before is not None and (on_it := self._of_flow.get(before.binding.flow)) is not None:
            on_it.pop((record, contact), None)
            if not on_it:
                del self._of_flow[before.binding.flow]
        if after is not None and is_connection(after.binding.flow):
            self._of_flow.setdefault(after.binding.flow, {})[record, contact] = None

    def _wait(self, record: Record) -> None:
        """Put `record` into the bucket of its first end, or into none when it is empty."""
        if record.wakes_at is not None:
            self._buckets[record.wakes_at].discard(record)
            record.wakes_at = None
        if not record.entries:
            return
        second = math.ceil(min(entry.expires for entry in record.entries.values()))
        record.wakes_at = second
        bucket = self._buckets.get(second)
        if bucket is None:
            bucket = self._buckets[second] = set()
            heapq.heappush(self._seconds, second)
        bucket.add(record)


def _one_flow_each(entries: list[Entry]) -> list[Entry]:
    devices: set[str] = set()
    found = []
    for entry in entries:
        binding = entry.binding
        if binding.reg_id and binding.instance in devices:
            continue
        devices.add(binding.instance)
        found.append(entry)
    return found


def without_connection(binding: Binding) -> Flow | None:
    """How to reach a phone whose connection is gone: at its Contact, if no NAT lies between.

    That is when it came from the very address that its Contact names. Nobody listens behind a NAT or in
    a browser: such a binding is worth nothing until the phone registers again (RFC 5626 §7).
    """
    try:
        flow, uri = Flow.parse(binding.flow), Uri.parse(binding.contact)
    except (ValueError, Malformed):
        return None
    secure = flow.transport is Transport.TLS
    if uri.address != flow.remote[0] or flow.transport not in (Transport.TCP, Transport.TLS):
        return None
    named = (uri.param("transport") or ("tls" if uri.scheme == "sips" else "udp")).lower()
    if named != flow.transport.value.lower() and not (secure and uri.scheme == "sips" and named == "tcp"):
        return None
    return Flow(flow.transport, (flow.remote[0], uri.port or (5061 if secure else 5060)), flow.listener)


def is_connection(flow: str) -> bool:
    """Whether the text of a flow names one live connection, not a datagram path or one to be dialled."""
    return not flow.startswith("udp:") and not flow.endswith("/0")


def _rank(entry: Entry) -> tuple[float, int]:
    return -entry.binding.q, -entry.order
