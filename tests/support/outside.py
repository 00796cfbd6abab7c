"""An outside edge beside a bench: the same switch, journal and directory, asked over the other door."""

from config.schema import SipLimits
from edge.channels import Channels
from edge.outside.call import DialogEvent, RouteAsked
from edge.outside.calls import OutsideCalls
from edge.outside.proof import AuthAsked, Denied, Proofs, Proven
from edge.outside.registration import OutsideRegistrations
from edge.sip.digest import Algorithm, Challenge, Credentials, answer
from tests.support.directory import FakeDirectory
from tests.support.edge import Bench


class Outside:
    def __init__(
        self,
        directory: FakeDirectory | None = None,
        limits: SipLimits | None = None,
        *,
        trust_from: bool = True,
        bench: Bench | None = None,
    ) -> None:
        self.bench = bench or Bench(directory, limits)
        switch = self.bench.switch
        self.proofs = Proofs(self.bench.directory, switch.authenticator, self.bench.shield, 100)
        self.registrations = OutsideRegistrations(100, 10)
        self.calls = OutsideCalls(
            directory=self.bench.directory,
            journal=self.bench.journal,
            channels=Channels(switch.admissions, self.bench.fraud),
            proofs=self.proofs,
            bindings=switch.registrar.lookup,
            registrations=self.registrations,
            agenda=switch.agenda,
            limits=self.bench.limits,
            random=iter_bytes(),
            wall=lambda now: int(now * 1000),
            trust_from=trust_from,
        )

    def route(
        self, caller: str, dialled: str, call_id: str = "c1", domain: str = "demo.local", **more: object
    ) -> dict[str, object]:
        asked = RouteAsked(call_id, caller, domain, dialled, here="127.0.0.1:5060", **more)  # type: ignore[arg-type]
        return self.calls.route(asked, self.bench.now)

    def dialog(self, event: str, call_id: str = "c1", cause: str = "", account: str = "acc_demo") -> bool:
        return self.calls.dialog(DialogEvent(account, call_id, event, cause), self.bench.now)

    def register(self, number: str, contact: str, seconds: float = 600.0) -> None:
        user = self.bench.directory.users[number]
        now = self.bench.now
        assert self.registrations.put(user.account, user.id, contact, now + seconds, now)

    def auth(
        self,
        username: str,
        password: str = "secret",
        *,
        nonce: str = "theirs",
        nc: int = 1,
        method: str = "INVITE",
        call_id: str = "c1",
        source: str = "",
        algorithm: Algorithm = Algorithm.MD5,
    ) -> Proven | Denied:
        given = credentials(username, password, nonce, nc, method, algorithm)
        return self.proofs.judge(AuthAsked(given, method, call_id, source), self.bench.now)


def credentials(
    username: str,
    password: str,
    nonce: str,
    nc: int = 1,
    method: str = "INVITE",
    algorithm: Algorithm = Algorithm.MD5,
) -> Credentials:
    challenge = Challenge("demo.local", nonce, algorithm.value)
    return Credentials.parse(answer(challenge, method, "sip:demo.local", username, password, "c0ffee", nc))


def iter_bytes():  # type: ignore[no-untyped-def]
    """Random bytes that are different every time."""
    state = {"n": 10**6}

    def random(n: int) -> bytes:
        state["n"] += 1
        return state["n"].to_bytes(n, "big")

    return random
