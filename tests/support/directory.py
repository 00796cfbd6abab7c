"""A directory with one account, made in a line, for tests of the edge."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from config.conference import Conference
from edge.acd.terms import QueueTerms
from edge.directory import (
    Account,
    AccountId,
    Agent,
    Device,
    DeviceId,
    Did,
    DidId,
    Target,
    Tool,
    Trunk,
    TrunkId,
    User,
    UserId,
)
from edge.flow.machine import Program

ACC = AccountId("acc_demo")


def ha1(username: str, realm: str, password: str) -> dict[str, str]:
    text = f"{username}:{realm}:{password}".encode()
    return {"md5": hashlib.md5(text).hexdigest(), "sha-256": hashlib.sha256(text).hexdigest()}


@dataclass
class FakeDirectory:
    """One account `demo.local` at 127.0.0.1; everything in it is added by the test."""

    max_in: int | None = None
    max_out: int | None = None
    digest: tuple[str, ...] = ("md5",)
    hold_music: str = "builtin"
    record: str = "on_demand"
    headers: tuple[str, ...] = ()
    conferences: dict[str, Conference] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    devices: dict[str, Device] = field(default_factory=dict)
    extensions: dict[str, Target] = field(default_factory=lambda: {"*43": Target("echo", "")})
    dids: dict[str, Did] = field(default_factory=dict)
    trunks: dict[str, Trunk] = field(default_factory=dict)
    routes: dict[str, list[str]] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    agents: dict[str, Agent] = field(default_factory=dict)
    tools: dict[str, Tool] = field(default_factory=dict)
    prompts: dict[str, str] = field(default_factory=dict)
    greetings: dict[str, str] = field(default_factory=dict)
    flows: Program = field(default_factory=Program)
    speech: dict[str, str] = field(default_factory=dict)
    "Text → path."
    queue_terms: dict[str, QueueTerms] = field(default_factory=dict)
    trunk_passwords: dict[str, str] = field(default_factory=dict)

    def add_user(
        self, number: str, *usernames: str, password: str = "secret", max_simultaneous: int | None = None
    ) -> None:
        names = usernames or (number,)
        user = User(
            UserId(f"us_{number}"),
            ACC,
            number,
            number,
            max_simultaneous,
            tuple(DeviceId(f"dev_{n}") for n in names),
            names,
        )
        self.users[number] = user
        for name in names:
            self.devices[name] = Device(
                DeviceId(f"dev_{name}"), ACC, user.id, name, ha1(name, "demo.local", password)
            )

    def add_did(
        self,
        number: str,
        kind: str,
        value: str = "",
        max_channels: int | None = None,
        *,
        strangers: bool = True,
    ) -> None:
        target = Target(kind, value)
        self.dids[number] = Did(DidId(f"did_{number}"), ACC, number, target, max_channels, None, strangers)

    def add_trunk(
        self,
        name: str,
        proxy: str = "sip:127.0.0.9:5060",
        *,
        ip: str = "",
        username: str = "",
        password: str = "",
        max_channels: int | None = None,
        default: bool = False,
        realm: str = "",
    ) -> None:
        id = TrunkId(f"tr_{name}")
        self.trunks[name] = Trunk(
            id, ACC, name, proxy, username, password, max_channels, default, realm=realm
        )
        if ip:
            self.sources[ip] = name
        self.trunk_passwords[name] = password

    # The protocol.

    def _account(self) -> Account:
        return Account(
            ACC,
            "demo.local",
            "UTC",
            self.digest,
            self.max_in,
            self.max_out,
            None,
            hold_music=self.hold_music,
            conferences=self.conferences,
            record=self.record,
            headers=self.headers,
        )

    def account(self, account: AccountId) -> Account | None:
        return self._account() if account == ACC else None

    def account_of_host(self, host: str) -> Account | None:
        return self._account() if host in ("demo.local", "127.0.0.1") else None

    def device(self, account: AccountId, username: str) -> Device | None:
        return self.devices.get(username)

    def user(self, account: AccountId, name: str) -> User | None:
        if name in self.users:
            return self.users[name]
        device = self.devices.get(name)
        return self.user_by_id(device.user) if device else None

    def user_by_id(self, user: UserId) -> User | None:
        return next((u for u in self.users.values() if u.id == user), None)

    def users_of(self, account: AccountId) -> Sequence[User]:
        return tuple(self.users.values())

    def queue(self, account: AccountId, name: str) -> QueueTerms | None:
        return next((q for q in self.queue_terms.values() if name in (q.name, q.id)), None)

    def queues(self, account: AccountId) -> Sequence[QueueTerms]:
        return tuple(self.queue_terms.values()) if account == ACC else ()

    def extension(self, account: AccountId, number: str) -> Target | None:
        return self.extensions.get(number)

    def did(self, number: str) -> Did | None:
        return self.dids.get(number)

    def trunk_of_source(self, address: str) -> Trunk | None:
        return self.trunks.get(self.sources.get(address, ""))

    def trunk(self, account: AccountId, name: str) -> Trunk | None:
        if name:
            return self.trunks.get(name)
        return next((t for t in self.trunks.values() if t.default), None)

    def trunks_for(self, account: AccountId, digits: str) -> Sequence[Trunk]:
        for prefix, names in sorted(self.routes.items(), key=lambda item: -len(item[0])):
            if digits.startswith(prefix):
                return [self.trunks[name] for name in names]
        return ()

    def all_trunks(self) -> Sequence[Trunk]:
        return tuple(self.trunks.values())

    def trunk_of_username(self, account: AccountId, username: str) -> Trunk | None:
        return next((t for t in self.trunks.values() if username and t.username == username), None)

    def trunk_ha1(self, trunk: TrunkId) -> dict[str, str]:
        found = next(t for t in self.trunks.values() if t.id == trunk)
        return ha1(found.username, "demo.local", self.trunk_passwords[found.name])

    def agent(self, account: AccountId, name: str) -> Agent | None:
        return self.agents.get(name)

    def tool(self, account: AccountId, agent: str, name: str) -> Tool | None:
        return self.tools.get(name)

    def prompt(self, name: str) -> str | None:
        return self.prompts.get(name)

    def greeting(self, account: AccountId, number: str) -> str | None:
        return self.greetings.get(number)

    def program(self, account: AccountId) -> Program:
        return self.flows

    def spoken(self, text: str, voice: str, account: str) -> str | None:
        return self.speech.get(text)

    def accounts(self) -> Sequence[Account]:
        return (self._account(),)
