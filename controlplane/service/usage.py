"""What calls of the last 24 hours have used of the toll-fraud guard's daily bounds, read at the start.

So a restart is no way to a second day's worth of calls.
"""

from collections.abc import Sequence

from config import account as section
from controlplane.store import call
from controlplane.store.store import Store
from edge.directory import Directory
from edge.security.fraud import FraudGuard

DAY_MS = 86_400_000


async def charge_past_calls(
    store: Store,
    fraud: FraudGuard,
    accounts: Sequence[section.Account],
    directory: Directory,
    wall_ms: int,
    now: float,
) -> None:
    """Args: wall_ms: the wall clock at monotonic `now`."""
    bounds = [account.fraud for account in accounts]
    users = [user.fraud for account in accounts for user in account.users]
    if all(part.daily is None for part in (*bounds, *users)):
        return
    async with store.engine.connect() as connection:
        past = await call.outbound_since(connection, wall_ms - DAY_MS)
    for used in past:
        account = directory.account(used.account)
        if account is not None:
            user = directory.user(account.id, used.user) if used.user else None
            fraud.charge(account, user, used.number, used.seconds, now)
