"""Cross-checks: what no single field can know, such as whether a target names something that exists."""

import heapq
import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from importlib.util import find_spec
from typing import assert_never

from config.account import BARE_KINDS, ECHO_CODE, Account, Did, Target, TargetKind
from config.document import Path
from config.error import did_you_mean
from config.schema import Settings, SipTransport

Finding = tuple[Path, str, str]
"Where, what is wrong, what to change."

_SECURE = (SipTransport.TLS, SipTransport.WSS)


def check(settings: Settings) -> Iterator[Finding]:
    yield from _listeners(settings)
    # A daemon that shared nothing although it was asked to would be worse than one that does not start.
    if settings.shared is not None:
        yield ("shared",), "clusters are not built yet", "remove it"
    yield from _platform(settings)
    yield from _models(settings)
    for index, account in enumerate(settings.accounts):
        at: Path = ("accounts", index)
        yield from _numbers(account, at)
        yield from _trunks(account, at)
        yield from _targets(account, at)
        yield from _fallbacks(account, at)
        yield from _queues(account, at)
        yield from _tools(account, at)
        yield from _call_limits(account, at)
        music = account.hold_music
        if not isinstance(music, str) and not music.is_file():
            yield (*at, "hold_music"), f"no such file: {music}", "write builtin, silence or the path of a WAV"
        for name, file in account.flows.items():
            if not file.is_file():
                yield (*at, "flows", name), f"no such file: {file}", "paths start at this file's folder"


def _models(settings: Settings) -> Iterator[Finding]:
    model = settings.media.models.silero
    at: Path = ("media", "models", "silero")
    if model is not None and not model.is_file():
        yield at, f"no such file: {model}", "fetch silero_vad.onnx of github.com/snakers4/silero-vad"
    if model is not None and find_spec("onnxruntime") is None:
        yield at, "onnxruntime is not installed", "pip install -e '.[silero]'"
    for index, account in enumerate(settings.accounts):
        for name, agent in account.agents.items():
            if agent.barge_in.vad == "silero" and model is None:
                path: Path = ("accounts", index, "agents", name, "barge_in", "vad")
                yield path, "silero without a model", "add media.models.silero: the path of silero_vad.onnx"


def _listeners(settings: Settings) -> Iterator[Finding]:
    listen = settings.listen
    taken: dict[tuple[str, str, int], Path] = {}
    stream = ("stream", listen.http.address, listen.http.port)
    taken[stream] = ("listen", "http")
    for index, sip in enumerate(listen.sip):
        at: Path = ("listen", "sip", index)
        kind = "datagram" if sip.transport is SipTransport.UDP else "stream"
        if (kind, sip.address, sip.port) in taken:
            yield at, f"port {sip.port} of {sip.address} is used twice", "change one of the ports"
        taken[kind, sip.address, sip.port] = at
        if sip.transport in _SECURE and listen.tls is None:
            yield at, f"{sip.transport} needs a certificate", "add listen.tls with certificate and key"
        low, high = listen.rtp.ports
        if kind == "datagram" and low <= sip.port <= high:
            yield at, f"port {sip.port} lies in the RTP range {low}-{high}", "move one of them"
    low, high = listen.rtp.ports
    pairs = (high - low - (low & 1) + 1) // 2
    if pairs < settings.media.workers:
        why = f"{pairs} pairs of RTP ports are too few for {settings.media.workers} audio workers"
        yield ("listen", "rtp", "ports"), why, "widen the range: most calls take two pairs"
    if settings.limits.sip.expires_min > settings.limits.sip.expires_max:
        yield ("limits", "sip", "expires_min"), "above expires_max", "lower it"


def _platform(settings: Settings) -> Iterator[Finding]:
    accounts = list(enumerate(settings.accounts))
    yield from _unique(((("accounts", i, "id"), account.id) for i, account in accounts), "account id")
    yield from _unique(((("accounts", i, "domain"), account.domain) for i, account in accounts), "domain")
    dids = (
        (("accounts", i, "dids", j, "number"), did.number)
        for i, account in accounts
        for j, did in enumerate(account.dids)
    )
    yield from _unique(dids, "DID")
    sources = (
        (("accounts", i, "trunks", j, "auth", "ip", k), network)
        for i, account in accounts
        for j, trunk in enumerate(account.trunks)
        for k, network in enumerate(trunk.auth.ip)
    )
    yield from _unique(sources, "trunk address")
    yield from _overlaps(settings)


def _overlaps(settings: Settings) -> Iterator[Finding]:
    """A trunk that a stranger has made takes no calls from addresses of another account's trunk."""
    held = [
        (
            ipaddress.ip_network(network),
            account.id,
            trunk.trusted,
            ("accounts", i, "trunks", j, "auth", "ip", k),
        )
        for i, account in enumerate(settings.accounts)
        for j, trunk in enumerate(account.trunks)
        for k, network in enumerate(trunk.auth.ip)
    ]
    if all(trusted for _, _, trusted, _ in held):
        return
    # Sorted so, a network stands behind all that hold it; those are `around`, the widest first.
    held.sort(key=lambda one: (one[0].version, int(one[0].network_address), one[0].prefixlen))
    around: list[tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, str, bool, Path]] = []
    for one in held:
        while around and not _holds(around[-1][0], one[0]):
            around.pop()
        for other in around:
            if other[1] != one[1] and not (one[2] and other[2]):
                where, network = (one[3], other[0]) if not one[2] else (other[3], one[0])
                yield where, f"it overlaps {network} of a trunk of another account", "name other addresses"
        around.append(one)


def _holds(
    wide: ipaddress.IPv4Network | ipaddress.IPv6Network, other: ipaddress.IPv4Network | ipaddress.IPv6Network
) -> bool:
    return wide.version == other.version and other.network_address in wide


def _unique(named: Iterable[tuple[Path, str]], noun: str) -> Iterator[Finding]:
    seen: set[str] = set()
    for path, name in named:
        if name in seen:
            yield path, f"the {noun} {name} is taken already", f"each {noun} belongs to one"
        seen.add(name)


def _numbers(account: Account, at: Path) -> Iterator[Finding]:
    """A user is dialled by number or username, so both share one name space with extensions."""
    owners: dict[str, int] = {ECHO_CODE: -1}
    for index, user in enumerate(account.users):
        path: Path = (*at, "users", index)
        if owners.setdefault(user.number, index) != index:
            yield (*path, "number"), f"the number {user.number} is taken already", "change one of them"
        names: set[str] = set()
        for position, name in enumerate(user.usernames()):
            if name in names or owners.setdefault(name, index) != index:
                where = (*path, "devices", position, "username")
                yield where, f"the username {name} is taken already", "change one of them"
            names.add(name)
    for index, extension in enumerate(account.extensions):
        if extension.number in owners:
            where = (*at, "extensions", index, "number")
            why = "is the echo test" if extension.number == ECHO_CODE else "is taken already"
            yield where, f"the number {extension.number} {why}", "change one of them"
        owners.setdefault(extension.number, -1)
    for index, trunk in enumerate(account.trunks):
        username = trunk.auth.username
        if username is not None and owners.setdefault(username, -2 - index) != -2 - index:
            where = (*at, "trunks", index, "auth", "username")
            yield where, f"the username {username} is taken already", "change one of them"


def _trunks(account: Account, at: Path) -> Iterator[Finding]:
    names = (((*at, "trunks", i, "name"), trunk.name) for i, trunk in enumerate(account.trunks))
    yield from _unique(names, "trunk")
    defaults = [index for index, trunk in enumerate(account.trunks) if trunk.default]
    for index in defaults[1:]:
        yield (*at, "trunks", index, "default"), "the account has a default trunk already", "keep one"
    known = {trunk.name for trunk in account.trunks}
    prefixes = (
        ((*at, "routes", index, "prefix"), f"+{route.prefix.removeprefix('+')}")
        for index, route in enumerate(account.routes)
    )
    yield from _unique(prefixes, "prefix")
    for index, route in enumerate(account.routes):
        for position, name in enumerate(route.trunks):
            if name not in known:
                where = (*at, "routes", index, "trunks", position)
                yield where, f"no such trunk: {name}", did_you_mean(name, known)
    for index, trunk in enumerate(account.trunks):
        for position, network in enumerate(trunk.auth.ip):
            if ipaddress.ip_network(network).prefixlen == 0:
                where = (*at, "trunks", index, "auth", "ip", position)
                yield where, "the whole Internet is not a trunk", "name the carrier's addresses"


def _targets(account: Account, at: Path) -> Iterator[Finding]:
    names = {kind: _names(account, kind) for kind in TargetKind}
    for index, did in enumerate(account.dids):
        yield from _target(names, did.target, (*at, "dids", index, "target"))
        yield from _hours(account, names, did, (*at, "dids", index))
    for index, extension in enumerate(account.extensions):
        path = (*at, "extensions", index, "target")
        if extension.target == Target.model_construct(kind=TargetKind.EXTENSION, value=extension.number):
            yield path, "the extension leads to itself", "name another target"
        if extension.target.kind is TargetKind.TRUNK:
            yield path, "an extension has no public number to dial there", "use forward or a DID"
        yield from _target(names, extension.target, path)


def _hours(
    account: Account, names: Mapping[TargetKind, frozenset[str] | None], did: Did, path: Path
) -> Iterator[Finding]:
    known = frozenset(account.schedules)
    if did.schedule is not None and did.schedule not in known:
        fix = did_you_mean(did.schedule, known, "add it under schedules")
        yield (*path, "schedule"), f"no such schedule: {did.schedule}", fix
    for key, target in (("closed", did.closed), ("holiday", did.holiday)):
        if target is not None:
            if did.schedule is None:
                yield (*path, key), f"{key} without a schedule", "add schedule: with its name"
            yield from _target(names, target, (*path, key))


def _call_limits(account: Account, at: Path) -> Iterator[Finding]:
    for index, limit in enumerate(account.call_limits):
        path: Path = (*at, "call_limits", index, "id")
        match limit.scope:
            case "user" if limit.id and limit.id not in {user.number for user in account.users}:
                yield path, f"no such user: {limit.id}", "name a number under users, or leave it out"
            case "did" if limit.id and limit.id not in {did.number for did in account.dids}:
                yield path, f"no such DID: {limit.id}", "name a number under dids, or leave it out"
            case "account" if limit.id:
                yield path, "an account's own limit takes no id", "remove it"


def _tools(account: Account, at: Path) -> Iterator[Finding]:
    for name, agent in account.agents.items():
        for index, tool in enumerate(() if agent.tools == "none" else agent.tools):
            if tool not in account.tools:
                where = (*at, "agents", name, "tools", index)
                yield where, f"there is no tool {tool}", did_you_mean(tool, account.tools)


def _fallbacks(account: Account, at: Path) -> Iterator[Finding]:
    for name, agent in account.agents.items():
        path: Path = (*at, "agents", name, "fallback")
        if agent.fallback is None:
            continue
        if agent.fallback not in account.agents:
            known = heapq.nsmallest(8, account.agents)
            fix = did_you_mean(agent.fallback, account.agents, f"the account has {', '.join(known)}")
            yield path, f"no such agent: {agent.fallback}", fix
        seen, after = {name}, agent.fallback
        while after in account.agents and after not in seen:
            seen.add(after)
            after = account.agents[after].fallback or ""
        if after == name:
            yield path, "fallbacks lead in a circle", "end them with an agent that has none"


def _queues(account: Account, at: Path) -> Iterator[Finding]:
    users, agents = {user.number for user in account.users}, set(account.agents)
    for name, queue in account.queues.items():
        path: Path = (*at, "queues", name)
        music = queue.music
        if not isinstance(music, str) and not music.is_file():
            fix = "write account, builtin, silence or the path of a WAV"
            yield (*path, "music"), f"no such file: {music}", fix
        hours = queue.callback.schedule
        if hours is not None and hours not in account.schedules:
            fix = did_you_mean(hours, account.schedules, "add it under schedules")
            yield (*path, "callback", "schedule"), f"no such schedule: {hours}", fix
        for index, member in enumerate(queue.members):
            where = (*path, "members", index)
            if member.user is not None and member.user not in users:
                yield (*where, "user"), f"no such user: {member.user}", did_you_mean(member.user, users)
            if member.agent is not None and member.agent not in agents:
                yield (*where, "agent"), f"no such agent: {member.agent}", did_you_mean(member.agent, agents)
        who = (
            ((*path, "members", index), one.user or one.agent or "")
            for index, one in enumerate(queue.members)
        )
        yield from _unique(who, "member")
        overflow = queue.overflow
        if overflow is not None and (overflow.queue not in account.queues or overflow.queue == name):
            known = account.queues.keys() - {name}
            fix = did_you_mean(overflow.queue, known, "name another queue of the account")
            yield (*path, "overflow", "queue"), f"no such other queue: {overflow.queue}", fix


def _target(
    names: Mapping[TargetKind, frozenset[str] | None], target: Target, path: Path
) -> Iterator[Finding]:
    known = names[target.kind]
    if known is not None and target.value not in known:
        otherwise = (
            f"the account has {', '.join(heapq.nsmallest(8, known))}" if known else "the account has none"
        )
        yield path, f"no such {target.kind}: {target.value}", did_you_mean(target.value, known, otherwise)


def _names(account: Account, kind: TargetKind) -> frozenset[str] | None:
    """What a target of this kind may name; None: anything."""
    match kind:
        case TargetKind.FLOW:
            return frozenset(account.flows)
        case TargetKind.USER | TargetKind.VOICEMAIL:
            return _users(account)
        case TargetKind.EXTENSION:
            return _users(account) | {extension.number for extension in account.extensions} | {ECHO_CODE}
        case TargetKind.QUEUE:
            return frozenset(account.queues)
        case TargetKind.AGENT:
            return frozenset(account.agents)
        case TargetKind.TRUNK:
            return frozenset(trunk.name for trunk in account.trunks)
        case TargetKind.CONFERENCE | TargetKind.FORWARD:
            return None
        case TargetKind.ECHO | TargetKind.ANSWER | TargetKind.HANGUP:
            assert kind in BARE_KINDS
            return None
        case _:
            assert_never(kind)


def _users(account: Account) -> frozenset[str]:
    return frozenset(name for user in account.users for name in (user.number, *user.usernames()))
