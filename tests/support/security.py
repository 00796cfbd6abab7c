"""A shield on a hand clock, and a keeper that remembers what it was told."""

from collections.abc import Callable

from config.schema import SipLimits
from config.security import Security
from edge.security.ban import AllowRecord, BanRecord, Keeper
from edge.security.shield import Shield
from edge.transport.guard import EveryoneWelcome


class FakeGuard(EveryoneWelcome):
    """Frees `free`, and turns away whom the test bans."""

    def __init__(self, free: str = "") -> None:
        self._free = free
        self.shut: set[str] = set()
        self.unframed: list[str] = []

    def exempt(self, address: str) -> bool:
        return address == self._free

    def refuses(self, address: str, now: float) -> bool:
        return address in self.shut

    def banned(self, address: str, now: float) -> bool:
        return address in self.shut

    def malformed(self, address: str, now: float) -> bool:
        self.unframed.append(address)
        return True


class FakeKeeper:
    def __init__(self) -> None:
        self.begun: list[tuple[BanRecord, float]] = []
        self.over: list[BanRecord] = []
        self.added: list[AllowRecord] = []
        self.removed: list[str] = []
        self.locks: list[tuple[str, str, float]] = []

    def banned(self, record: BanRecord, ttl: float) -> None:
        self.begun.append((record, ttl))

    def ended(self, record: BanRecord) -> None:
        self.over.append(record)

    def locked(self, source: str, username: str, ttl: float) -> None:
        self.locks.append((source, username, ttl))

    def allowed(self, record: AllowRecord) -> None:
        self.added.append(record)

    def disallowed(self, network: str) -> None:
        self.removed.append(network)

    def rules(self) -> list[tuple[str, str]]:
        return [(record.network, record.rule) for record, _ in self.begun]


def shield(
    keeper: Keeper | None = None,
    trunk: Callable[[str], bool] = lambda address: False,
    limits: SipLimits | None = None,
    **security: object,
) -> Shield:
    return Shield(
        Security.model_validate(security),
        limits or SipLimits(),
        keeper or FakeKeeper(),
        trunk=trunk,
        wall=lambda now: int(now * 1000),
    )
