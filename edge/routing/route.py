"""Where a call goes: DID, then extension or user, then the PSTN (S004-24…28, `design.md` §6).

Extensions and the PSTN are for authenticated callers of the account alone; a trunk or a stranger
reaches DIDs and nothing else, so that we are never a relay.
"""

from dataclasses import replace

from config.value import dataclass
from edge.directory import Account, AudioTerms, Did, Directory, Target, Trunk, User
from edge.error import Refusal
from edge.flow.schedule import Hours, hours_at
from edge.routing.identity import Identity, Stranger, TrunkIdentity, UserIdentity

LISTEN_CODE = "*97"
"A user's own messages."
MESSAGE_CODE = "*98"
"Followed by a user's number: straight to that user's voicemail."

MAX_HOPS = 5
"Extensions that lead to extensions are followed this far."


@dataclass(frozen=True, slots=True)
class Route:
    """A decision: what the call reaches, for whom, and what it counts against."""

    account: Account
    direction: str
    "in, out or internal."
    target: Target
    did: Did | None = None
    caller: User | None = None
    callee: User | None = None
    trunk_in: Trunk | None = None
    trunk_out: Trunk | None = None
    number_out: str = ""
    "Dialled on `trunk_out`."
    more_trunks: tuple[Trunk, ...] = ()
    "Tried after `trunk_out`, in this order."

    @property
    def caller_audio(self) -> AudioTerms:
        """What may be spoken with who calls."""
        known = self.caller or self.trunk_in
        return AudioTerms() if known is None else known.audio

    def next_trunk(self) -> "Route":
        """The same by the next trunk of the list; there must be one."""
        return replace(self, trunk_out=self.more_trunks[0], more_trunks=self.more_trunks[1:])


def digits_of(number: str) -> str:
    """E.164 digits without +, or empty when it is no such number."""
    bare = number.removeprefix("+")
    return bare if bare.isascii() and bare.isdigit() and 3 <= len(bare) <= 15 else ""


def route(directory: Directory, identity: Identity, host: str, dialled: str, wall: int) -> Route | Refusal:
    """Decide on `dialled` (the user part of the request URI) at `host`, at `wall` [ms UTC]."""
    digits = digits_of(dialled)
    did = directory.did(digits) if digits else None
    if isinstance(identity, Stranger) and (did is None or not did.strangers):
        return Refusal(
            "not_authenticated",
            403,
            f"{dialled} is not one of the DIDs that are open to everybody",
            "authenticate as a user, or call from an address of a trunk",
        )
    if did is not None:
        account = directory.account(did.account)
        assert account is not None, "a DID belongs to an account"
        trunk_in = identity.trunk if isinstance(identity, TrunkIdentity) else None
        caller = identity.user if isinstance(identity, UserIdentity) else None
        target = _open_target(did, wall)
        if isinstance(target, Refusal):
            return target
        return _complete(directory, account, "in", target, did=did, caller=caller, trunk_in=trunk_in)
    if not isinstance(identity, UserIdentity):
        return Refusal(
            "no_such_number",
            404,
            f"{dialled} is not one of our DIDs, and only those can be reached from outside",
            "add the number under accounts[].dids, or let the caller authenticate as a user",
        )
    account = identity.account
    home = (
        directory.account_of_host(host.lower()) if host else account
    )  # a tel URI is a number of the account
    if home is None or home.id != account.id:
        return Refusal(
            "foreign_domain",
            403,
            f"{host} is not the domain of the caller's account",
            f"dial {dialled}@{account.domain}; calls to other domains are not relayed",
        )
    return route_inside(directory, account, dialled, identity.user)


def route_inside(
    directory: Directory, account: Account, dialled: str, caller: User | None
) -> Route | Refusal:
    """What the account itself reaches by `dialled`: an extension, a user, a mailbox, the PSTN.

    Args: caller: None when it is no user who dials, but a flow of the account.
    """
    target = directory.extension(account.id, dialled)
    if target is None and directory.user(account.id, dialled) is not None:
        target = Target("user", dialled)
    if target is None:
        target = _mailbox(directory, account, dialled, caller)
    if target is not None:
        return _complete(directory, account, "internal", target, caller=caller)
    if digits_of(dialled):
        return _complete(directory, account, "out", Target("forward", dialled), caller=caller)
    return Refusal(
        "no_such_number",
        404,
        f"{dialled or 'an address without a user'} is no user, extension or number of account {account.id}",
        "add it under accounts[].users or accounts[].extensions",
    )


def _mailbox(directory: Directory, account: Account, dialled: str, caller: User | None) -> Target | None:
    if dialled == LISTEN_CODE and caller is not None:
        return Target("mailbox", caller.number)
    if dialled.startswith(MESSAGE_CODE):
        user = directory.user(account.id, dialled.removeprefix(MESSAGE_CODE))
        return None if user is None else Target("voicemail", user.number)
    return None


def _open_target(did: Did, wall: int) -> Target | Refusal:
    """Where `did` leads at this hour (S004-27)."""
    hours = did.hours
    if hours is None:
        return did.target
    match hours_at(hours.schedule, hours.timezone, wall):
        case Hours.OPEN:
            return did.target
        case Hours.HOLIDAY:
            target = hours.holiday or hours.closed
        case Hours.CLOSED:
            target = hours.closed
    if target is not None:
        return target
    fix = "give the DID a closed: target, or change its schedule"
    return Refusal("closed", 480, f"{did.number} is not answered at this hour", fix)


def _complete(
    directory: Directory,
    account: Account,
    direction: str,
    target: Target,
    *,
    did: Did | None = None,
    caller: User | None = None,
    trunk_in: Trunk | None = None,
) -> Route | Refusal:
    """Follow extensions to the end and name the user or trunk that is rung."""
    for _ in range(MAX_HOPS):
        if target.kind == "extension":
            inner = directory.extension(account.id, target.value)
            if inner is None:
                inner = Target("user", target.value)
            target = inner
            continue
        if target.kind == "forward" and directory.did(digits_of(target.value)) is None:
            local = directory.user(account.id, target.value)
            if local is not None:
                target = Target("user", local.number)
                continue
        break
    else:
        return Refusal(
            "extension_loop",
            482,
            f"extension {target.value} leads back to itself",
            "break the circle of extensions",
        )
    if target.kind == "user":
        callee = directory.user(account.id, target.value)
        if callee is None:
            return Refusal(
                "no_such_user",
                404,
                f"account {account.id} has no user {target.value}",
                "add it under accounts[].users or change the target",
            )
        return Route(account, direction, target, did, caller, callee, trunk_in)
    if target.kind in ("forward", "trunk"):
        name = target.value if target.kind == "trunk" else ""
        number = did.number if target.kind == "trunk" and did is not None else target.value
        listed = () if name else directory.trunks_for(account.id, digits_of(number))
        trunk = listed[0] if listed else directory.trunk(account.id, name)
        if trunk is None:
            return Refusal(
                "no_route",
                404,
                f"account {account.id} has no {'trunk ' + name if name else 'default trunk'} for {number}",
                "add a trunk under accounts[].trunks, one of them with default: true",
            )
        direction = "out" if direction == "internal" else direction
        return Route(
            account, direction, target, did, caller, None, trunk_in, trunk, number, tuple(listed[1:])
        )
    return Route(account, direction, target, did, caller, None, trunk_in)
