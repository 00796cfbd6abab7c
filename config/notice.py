"""What a valid configuration asks for that this version does not do yet: said, never silently ignored."""

from collections.abc import Iterator
from typing import Final

from config.account import Account
from config.agent import Dialect
from config.schema import Settings

_DIALECTS: Final = frozenset({Dialect.CONVERSATIONRELAY})


def notices(settings: Settings) -> list[str]:
    """One line each; empty when all of it is served."""
    found: list[str] = []
    for account in settings.accounts:
        found += _of_account(account)
    return found


def _of_account(account: Account) -> Iterator[str]:
    for name, agent in account.agents.items():
        if agent.dialect in _DIALECTS:
            yield f"{account.id}: agent {name}: calls fail: its dialect {agent.dialect} is not built yet"
