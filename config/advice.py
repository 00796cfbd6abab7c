"""What a configuration may mean otherwise than its author thinks: no mistake, so it is not refused."""

import heapq
from collections.abc import Iterator

from config.schema import Settings

_NAMED = 3


def advise(settings: Settings) -> Iterator[str]:
    """A line for each; `check.py` has what is wrong."""
    for index, account in enumerate(settings.accounts):
        open_to_all = [did.number for did in account.dids if did.strangers]
        for position, trunk in enumerate(account.trunks):
            if trunk.auth.username is None or trunk.auth.ip or trunk.register_ or not open_to_all:
                continue
            named = ", ".join(heapq.nsmallest(_NAMED, open_to_all))
            more = "…" if len(open_to_all) > _NAMED else ""
            yield (
                f"accounts[{index}].trunks[{position}]: {trunk.name} is known by password alone, "
                f"and is not asked for it at DIDs open to strangers ({named}{more}): its calls there "
                "count as a stranger's; write strangers: no at the DID, or auth.ip"
            )
