"""The directory of a configuration: everything that calls look up, in memory, each look-up one `dict` step.

A changed configuration is a new directory. Names are accepted wherever ids are.
"""

import hashlib
import ipaddress
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import replace

from config import account as section
from config.identity import stable_id
from config.trunk import Trunk as TrunkSection
from controlplane.service.agent import agent_of, tools_of
from controlplane.service.bounds import account_fraud, bounds, call_limit
from controlplane.service.queue_terms import queue_terms
from controlplane.service.trunk import trunk_of
from edge.acd.terms import QueueTerms
from edge.directory import (
    Account,
    AccountId,
    Agent,
    AudioTerms,
    BusinessHours,
    Device,
    DeviceId,
    Did,
    DidId,
    Forwarding,
    Target,
    Tool,
    Trunk,
    TrunkId,
    User,
    UserId,
)
from edge.flow.machine import Program
from edge.routing.route import MESSAGE_CODE
from edge.sip.headers import canonical

_ALGORITHMS = {"md5": hashlib.md5, "sha-256": hashlib.sha256}

Key = tuple[AccountId, str]
Prefix = tuple[int, int, int, Trunk]
"IP version, mask, network, whose."


class MemoryDirectory:
    """An `edge.directory.Directory`."""

    def __init__(
        self,
        accounts: Sequence[section.Account],
        passwords: Mapping[tuple[str, str], str],
        own_addresses: Container[str],
        prompts: Mapping[str, str],
        builtin: Mapping[str, str] | None = None,
        programs: Callable[[AccountId], Program] | None = None,
        spoken: Callable[[str, str, str], str | None] | None = None,
        greeting: Callable[[str, str], str | None] | None = None,
    ) -> None:
        """
        Args:
            accounts: validated and cross-checked.
            passwords: generated ones by (account, username), for devices without one.
            own_addresses: hosts that mean this machine.
            prompts: name → path of a ready WAV; looked at anew on every call.
            builtin: `builtin:…` → URL of an agent that comes with us; looked at anew on every call.
            programs: flows of an account as they are now; None: there are no flows.
            spoken: path of a ready WAV of (text, voice, account).
            greeting: path of what a user has recorded, by (account, number).
        """
        self.program = programs or _no_flows
        self.spoken = spoken or _not_spoken
        self.greeting = greeting or _not_there
        self._own_addresses = own_addresses
        self._prompts = prompts
        self._builtin = {} if builtin is None else builtin
        self._accounts: dict[AccountId, Account] = {}
        self._hosts: dict[str, Account] = {}
        self._devices: dict[Key, Device] = {}
        self._users: dict[Key, User] = {}
        self._users_by_id: dict[UserId, User] = {}
        self._extensions: dict[Key, Target] = {}
        self._dids: dict[str, Did] = {}
        self._trunks: dict[Key, Trunk] = {}
        self._trunk_usernames: dict[Key, Trunk] = {}
        self._trunks_by_id: dict[TrunkId, Trunk] = {}
        self._routes: dict[AccountId, dict[str, tuple[Trunk, ...]]] = {}
        self._trunk_ha1: dict[TrunkId, dict[str, str]] = {}
        self._sources: dict[str, Trunk] = {}
        self._prefixes: list[Prefix] = []
        self._agents: dict[Key, Agent] = {}
        self._queues: dict[Key, QueueTerms] = {}
        self._by_account: dict[AccountId, tuple[tuple[User, ...], tuple[QueueTerms, ...]]] = {}
        self._tools: dict[tuple[AccountId, str, str], Tool] = {}
        for account in accounts:
            self._add(account, passwords)
        self._only = next(iter(self._accounts.values())) if len(self._accounts) == 1 else None
        # The longest prefix wins.
        self._prefixes.sort(key=lambda prefix: prefix[1].bit_count(), reverse=True)

    def become(self, other: "MemoryDirectory") -> None:
        """Look up what `other` does from now on; whoever holds this directory needs no other."""
        self.__dict__.update(other.__dict__)

    # Look-ups.

    def account(self, account: AccountId) -> Account | None:
        return self._accounts.get(account)

    def account_of_host(self, host: str) -> Account | None:
        if (found := self._hosts.get(host)) is not None:
            return found
        return self._only if self._only is not None and host in self._own_addresses else None

    def device(self, account: AccountId, username: str) -> Device | None:
        return self._devices.get((account, username))

    def user(self, account: AccountId, name: str) -> User | None:
        return self._users.get((account, name))

    def user_by_id(self, user: UserId) -> User | None:
        return self._users_by_id.get(user)

    def users_of(self, account: AccountId) -> Sequence[User]:
        return self._by_account[account][0] if account in self._by_account else ()

    def queue(self, account: AccountId, name: str) -> QueueTerms | None:
        return self._queues.get((account, name))

    def queues(self, account: AccountId) -> Sequence[QueueTerms]:
        return self._by_account[account][1] if account in self._by_account else ()

    def extension(self, account: AccountId, number: str) -> Target | None:
        return self._extensions.get((account, number))

    def did(self, number: str) -> Did | None:
        return self._dids.get(number)

    def trunk_of_source(self, address: str) -> Trunk | None:
        if (trunk := self._sources.get(address)) is not None:
            return trunk
        if not self._prefixes and ":" not in address:
            return None
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return None
        if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
            parsed = parsed.ipv4_mapped
        if (trunk := self._sources.get(str(parsed))) is not None:
            return trunk
        number, version = int(parsed), parsed.version
        for of, mask, network, found in self._prefixes:
            if of == version and number & mask == network:
                return found
        return None

    def trunk(self, account: AccountId, name: str) -> Trunk | None:
        return self._trunks.get((account, name))

    def trunks_for(self, account: AccountId, digits: str) -> Sequence[Trunk]:
        lists = self._routes.get(account)
        if lists is None:
            return ()
        return next((lists[digits[:n]] for n in range(len(digits), -1, -1) if digits[:n] in lists), ())

    def all_trunks(self) -> Sequence[Trunk]:
        return tuple(self._trunks_by_id.values())

    def trunk_of_username(self, account: AccountId, username: str) -> Trunk | None:
        return self._trunk_usernames.get((account, username))

    def trunk_ha1(self, trunk: TrunkId) -> dict[str, str]:
        return self._trunk_ha1.get(trunk, {})

    def agent(self, account: AccountId, name: str) -> Agent | None:
        agent = self._agents.get((account, name))
        if agent is not None and agent.url in self._builtin:
            return replace(agent, url=self._builtin[agent.url])
        return agent

    def bot_token(self, account: str, name: str) -> str:
        """What a bot shows that dials us for this agent; empty: there is none."""
        agent = self._agents.get((AccountId(account), name))
        return agent.token if agent is not None else ""

    def tool(self, account: AccountId, agent: str, name: str) -> Tool | None:
        return self._tools.get((account, agent, name))

    def prompt(self, name: str) -> str | None:
        return self._prompts.get(name)

    def accounts(self) -> Sequence[Account]:
        return tuple(self._accounts.values())

    # From the configuration.

    def _add(self, part: section.Account, passwords: Mapping[tuple[str, str], str]) -> None:
        account = Account(
            AccountId(part.id),
            part.domain,
            part.timezone,
            part.digest,
            part.limits.max_in,
            part.limits.max_out,
            part.limits.max_dialer,
            account_fraud(part.fraud),
            part.limits.reserve_in,
            tuple(call_limit(part.id, limit) for limit in part.call_limits),
            hold_music="" if part.hold_music == "silence" else str(part.hold_music),
            conferences=part.conferences,
            record=part.record,
            country=part.country,
            headers=tuple(canonical(name) for name in part.headers),
        )
        self._accounts[account.id] = self._hosts[account.domain] = account
        for user in part.users:
            terms = AudioTerms(
                user.codecs or part.codecs,
                user.srtp or part.srtp,
                (user.codec_order or part.codec_order) == "ours",
                user.ptime or part.ptime,
                user.dtmf or part.dtmf,
                user.inband or part.inband,
            )
            self._add_user(account, user, terms, passwords)
        users = tuple(self._users[account.id, user.number] for user in part.users)
        queues = queue_terms(part)
        self._by_account[account.id] = users, queues
        self._queues |= {(account.id, key): queue for queue in queues for key in (queue.id, queue.name)}
        self._extensions[account.id, section.ECHO_CODE] = Target("echo", "")
        for extension in part.extensions:
            self._extensions[account.id, extension.number] = _target(extension.target)
        for did in part.dids:
            self._dids[did.number] = Did(
                DidId(stable_id(account.id, "did", did.number)),
                account.id,
                did.number,
                _target(did.target),
                did.max_channels,
                _hours(part, did),
                did.strangers,
            )
        for trunk in part.trunks:
            self._add_trunk(account, trunk)
        self._routes[account.id] = {
            route.prefix.removeprefix("+"): tuple(self._trunks[account.id, name] for name in route.trunks)
            for route in part.routes
        }
        for name, agent in part.agents.items():
            self._agents[account.id, name] = agent_of(part, name, agent)
            for tool in tools_of(part, agent).values():
                self._tools[account.id, name, tool.name] = tool

    def _add_user(
        self,
        account: Account,
        part: section.User,
        terms: AudioTerms,
        passwords: Mapping[tuple[str, str], str],
    ) -> None:
        user_id = UserId(stable_id(account.id, "user", part.number))
        names = part.usernames()
        devices: list[DeviceId] = []
        for device, username in zip(part.devices, names, strict=True):
            password = device.password or passwords[account.id, username]
            made = Device(
                DeviceId(stable_id(account.id, "device", username)),
                account.id,
                user_id,
                username,
                ha1(username, account.domain, password),
                device.digest,
                device.disabled,
            )
            devices.append(made.id)
            self._devices[account.id, username] = made
        user = User(
            user_id,
            account.id,
            part.number,
            part.name,
            part.max_simultaneous,
            tuple(devices),
            names,
            bounds(part.fraud),
            Forwarding(
                _dialled(part.number, part.forward.always),
                _dialled(part.number, part.forward.busy),
                _dialled(part.number, part.forward.no_answer),
                _dialled(part.number, part.forward.unreachable),
            ),
            part.dnd,
            part.ring,
            part.ring_time,
            audio=terms,
            record=part.record or "",
            skills=part.skills,
            ready_on_login=part.ready_on_login,
        )
        self._users_by_id[user_id] = user
        for name in (user_id, part.number, *names):
            self._users[account.id, name] = user

    def _add_trunk(self, account: Account, part: TrunkSection) -> None:
        auth = part.auth
        trunk = trunk_of(account.id, part)
        self._trunks_by_id[trunk.id] = trunk
        self._trunks[account.id, part.name] = self._trunks[account.id, trunk.id] = trunk
        if part.default:
            self._trunks[account.id, ""] = trunk
        if auth.username is not None and auth.password is not None:
            self._trunk_usernames[account.id, auth.username] = trunk
            self._trunk_ha1[trunk.id] = ha1(auth.username, account.domain, auth.password)
        for text in auth.ip:
            network = ipaddress.ip_network(text)
            if network.num_addresses == 1:
                self._sources[str(network.network_address)] = trunk
            else:
                self._prefixes.append((network.version, int(network.netmask), int(network[0]), trunk))


def _not_spoken(text: str, voice: str, account: str) -> str | None:
    return None


def _no_flows(account: AccountId) -> Program:
    return Program()


def _not_there(_: str, __: str) -> str | None:
    return None


def ha1(username: str, realm: str, password: str) -> dict[str, str]:
    """Algorithm → hex H(username:realm:password), of RFC 7616 §3.4.2."""
    text = f"{username}:{realm}:{password}".encode()
    return {name: algorithm(text).hexdigest() for name, algorithm in _ALGORITHMS.items()}


def _target(part: section.Target) -> Target:
    return Target(part.kind.value, part.value)


def _hours(part: section.Account, did: section.Did) -> BusinessHours | None:
    if did.schedule is None:
        return None
    closed, holiday = (None if target is None else _target(target) for target in (did.closed, did.holiday))
    return BusinessHours(part.schedules[did.schedule], part.timezone, closed, holiday)


def _dialled(number: str, forward: str | None) -> str:
    """What user `number` would dial to have its forward."""
    return f"{MESSAGE_CODE}{number}" if forward == "voicemail" else forward or ""
