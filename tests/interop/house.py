"""One daemon for many sipp scenarios: users who call, trunks of every kind, and who is at the far ends."""

from pathlib import Path
from typing import Any

from tests.support.address import SIP_PORT, loopback
from tests.support.caller import Phone
from tests.support.daemon import PASSWORDS, Daemon
from tests.support.scenario import Scenario, calling
from tests.support.sipp import Sipp

DID = "12025550100"
CLOSED = "12025550103"
"A DID that strangers do not reach."
OURS = {"u1": "udp", "t1": "tcp"}
"sipp's names of transports, and ours."
TRANSPORTS = {"u1": "1415", "t1": "1416"}
"How sipp calls it, and the prefix of the numbers that lead to the far end by it."
KINDS = {
    "alaw": "17",
    "national": "18",
    "one": "19",
    "slow": "20",
    "digest": "21",
    "secret": "26",
    "foreign": "28",
}
"Trunks that there are for each transport, and the middle of the prefixes of their numbers."


def dialled(kind: str, transport: str, end: str = "5550100") -> str:
    """A number that leads to this kind of trunk."""
    return f"+1{'4' if transport == 'u1' else '5'}{KINDS[kind]}{end}"


class Direct(Phone):
    """A phone that is reached at its Contact: no rport."""

    def via(self, branch: str = "") -> str:
        return super().via(branch).removesuffix(";rport")


class House:
    """`near` is a trunk that calls DIDs; `far` and `other` are where trunks lead, and phones of users."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.near, self.far, self.other = loopback(), loopback(), loopback()
        self._runs = 0
        # sipp sends no audio.
        quiet = {"limits": {"media": {"silence_timeout": "5m"}}}
        self.daemon = Daemon(folder / "daemon", account=self._account(), settings=quiet)

    def caller(self, scenario: Scenario, number: str, *, transport: str = "u1", **more: Any) -> Sipp:
        """User 1001, or whoever `more` names, dials `number`."""
        given = {"user": "1001", "password": PASSWORDS["1001"], **more}
        return Sipp(
            self._folder("caller"), scenario, self.daemon.sip, number=number, transport=transport, **given
        )

    def trunk(self, scenario: Scenario, number: str = DID, **more: Any) -> Sipp:
        """The trunk that is known by its address calls."""
        return Sipp(
            self._folder("trunk"), scenario, self.daemon.sip, address=self.near, number=number, **more
        )

    def callee(self, scenario: Scenario, *, address: str = "", **more: Any) -> Sipp:
        return Sipp(self._folder("callee"), scenario, address=address or self.far, **more)

    def register(self, number: str, address: str, transport: str = "u1") -> None:
        """A phone of `number` is reached where sipp listens: at the Contact's port (no rport, no NAT).

        By TCP sipp registers itself, and its connection ends then: we dial the Contact.
        """
        password = PASSWORDS.get(number, number)
        if transport == "t1":
            who = {"user": number, "password": password, "address": address}
            with self.caller(calling().register(), number, transport=transport, **who) as phone:
                phone.done()
            return
        with Direct(address, self.daemon.sip, number, password) as phone:
            phone.register(contact=f"<sip:{number}@{address}:{SIP_PORT}>")

    def forget(self, number: str, address: str) -> None:
        with Phone(address, self.daemon.sip, number, PASSWORDS.get(number, number)) as phone:
            phone.register(0, contact="*")

    def _folder(self, name: str) -> Path:
        self._runs += 1
        return self.folder / f"{self._runs}-{name}"

    def _account(self) -> dict[str, Any]:
        def trunk(name: str, address: str, transport: str = "udp", **more: Any) -> dict[str, Any]:
            return {"name": name, "proxy": f"sip:{address}:{SIP_PORT};transport={transport}", **more}

        def user(number: str, **more: Any) -> dict[str, Any]:
            devices = [{"username": number, "password": PASSWORDS.get(number, number)}]
            return {"number": number, "devices": devices, **more}

        row = [{"username": name, "password": name} for name in ("1007", "1008")]
        best = [{"username": name, "password": name} for name in ("1014", "1015")]
        pair = [{"username": name, "password": name} for name in ("1005", "1006")]
        return {
            "headers": ["X-Ticket"],
            "fraud": {"country": "1", "deny": ["1900"], "rates": {"141599": 1_000_000}},
            "users": [
                user("1001"),
                user("1002"),
                user("1003", forward={"busy": "+14155550103", "unreachable": "+14155550104"}),
                user("1004", forward={"always": "+14155550105"}),
                {"number": "1005", "devices": pair},
                {"number": "1007", "devices": row, "ring": "sequential", "ring_time": "1s"},
                {"number": "1014", "devices": best, "ring": "first"},
                user("1009", dnd=True),
                *(user(number, fraud={"daily": 10}) for number in ("1013", "1016")),
                user("1011", forward={"always": "1012"}),
                user("1012", forward={"always": "1011"}),
                user("1010", ring_time="1s", forward={"no_answer": "+14155550106"}),
            ],
            "dids": [
                {"number": DID, "target": {"forward": "+14155550100"}},
                {"number": CLOSED, "target": {"forward": "+14155550100"}, "strangers": False},
                {"number": "12025550101", "target": {"forward": "+14165550100"}},
                {"number": "12025550102", "target": {"user": "1002"}},
            ],
            "trunks": [
                trunk("near", self.near, auth={"ip": [self.near]}, headers={"accept": ["X-Ticket"]}),
                trunk(
                    "udp", self.far, default=True, headers={"send": ["X-Ticket"], "add": {"X-Edge": "one"}}
                ),
                trunk("tcp", self.far, "tcp"),
                *(
                    trunk(f"{name}-{transport}", self.far, transport, **more)
                    for transport in ("udp", "tcp")
                    for name, more in self._kinds(transport).items()
                ),
                {
                    "name": "either",
                    "proxy": f"sip:{self.far}:{SIP_PORT}",
                    "auth": {"username": "us-either", "password": "secret"},
                },
                trunk("gone", loopback()),
                trunk("other", self.other),
            ],
            "routes": [
                {"prefix": "1415", "trunks": ["udp"]},
                {"prefix": "1416", "trunks": ["tcp"]},
                *(
                    {"prefix": f"1{first}{middle}", "trunks": [f"{name}-{transport}"]}
                    for transport, first in (("udp", "4"), ("tcp", "5"))
                    for name, middle in KINDS.items()
                ),
                {"prefix": "1422", "trunks": ["udp", "other"]},
                {"prefix": "1423", "trunks": ["gone", "other"]},
                {"prefix": "1424", "trunks": ["other"]},
                {"prefix": "1425", "trunks": ["tcp", "other"]},
                {"prefix": "1427", "trunks": ["either"]},
            ],
        }  # fmt: skip

    @staticmethod
    def _kinds(transport: str) -> dict[str, dict[str, Any]]:
        return {
            "alaw": {"codecs": ["pcma"], "number_format": "e164"},
            "national": {
                "number_format": "as_dialled",
                "rewrite": [{"match": r"\+1[45]18(\d+)", "to": r"0\1"}],
                "caller_id": {"number": "+12025550199", "assert": True, "privacy": "always"},
            },
            "one": {"max_channels": 1, "number_format": "plus"},
            "slow": {"calls_per_second": 1},
            "digest": {"auth": {"username": f"us-{transport}", "password": "secret"}},
            "secret": {"srtp": "required"},
            "foreign": {"auth": {"username": f"of-{transport}", "password": "secret"}, "realm": "elsewhere"},
        }
