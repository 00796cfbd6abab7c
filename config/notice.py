"""What a valid configuration asks for that this version does not do yet: said, never silently ignored."""

from collections.abc import Iterator
from typing import Final

from config.account import Account, TargetKind
from config.schema import Settings

_TARGETS: Final = frozenset({TargetKind.QUEUE})


def notices(settings: Settings) -> list[str]:
    """One line each; empty when all of it is served."""
    found: list[str] = []
    for account in settings.accounts:
        found += _of_account(account)
    return found


def _of_account(account: Account) -> Iterator[str]:
    led = ((did.number, target) for did in account.dids for target in (did.target, did.closed, did.holiday))
    targets = [(number, target.kind) for number, target in led if target is not None]
    targets += [(extension.number, extension.target.kind) for extension in account.extensions]
    for number, kind in targets:
        if kind in _TARGETS:
            yield f"{account.id}: {number}: calls to a {kind} are refused yet"
