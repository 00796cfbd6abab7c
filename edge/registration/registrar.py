"""The registrar: REGISTER → bindings (RFC 3261 §10.3, Path of RFC 3327, outbound of RFC 5626 §6).

::

    edge ── register(request, …) ──▶ Registrar ──▶ Registration(changes, response)
    edge ── changes ──▶ journal, then either sends `response` or, when the commit failed, `undo`

New bindings are looked up from the moment of `register`: the phone is there, committed or
not. `undo` puts back what was, also beneath a later registration that has replaced it.

The caller has authenticated the request and knows that it may change this address of record.
Declined: GRUU (RFC 5627), Service-Route (RFC 3608), flow tokens of RFC 5626 §5.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import Final

from config.schema import SipLimits
from config.value import dataclass
from edge.directory import AccountId
from edge.journal import Binding, BindingChange
from edge.registration.contact import matching, path_of, repeated, way_back
from edge.registration.location import (
    Entry,
    LocationService,
    Place,
    Record,
    is_connection,
    without_connection,
)
from edge.registration.outbound import lacks_first_hop, read, superseded, supports
from edge.registration.recovery import Recovery
from edge.sip.address import STAR, Address
from edge.sip.build import response_to
from edge.sip.flow import Flow
from edge.sip.grammar import Malformed, delta_seconds
from edge.sip.message import Request, Response

_UNDER_WAY: Final = 32.0  # timer F [s]
_NO_WAY: Final = '399 tandem "no_way_to_call: register a sip or sips URI, others are listed and never called"'
_NO_FLOW: Final = '399 tandem "no_flow: the proxy next to the phone says no ob in Path; leave reg-id out"'


@dataclass(frozen=True, slots=True)
class Step:
    """One contact's way from `before` to `after`."""

    contact: str
    before: Entry | None
    after: Entry | None


@dataclass(frozen=True, slots=True)
class Registration:
    changes: tuple[BindingChange, ...]
    "For the journal; empty when only the bindings were asked for."
    response: Response
    "The 200, to be sent once `changes` are committed."
    request: Request
    record: Record
    steps: tuple[Step, ...]


class _Refused(Exception):
    """Carries the final response out of the checks; never leaves this module."""

    def __init__(
        self, status: int, reason: str | None = None, headers: tuple[tuple[str, str], ...] = ()
    ) -> None:
        super().__init__(status)
        self.status = status
        self.reason = reason
        self.headers = headers


class Registrar:
    """`new_tag` makes the To tag of each response."""

    def __init__(self, limits: SipLimits, new_tag: Callable[[], str]) -> None:
        self._limits = limits
        self._new_tag = new_tag
        self._locations = LocationService()
        self.recovery = Recovery(limits.connections)

    def __len__(self) -> int:
        return len(self._locations)

    def register(
        self, request: Request, flow: Flow, account: AccountId, aor: str, now: float, wall_ms: int
    ) -> Registration | Response:
        """Change the bindings of `aor` as `request` says, all or nothing; a `Response` is a refusal.

        Args:
            flow: where the request came from.
            wall_ms: now, on the wall clock [ms since the epoch, UTC].
        """
        record = self._locations.record(account, aor)
        held = {contact: entry for contact, entry in record.entries.items() if entry.expires > now}
        try:
            planned = self._plan(request, flow, record, held, now, wall_ms)
        except _Refused as refused:
            return self._respond(request, refused.status, refused.reason, refused.headers)
        except Malformed as fault:
            return self._respond(request, 400, f"Bad {fault.where}")
        if planned is None:
            return Registration((), self._ok(request, held, now, wall_ms), request, record, ())
        steps = _steps(held, planned)
        for step in steps:
            self._locations.put(record, step.contact, step.after)
            if step.before is not None and is_connection(step.before.binding.flow):
                self.recovery.lost(step.before.binding)
            if step.after is not None and is_connection(step.after.binding.flow):
                self.recovery.back(step.after.binding)
        changes = tuple(
            [
                BindingChange(account, aor, step.contact, None if step.after is None else step.after.binding)
                for step in steps
            ]
        )
        return Registration(changes, self._ok(request, planned, now, wall_ms), request, record, steps)

    def undo(self, registration: Registration) -> Response:
        """Take back a registration whose changes could not be committed; the answer is 503."""
        record = self._locations.record(registration.record.account, registration.record.aor)
        for step in reversed(registration.steps):
            if step.after is not None:
                step.after.undone = True
                step.after.before = step.before
            # Something else there: a later registration holds, and `before` awaits its own undo.
            if record.entries.get(step.contact) is step.after:
                before = step.before
                while before is not None and before.undone:
                    before = before.before
                self._locations.put(record, step.contact, before)
        return self._respond(registration.request, 503, headers=(("Retry-After", "5"),))

    def lookup(self, account: AccountId, aor: str, now: float) -> tuple[Binding, ...]:
        """Bindings that hold at `now`, highest q first, among equals the newest."""
        return self._locations.lookup(account, aor, now)

    def reachable(self, account: AccountId, aor: str, now: float) -> bool:
        return bool(self._locations.lookup(account, aor, now))

    def place(self, account: AccountId, aor: str, flow: Flow, now: float) -> Place:
        """Where phones of `aor` are registered, seen from `flow`."""
        entries = self._locations.record(account, aor).entries.values()
        flows = [Flow.parse(entry.binding.flow) for entry in entries if entry.expires > now]
        if flow in flows:
            return Place.HERE
        return Place.NEAR if any(one.remote[0] == flow.remote[0] for one in flows) else Place.AWAY

    def load(self, bindings: Iterable[Binding], now: float, wall_ms: int) -> None:
        """Take over the stored bindings at boot. What has ended comes out of the next `expire`."""
        self._locations.load(bindings, now, wall_ms)

    def holds(self, flow: Flow) -> bool:
        """Whether a phone is reached by this very connection."""
        return bool(self._locations.on_flow(str(flow)))

    def lost(self, flow: Flow, now: float) -> tuple[BindingChange, ...]:
        """The connection `flow` is gone: its phones are now dialled at their Contact, or forgotten."""
        changes: list[BindingChange] = []
        for record, contact in self._locations.on_flow(str(flow)):
            entry = record.entries[contact]
            self.recovery.lost(entry.binding)
            way = without_connection(entry.binding)
            after = None
            if way is not None and entry.expires > now:
                binding = replace(entry.binding, flow=str(way))
                after = Entry(binding, entry.expires, entry.order, entry.params, entry.since)
            self._locations.put(record, contact, after)
            changes.append(
                BindingChange(record.account, record.aor, contact, None if after is None else after.binding)
            )
            instance = entry.binding.instance
            for other in record.entries.values():
                if instance and other.binding.instance == instance and is_connection(other.binding.flow):
                    self.recovery.back(other.binding)  # by another of its flows (RFC 5626 §4.3)
        return tuple(changes)

    def forget(self, account: AccountId, aor: str) -> tuple[BindingChange, ...]:
        """The address of record is no more: so are its bindings."""
        record = self._locations.record(account, aor)
        contacts = list(record.entries)
        for contact in contacts:
            self._locations.put(record, contact, None)
        return tuple(BindingChange(account, aor, contact, None) for contact in contacts)

    def expire(self, now: float) -> tuple[BindingChange, ...]:
        """Remove some of what has ended; call again while `next_timer_at` is not after `now`."""
        return self._locations.expire(now)

    def next_timer_at(self) -> float | None:
        return self._locations.next_timer_at()

    # The rules of §10.3.

    def _plan(
        self, request: Request, flow: Flow, record: Record, held: dict[str, Entry], now: float, wall_ms: int
    ) -> dict[str, Entry] | None:
        """Steps 6 and 7: the bindings as they will be; None: nothing is asked to change."""
        contacts = request.contacts
        if not contacts:
            return None
        if contacts[0] is STAR:
            if request.expires != 0:
                raise _Refused(400, "Contact * Needs Expires 0")
            for entry in held.values():
                _check_order(request, entry, now)
            return {}
        limits = self._limits
        if len(contacts) > 2 * limits.contacts_per_aor:
            raise _too_many(limits)
        headers = request.headers
        path = path_of(request) if "Path" in headers else ()
        planned = held.copy()
        for address in contacts:
            seconds = self._granted(request, address)
            instance, reg_id = read(address)
            if reg_id and lacks_first_hop(request):
                raise _Refused(439, "First Hop Lacks Outbound Support", (("Warning", _NO_FLOW),))
            text = str(address.uri)
            if not (text.isascii() and text.isprintable()):
                raise Malformed("Contact", "not a URI")
            for known in matching(planned, address.uri, text):
                if planned[known] is held.get(known):
                    _check_order(request, held[known], now)
                del planned[known]
            for known in superseded(planned, held, instance, reg_id) if seconds or reg_id else ():
                _check_order(request, held[known], now)
                del planned[known]
            if seconds:
                binding = Binding(
                    account=record.account,
                    aor=record.aor,
                    contact=text,
                    q=address.preference,
                    expires_at=wall_ms + seconds * 1000,
                    call_id=request.call_id,
                    cseq=request.cseq.number,
                    path=path,
                    flow=str(way_back(request, flow, address.uri)),
                    user_agent=headers.get("User-Agent") or "",
                    instance=instance,
                    reg_id=reg_id,
                )
                order = self._locations.next_order()
                planned[text] = Entry(binding, now + seconds, order, repeated(address), now)
        if planned and not any(contact.startswith(("sip:", "sips:")) for contact in planned):
            # Any scheme may stand beside one that can be called (§20.10); alone it would promise calls.
            raise _Refused(403, headers=(("Warning", _NO_WAY),))
        if len(planned) > limits.contacts_per_aor and len(planned) > len(held):
            raise _too_many(limits)
        if len(planned) > len(held) and len(self) + len(planned) - len(held) > limits.bindings:
            raise _Refused(503, headers=(("Retry-After", "60"),))
        return planned

    def _granted(self, request: Request, address: Address) -> int:
        """The registration's length [s], 0 to remove: contact parameter, Expires field, our default."""
        limits = self._limits
        text = address.param("expires") if address.params else None
        seconds = request.expires if text is None else delta_seconds(text)
        if seconds is None:
            seconds = limits.expires_default
        if 0 < seconds < limits.expires_min:
            raise _Refused(423, headers=(("Min-Expires", str(limits.expires_min)),))
        return min(seconds, limits.expires_max)

    def _ok(self, request: Request, entries: dict[str, Entry], now: float, wall_ms: int) -> Response:
        """Step 8: every binding that now holds, with the time that is left to it; some phones set their
        clock by Date."""
        headers = [
            ("Contact", f"<{contact}>{entry.params};expires={round(entry.expires - now)}")
            for contact, entry in entries.items()
        ]
        if "Path" in request.headers and supports(request, "path"):
            headers += [("Path", path) for path in request.headers.all("Path")]
        for entry in entries.values():
            if entry.binding.reg_id:
                # RFC 5626 §6: tells the phone that its reg-id was understood.
                if supports(request, "outbound"):
                    headers.append(("Require", "outbound"))
                break
        headers.append(("Date", _date(wall_ms // 1000)))
        return self._respond(request, 200, headers=headers)

    def _respond(
        self,
        request: Request,
        status: int,
        reason: str | None = None,
        headers: Iterable[tuple[str, str]] = (),
    ) -> Response:
        return response_to(request, status, reason, to_tag=self._new_tag(), headers=headers)


@lru_cache(maxsize=4)
def _date(seconds: int) -> str:
    """§20.17. Args: seconds: since the epoch."""
    return format_datetime(datetime.fromtimestamp(seconds, UTC), usegmt=True)


def _too_many(limits: SipLimits) -> _Refused:
    text = f'399 tandem "too_many_contacts: at most {limits.contacts_per_aor} contacts"'
    return _Refused(403, "Too Many Contacts", (("Warning", text),))


def _check_order(request: Request, entry: Entry, now: float) -> None:
    """Step 7: within one Call-ID only a higher CSeq may change a binding.

    That keeps apart what overtook each other on the wire, so only for as long as a request may be under way:
    after it, a lower one is of a phone that has started anew and always begins with the same Call-ID. (A
    replay does not come so far: its digest's use count was seen.) Whoever is late is told what §12.2.2 tells
    in a dialog: 500, which phones try again after.
    """
    wait = entry.since + _UNDER_WAY - now
    if entry.binding.call_id == request.call_id and entry.binding.cseq >= request.cseq.number and wait > 0:
        raise _Refused(500, "CSeq Out Of Order", (("Retry-After", str(math.ceil(wait))),))


def _steps(held: dict[str, Entry], planned: dict[str, Entry]) -> tuple[Step, ...]:
    """Removals first, since a contact that was respelled is removed and set again."""
    steps = [Step(contact, entry, None) for contact, entry in held.items() if contact not in planned]
    for contact, entry in planned.items():
        before = held.get(contact)
        if before is not entry:
            steps.append(Step(contact, before, entry))
    return tuple(steps)
