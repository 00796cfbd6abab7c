"""What to change where a trunk does not take our password: who asked, and whose it is (RFC 3261 §22.3)."""

from edge.directory import Trunk
from edge.sip.digest import answerable
from edge.sip.keyring import CHALLENGES
from edge.sip.message import Response


def remedy(trunk: Trunk, response: Response) -> str:
    """For a 401 or 407 that is the end of it; empty: it is something else."""
    if response.status not in CHALLENGES:
        return ""
    asked = [challenge.realm for challenge in answerable(response.headers.all(CHALLENGES[response.status]))]
    realms = ", ".join(repr(realm) for realm in asked) or "none by a digest of ours"
    who = f"asked by realm {realms}"
    if not trunk.username:
        return f"{who}: give trunk {trunk.name} the username and password of its carrier"
    if trunk.realm and trunk.realm not in asked:
        own = f"the password of trunk {trunk.name} is for realm {trunk.realm!r}"
        return f"{who}, but {own}: if the carrier is meant, change realm of the trunk"
    return f"{who}: mend username and password of trunk {trunk.name}"
