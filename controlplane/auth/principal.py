"""Who a request comes from, once a gate has let it pass."""

from dataclasses import dataclass

from controlplane.auth.scope import SCOPES


@dataclass(frozen=True, slots=True)
class Principal:
    actor: str
    "For the audit trail: `cli`, `token`, `node`, or `key:` and `user:` with an id."
    scopes: frozenset[str] = frozenset(SCOPES)
    account: str = ""
    "The only one that it may see; empty: all of them."
    user: str = ""
    "Id of the user who shows his own token: he acts as himself alone."


CLI = Principal("cli")
"Whoever may open the control socket."
