"""The queues of our own edge: its bindings say who can be reached, its channels who is in a call."""

from collections.abc import Callable, Sequence

from edge.acd.acd import Acd
from edge.acd.roster import World
from edge.cac.admission import Admissions
from edge.directory import AccountId, Directory, User, UserId
from edge.ident import Random, ulid
from edge.journal import Binding, Journal
from edge.outside.registration import OutsideRegistrations


def queues(
    directory: Directory,
    journal: Journal,
    admissions: Admissions,
    bindings: Callable[[AccountId, str, float], Sequence[Binding]],
    random: Random,
    wall: Callable[[float], int],
) -> Acd:
    """Args: bindings: (account, AOR, now) → where it is registered."""

    def reachable(account: AccountId, user: UserId, now: float) -> bool:
        found = directory.user_by_id(user)
        if found is None or found.dnd:
            return False
        names = dict.fromkeys((found.number, *found.usernames))
        return any(bindings(account, name, now) for name in names)

    world = World(
        directory=directory,
        reachable=reachable,
        # Every call takes a channel of each user in it, limited or not.
        occupied=lambda account, user: admissions.count("user", user) > 0,
        wall=wall,
        chance=lambda: int.from_bytes(random(4), "big") / 2**32,
        id=lambda now: f"ls_{ulid(wall(now), random)}",
        keep=journal.agent,
        log=journal.agent_moved,
    )
    return Acd(world)


def also_reachable(acd: Acd, registrations: OutsideRegistrations) -> None:
    """Phones that are registered at an outside edge can be rung as well."""
    ours = acd.world.reachable
    acd.world.reachable = lambda account, user, now: (
        ours(account, user, now) or bool(registrations.contacts(account, user, now))
    )


def registered(acd: Acd) -> Callable[[User, float], None]:
    """To be told of every user whose phone has registered or is gone."""
    return lambda user, now: acd.changed(now, user.account)
