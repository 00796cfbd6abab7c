"""The ban engine: who is listened to, decided before anything is parsed.

::

    sockets ── refuses(address) ──▶ ┐                                  ┌──▶ Keeper (log, database)
    switch ─── admits · malformed · failed · unknown · registered ──▶  │ Shield
    operator ─ ban · lift · allow · disallow ───────────────────────▶  └──▶ sources dropped in silence

Allowed addresses and trunks are exempt from everything. A source with a registered phone may flood: many
phones behind one NAT do at a power cut; and since a UDP source is easily forged, what anybody could send
in its name (a scanner's User-Agent, garbage) bans it neither. Wrong passwords lock out the username there
(`edge.security.lock`). The scanners' first message is already dropped.
"""

from collections import Counter
from collections.abc import Callable, Iterable

from config.schema import SipLimits
from config.security import Security, Threshold
from edge.error import Refusal
from edge.security.ban import AllowRecord, Ban, BanRecord, Keeper, Rule
from edge.security.bans import Bans
from edge.security.lock import Lock, Locks, shortened
from edge.security.network import NetworkTable, covers, network_of, source_of
from edge.security.phones import Phones
from edge.security.scanner import is_scanner
from edge.security.source import Source, forget_one
from edge.security.window import Distinct, Tally, Window


class Shield:
    def __init__(
        self,
        security: Security,
        limits: SipLimits,
        keeper: Keeper,
        *,
        trunk: Callable[[str], bool],
        wall: Callable[[float], int],
    ) -> None:
        """
        Args:
            trunk: whether an address is a trunk's.
            wall: monotonic seconds → ms UTC.
        """
        self._security = security
        self._limits = limits
        self._keeper = keeper
        self._trunk = trunk
        self._wall = wall
        self._met: dict[str, Source] = {}  # by address, oldest first
        self._prefixes: dict[str, Source] = {}  # by /64, for its many addresses
        self._phones = Phones(limits.bindings)
        self.locks = Locks(limits.locks)
        self._bans = Bans(limits.bans, keeper, wall, self._forgive)
        plain = (network_of(text) or text for text in security.allow)
        self._configured = NetworkTable((network, network) for network in plain)
        self._allowed: NetworkTable[AllowRecord] = NetworkTable()
        self.dropped = 0
        "Messages and connections of banned sources turned away."
        self.offences: Counter[Rule] = Counter()
        "Counted against a source, banned for it or not."

    # At the sockets.

    def refuses(self, address: str, now: float) -> bool:
        """Whether what comes from `address` is dropped unread; counted if so."""
        source = self._met.get(address) or self._meet(address, now)
        ban = source.ban
        if ban is None:
            return False
        if ban.until <= now:
            source.ban = None
            self._bans.expire(now)
            return False
        ban.dropped += 1
        ban.last_seen = now
        self.dropped += 1
        return True

    def banned(self, address: str, now: float) -> bool:
        """Whether nothing is sent to `address`."""
        ban = (self._met.get(address) or self._meet(address, now)).ban
        return ban is not None and ban.until > now

    def exempt(self, address: str) -> bool:
        """Whether `address` is free of every limit per source."""
        return (
            self._trunk(address)
            or self._configured.find(address) is not None
            or self._allowed.find(address) is not None
        )

    # What the switch saw. False: do not answer.

    def admits(self, address: str, user_agent: str, now: float, size: int = 0) -> bool:
        """A message of `size` bytes outside of any dialog."""
        source = self._met.get(address) or self._meet(address, now)
        if source.ban is not None and source.banned(now):
            return False
        if source.exempt or source.known_until > now:
            return True
        if is_scanner(user_agent):
            self.offences[Rule.SCANNER] += 1
            self._begin(source, Rule.SCANNER, self._security.scanners.ban, 1, now, user_agent)
            return False
        if source.flood is None:
            source.flood = Window(self._security.flood.per, now)
        count = source.flood.add(now, 1 + size // self._security.flood_bytes)
        if count < self._security.flood.count:
            return True
        self.offences[Rule.FLOOD] += 1
        self._begin(source, Rule.FLOOD, self._security.flood.ban, int(count), now, user_agent)
        return False

    def malformed(self, address: str, now: float) -> bool:
        """A message that cannot be parsed, or a stream that cannot be framed."""
        source = self._met.get(address) or self._meet(address, now)
        if source.known_until > now:
            self.offences[Rule.MALFORMED] += 1
            return True
        self._offence(source, Rule.MALFORMED, self._security.malformed, now, "")
        return not source.banned(now)

    def failed(self, address: str, username: str, user_agent: str, now: float) -> None:
        """A digest answer that is wrong; neither a first challenge nor an old nonce is."""
        source = self._met.get(address) or self._meet(address, now)
        rule = self._security.failed_auth
        if source.exempt or source.known_until <= now or source.banned(now):
            self._offence(source, Rule.FAILED_AUTH, rule, now, user_agent)
            return
        self.offences[Rule.FAILED_AUTH] += 1
        source.suspect = True
        source.failed = source.failed or Tally(rule.per)
        count = source.failed.add(shortened(username), now)
        names = len(source.failed)
        if names >= rule.names and names > self._phones.count(source.key, now):
            self._begin(source, Rule.FAILED_AUTH, rule.ban, names, now, user_agent)
        elif count >= rule.count:
            self.locks.put(Lock(source.key, username, now, now + rule.ban, count, user_agent[:256]))
            self._keeper.locked(source.key, username, rule.ban)

    def lock(self, address: str, username: str, now: float) -> Lock | None:
        """What keeps `username` from being heard from `address`."""
        lock = self.locks.find(source_of(address), username, now)
        if lock is not None:
            lock.phone_until = self._phones.named(lock.source, username)
        return lock

    def locked(self, address: str, username: str, now: float) -> Refusal | None:
        """Why `username` is not heard from `address`, wherever its phones are; None: it is."""
        lock = self.lock(address, username, now)
        return None if lock is None else lock.refuse()

    def unknown(self, address: str, name: str, user_agent: str, now: float) -> None:
        """Somebody unproven asked for `name`, which does not exist here."""
        source = self._met.get(address) or self._meet(address, now)
        self.offences[Rule.ENUMERATION] += 1
        if source.exempt or source.banned(now):
            return
        source.suspect = True
        rule = self._security.enumeration
        source.names = source.names or Distinct(rule.per)
        # Of many phones behind one address, many may be set up for who is no more.
        limit = max(rule.count, self._phones.count(source.key, now) + 1)
        count = source.names.add(name, now, limit)
        if count >= limit:
            self._begin(source, Rule.ENUMERATION, rule.ban, count, now, user_agent)

    def registered(self, address: str, until: float, now: float, name: str = "") -> None:
        """A phone registered from `address` and stays until `until` [s].

        Args: name: its username, `1001@demo.local`; empty: another who has proven himself there.
        """
        longer = self._phones.add(source_of(address), name, until, now)
        source = self._met.get(address)
        if longer and source is not None and not source.exempt:
            source.known_until = until

    def knows(self, address: str, now: float) -> bool:
        """Whether a phone is registered from there."""
        return self._phones.until(source_of(address)) > now

    # The operator.

    def ban(self, network: str, seconds: float, note: str, now: float) -> BanRecord | None:
        """Ban `network` (of `bannable`); None: it is allowed, and that wins."""
        if self._is_allowed(network):
            return None
        ban = Ban(network, Rule.MANUAL, now + seconds, count=0, first_seen=now, now=now, note=note)
        self._bans.put(ban, seconds, now)
        self._review(network)
        return ban.record(self._wall(now), now)

    def lift(self, network: str, now: float) -> bool:
        """End a ban, and locks; False: there is neither a ban of exactly this network, nor a lock inside."""
        unlocked = self.locks.lift(network)
        banned = self._bans.lift(network, now)
        if banned:
            self._review(network)
        return unlocked or banned

    def allow(self, network: str, note: str, now: float) -> AllowRecord | None:
        """Exempt `network` from now on and end bans that hit it; None: as many as may be are allowed."""
        if self._allowed.get(network) is None and len(self._allowed) >= self._limits.allowed:
            return None
        record = AllowRecord(network, note, self._wall(now))
        self._allowed.put(network, record)
        hit = self._bans.lift_within(network, now)
        self.locks.lift(network)
        self._review(network, *hit)
        self._keeper.allowed(record)
        return record

    def disallow(self, network: str) -> bool:
        """False: it was not allowed at run time."""
        if self._allowed.pop(network) is None:
            return False
        self._review(network)
        self._keeper.disallowed(network)
        return True

    def renew(self) -> None:
        """Who is a trunk may have changed: every source is met anew, its failures forgotten, not its ban."""
        self._met.clear()
        self._prefixes.clear()

    def configured(self) -> tuple[str, ...]:
        """Networks that the configuration allows."""
        return tuple(self._configured)

    def allowed(self) -> tuple[AllowRecord, ...]:
        """What was allowed at run time."""
        return tuple(self._allowed.values())

    def bans(self, now: float) -> list[BanRecord]:
        """Those in force."""
        return self._bans.records(now)

    @property
    def begun(self) -> Counter[Rule]:
        """Bans so far, by their reason."""
        return self._bans.begun

    def registered_in(self, network: str, now: float) -> bool:
        """Whether a phone is registered from an address of `network`."""
        return self._phones.within(network, now)

    def load(self, bans: Iterable[BanRecord], allowed: Iterable[AllowRecord], now: float) -> None:
        """What the former run left behind."""
        for kept in allowed:
            self._allowed.put(kept.network, kept)
        self._bans.load(bans, now)

    def expire(self, now: float) -> None:
        """Forget bans that ran out. Nobody must call it in time: a ban that ran out bans nobody."""
        self._bans.expire(now)

    def active(self, now: float) -> int:
        """Bans in force."""
        self._bans.expire(now)
        return len(self._bans)

    def __len__(self) -> int:
        """Sources remembered."""
        return len(self._met)

    # Inside.

    def _meet(self, address: str, now: float) -> Source:
        met = self._met
        if len(met) >= self._limits.sources:
            forget_one(met)
        key = source_of(address)
        exempt = self.exempt(address)
        source = None if exempt or key == address else self._prefixes.get(key)
        if source is None:
            source = Source(key, exempt, now)
            if not exempt:
                source.known_until = self._phones.until(key)
                source.ban = self._bans.find(address)
                if key != address:
                    if len(self._prefixes) >= self._limits.sources:
                        forget_one(self._prefixes)
                    self._prefixes[key] = source
        met[address] = source
        return source

    def _offence(self, source: Source, rule: Rule, threshold: Threshold, now: float, user_agent: str) -> None:
        self.offences[rule] += 1
        if source.exempt or source.banned(now):
            return
        source.suspect = True
        window = source.windows.get(rule)
        if window is None:
            window = source.windows[rule] = Window(threshold.per, now)
        count = window.add(now)
        if count >= threshold.count:
            self._begin(source, rule, threshold.ban, int(count), now, user_agent)

    def _begin(
        self, source: Source, rule: Rule, seconds: float, count: int, now: float, user_agent: str
    ) -> None:
        ban = Ban(
            source.key,
            rule,
            now + seconds,
            count=count,
            first_seen=source.first_seen,
            now=now,
            user_agent=user_agent[:256],
        )
        source.forgive()
        source.ban = ban
        self._bans.put(ban, seconds, now)

    def _forgive(self, network: str) -> None:
        """A ban has ended."""
        for source in (self._met.get(network), self._prefixes.get(network)):
            if source is not None:
                source.forgive()

    def _review(self, *networks: str) -> None:
        """Meet sources in `networks` anew: who is banned or exempt has changed."""
        for network in networks:
            if "/" in network or ":" in network:
                self._met.clear()
                self._prefixes.clear()
                return
            self._met.pop(network, None)

    def _is_allowed(self, network: str) -> bool:
        if "/" not in network:
            return self.exempt(network)
        tables = (self._configured, self._allowed)
        return any(covers(known, network) for table in tables for known in table)
