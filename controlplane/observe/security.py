"""What is told of bans and of calls that the toll-fraud guard refused: the database, the log, `/metrics`."""

from collections.abc import Callable
from typing import Final

import structlog

from controlplane.observe.metrics import Metrics, Read
from controlplane.observe.pii import Pii
from controlplane.store.ban import NodeBan
from controlplane.store.journal import StoreJournal
from edge.error import Refusal
from edge.journal import CallId
from edge.security.ban import AllowRecord, BanRecord, Rule
from edge.security.fraud import CODES, FraudGuard
from edge.security.shield import Shield

LINES_PER_SECOND: Final = 50
"Bans logged in a second; an attack from everywhere must not fill the disk. Metrics count them all."

_log = structlog.get_logger("security")


class SecurityKeeper:
    """An `edge.security.ban.Keeper`. `began` is told of each network that is banned now."""

    def __init__(
        self, journal: StoreJournal, node: str, began: Callable[[str], None], now: Callable[[], float]
    ) -> None:
        self._journal = journal
        self._node = node
        self._began = began
        self._now = now
        self._second = 0
        self._lines = 0

    def banned(self, record: BanRecord, ttl: float) -> None:
        if self._may_log():
            _log.warning(
                "source banned",
                source=record.network,
                rule=str(record.rule),
                count=record.count,
                ttl=ttl,
                user_agent=record.user_agent,
            )
        self._journal.banned(NodeBan(self._node, record))
        self._began(record.network)

    def ended(self, record: BanRecord) -> None:
        if record.lifted_at is not None and self._may_log():
            _log.info("ban lifted", source=record.network, rule=str(record.rule), count=record.count)
        self._journal.banned(NodeBan(self._node, record))

    def locked(self, source: str, username: str, ttl: float) -> None:
        if self._may_log():
            _log.warning("username locked out", source=source, username=str(Pii(username)), ttl=ttl)

    def allowed(self, record: AllowRecord) -> None:
        _log.info("source allowed", source=record.network, note=record.note)
        self._journal.allowed(record.network, record)

    def disallowed(self, network: str) -> None:
        _log.info("source not allowed any more", source=network)
        self._journal.allowed(network, None)

    def _may_log(self) -> bool:
        second = int(self._now())
        if second != self._second:
            self._second, self._lines = second, 0
        self._lines += 1
        return self._lines <= LINES_PER_SECOND


def report_fraud(call: CallId, number: str, refusal: Refusal) -> None:
    """Logs one call that the guard refused."""
    _log.warning(
        "call refused by the toll-fraud guard",
        call_id=call,
        code=refusal.code,
        why=refusal.text,
        number=str(Pii(number)),
    )


def watch_security(metrics: Metrics, shield: Shield, fraud: FraudGuard, now: Callable[[], float]) -> None:
    metrics.gauge("bans", "Banned sources and networks.", lambda: shield.active(now()))
    text = "Usernames locked out at sources where phones are registered."
    metrics.gauge("usernames_locked", text, lambda: len(shield.locks.listed(now())))
    metrics.gauge("sources", "Sources whose messages are counted.", lambda: len(shield))
    metrics.total("banned_dropped", "Messages and connections of banned sources.", lambda: shield.dropped)
    for rule in Rule:
        metrics.total(f"bans_{rule}", f"Bans by {rule}.", _begun(shield, rule))
        metrics.total(f"offences_{rule}", f"Events counted by {rule}.", _offences(shield, rule))
    for code in CODES:
        metrics.total(f"{code}_refused", "Calls refused by the toll-fraud guard.", _refused(fraud, code))


def _begun(shield: Shield, rule: Rule) -> Read:
    return lambda: shield.begun[rule]


def _offences(shield: Shield, rule: Rule) -> Read:
    return lambda: shield.offences[rule]


def _refused(fraud: FraudGuard, code: str) -> Read:
    return lambda: fraud.refused[code]
