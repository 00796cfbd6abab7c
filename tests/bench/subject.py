"""The daemon under load: the shipped `tandem serve` on a core of its own, SQLite on disk, trace and CDRs."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from config.schema import MediaLimits
from tests.bench.usage import core_seconds, cpu_seconds, memory_bytes, prefer
from tests.support import wav
from tests.support.address import loopback
from tests.support.daemon import Daemon

ANSWER, ECHO, AGENT, BRIDGE = "12025550101", "12025550102", "12025550103", "12025550104"
MENU = "12025550105"
PHONES = tuple(str(12025570000 + n) for n in range(1_000))
"Of the users, in their order, as many as there are."
ROOMS = tuple(str(12025560000 + n) for n in range(1_000))
"DIDs, called from a trunk's address."


@dataclass(slots=True)
class Subject:
    daemon: Daemon
    trunk: str
    "Address that calls are sent from."
    far: str
    "Address that `BRIDGE` calls."
    users: list[str]
    core: int | None
    "The core that it has to itself."

    @property
    def host(self) -> str:
        return self.daemon.sip[0]

    def password(self, user: str) -> str:
        return f"password-{user}"

    def cpu(self) -> float:
        """[s]"""
        return cpu_seconds(self.daemon.child.pid)

    def others(self) -> float:
        """What others have used of its core [s], were it only by comparing two readings."""
        return 0.0 if self.core is None else core_seconds(self.core) - self.cpu()

    def memory(self) -> int:
        """[bytes]"""
        return memory_bytes(self.daemon.child.pid)

    def ticks(self) -> tuple[float, float, float]:
        """Lateness of the last 20 s of ticks: p50, p99, most [ms]."""
        found = self.daemon.metrics()
        p50, p99, most = (found[f"tandem_tick_late_{name}_seconds"] * 1000 for name in ("p50", "p99", "max"))
        return p50, p99, most

    def gauges(self) -> dict[str, float]:
        """What /metrics says of ticks and of the garbage collector."""
        wanted = ("tick", "gc_", "late", "loop")
        return {
            name: value
            for name, value in self.daemon.metrics().items()
            if name.startswith("tandem_") and any(part in name for part in wanted) and "_bucket" not in name
        }


@contextmanager
def subject(
    folder: Path,
    *,
    users: int,
    agent_url: str,
    cpu: int | None,
    workers: int = 0,
    agents: Mapping[str, object] = MappingProxyType({}),
    dids: Sequence[object] = (),
    full: float | None = MediaLimits().full,
    program: bool = True,
) -> Iterator[Subject]:
    """Args: agents, dids: beside its own; program: started as users start it, see `Daemon`."""
    trunk, far = loopback(), loopback()
    names = [str(10_000 + n) for n in range(users)]
    account = {
        "users": [
            {"number": name, "devices": [{"username": name, "password": f"password-{name}"}]}
            for name in names
        ],
        "trunks": [
            {
                "name": "load",
                "proxy": f"sip:{trunk}:5060",
                "auth": {"ip": [trunk]},
                "default": True,
                "codecs": ["pcmu", "g722", "opus"],
            },
            {"name": "far", "proxy": f"sip:{far}:5060", "codecs": ["pcmu", "g722", "opus"]},
        ],
        "codecs": ["pcmu", "g722", "opus"],
        "dids": [
            {"number": ANSWER, "target": {"answer": True}},
            {"number": ECHO, "target": {"echo": True}},
            {"number": AGENT, "target": {"agent": "echo"}},
            {"number": BRIDGE, "target": {"trunk": "far"}},
            {"number": MENU, "target": {"flow": "menu"}},
            *(
                {"number": number, "target": {"user": name}}
                for number, name in zip(PHONES, names, strict=False)
            ),
            *({"number": number, "target": {"conference": number}} for number in ROOMS),
            *dids,
        ],
        "flows": {"menu": str(_menu(folder))},
        "agents": {
            "echo": {"dialect": "tandem", "url": agent_url, "sample_rate": 16_000, "barge_in": True},
            **agents,
        },
    }
    settings = {"security": {"allow": [trunk, far]}, "media": {"workers": workers}}
    # Calls that an overload has left half-way would be waited for at the end.
    sip = {"rooms_per_account": len(ROOMS), "drain": "1s"}
    settings["limits"] = {"sip": sip, "media": {"full": full}}
    with Daemon(folder, account=account, settings=settings, cpu=cpu, program=program) as daemon:
        prefer(daemon.child.pid)
        yield Subject(daemon, trunk, far, names, cpu)


def _menu(folder: Path) -> Path:
    """A prompt of 20 s that is played again and again, keys listened for, and voices, since it may record."""
    folder.mkdir(parents=True, exist_ok=True)
    wav.write(folder / "prompt.wav", wav.tone(440.0, 20.0))
    path = folder / "menu.yaml"
    path.write_text(_MENU)
    return path


_MENU = """
nodes:
  menu:
    kind: collect
    variable: number
    prompt: {file: prompt.wav}
    max_tries: 20
    timeout: 1s
    next: {done: message, default: menu}
  message: {kind: record, next: end}
  end: {kind: hangup}
"""
