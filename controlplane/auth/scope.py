"""What a key may be allowed to do, and what each operator route asks for: least privilege by surface."""

from typing import Final

SCOPES: Final = {
    "edge.control": "what SIP edges and media engines ask: /auth, /route, /flow, presence, agent hooks",
    "edge.read": "channels, bans and allowed addresses",
    "edge.admin": "reset channels, report bans, make the prompt catalogue",
    "calls.read": "calls, traces, the live monitor, rooms",
    "calls.write": "supervise, record and transfer calls, act in rooms",
    "agents.read": "people of queues, queues, callbacks, tiles",
    "agents.write": "sign agents in and out, pause them, withdraw callbacks",
    "media.read": "fetch recordings and prompts",
    "media.write": "put them",
    "reports.read": "/metrics",
    "config.read": "users, numbers, flows, queues, and this document",
    "config.write": "make, change and remove them; give users tokens of their own",
    "keys.write": "make, rotate and revoke keys, of no more than its own scopes; read the audit trail",
}
"""Scope → what it opens."""

OF_AN_ACCOUNT: Final = ("config.read", "config.write", "calls.read", "keys.write")
"What a key of one account may have: it sees what is of that account alone."

_ROUTES: Final = (
    ("/auth", "edge.control", "edge.control"),
    ("/route", "edge.control", "edge.control"),
    ("/flow", "edge.control", "edge.control"),
    ("/presence/event", "edge.control", "edge.control"),
    ("/agent/confirm", "edge.control", "edge.control"),
    ("/agent/claim", "edge.control", "edge.control"),
    ("/presence/users", "agents.read", "agents.write"),
    ("/agent", "agents.read", "agents.write"),
    ("/queues", "agents.read", "agents.write"),
    ("/callbacks", "agents.read", "agents.write"),
    ("/calls", "calls.read", "calls.write"),
    ("/debug", "calls.read", "calls.write"),
    ("/conferences", "calls.read", "calls.write"),
    ("/cac", "edge.read", "edge.admin"),
    ("/security", "edge.read", "edge.admin"),
    ("/media", "media.read", "media.write"),
    ("/metrics", "reports.read", "reports.read"),
    ("/openapi.json", "config.read", "config.read"),
    ("/docs", "config.read", "config.read"),
    ("/accounts", "config.read", "config.write"),
    ("/configuration", "config.read", "config.write"),
    ("/keys", "keys.write", "keys.write"),
    ("/token-key", "keys.write", "keys.write"),
    ("/audit", "keys.write", "keys.write"),
)
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def scope_of(method: str, path: str) -> str:
    """What a key needs for this request; what no line names is for `edge.admin`."""
    for prefix, read, write in _ROUTES:
        if path == prefix or path.startswith(f"{prefix}/"):
            return read if method in _SAFE else write
    return "edge.admin"
