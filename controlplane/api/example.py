"""Requests with their answers, for the OpenAPI document; a test sends each to a daemon and compares.

They are sent in this order to the account `acc_demo` of a new daemon: users 1001 and 1002, DID 12025550123 to
1002, the flow `hello` that says a word. Answers stand for their shape: ids, times, nonces differ each time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

Json = dict[str, object]
JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Example:
    method: str
    path: str
    "As in the table of operations."
    status: int
    reply: object
    body: Mapping[str, object] | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    "Of the path's parameters."
    token: bool = False
    "Sent with the admin token."
    also: tuple[object, ...] = ()
    "Other answers of the same status."
    content: bytes | None = None
    "Sent in place of `body`."
    media_type: str = JSON
    "Of the answer; what is no JSON is shown as text, `reply` is how it begins."


ACCOUNT: Final = {"accountId": "acc_demo"}
_COUNTERS: Final[Json] = {
    "counters": {"in": 0, "out": 0, "dialer": 0},
    "users": {},
    "dids": {},
    "trunks": {},
    "windows": [],
}
_PERSON: Final[Json] = {
    "user_id": "us_m6vr4dfk3svrgxlvkd7ftsqkhi",
    "number": "1001",
    "name": "",
    "status": "available",
    "state": "waiting",
    "reachable": False,
    "tile": "unreachable",
    "reason": "",
    "since": 1_795_876_825,
    "queues": [],
    "call_id": None,
    "offer": None,
    "calls": 0,
    "missed": 0,
}
_ALLOWED: Final[Json] = {
    "ip": "198.51.100.0/24",
    "note": "office",
    "created_at": 1_795_876_825,
    "source": "added",
}
_BAN: Final[Json] = {
    "ip": "203.0.113.9",
    "reason": "scanner",
    "count": 5,
    "first_seen": 1_764_000_000,
    "last_seen": 1_764_000_000,
    "expires_at": 1_964_000_000,
}
_DIGEST: Final[Json] = {
    "method": "INVITE",
    "username": "1001",
    "realm": "demo.local",
    "nonce": "7d1c",
    "uri": "sip:1002@demo.local",
    "response": "00000000000000000000000000000000",
    "algorithm": "MD5",
    "qop": "auth",
    "cnonce": "c0ffee",
    "nc": "00000001",
    "callId": "a1",
    "srcIp": "192.0.2.7",
}
_NO_CALLBACK: Final[Json] = {
    "error": "no_such_callback",
    "detail": "no callback cb_1 waits; see GET /callbacks for those that wait",
}
_WAV: Final = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\0\0\0\0"

EXAMPLES: Final = (
    Example("GET", "/healthz", 200, {"status": "alive"}),
    Example("GET", "/readyz", 200, {"status": "ready"}),
    Example(
        "POST",
        "/presence/event",
        200,
        {"ok": True, "user_id": "us_sofeaoaybzmmdw2f53dpbxrnuf", "reachable": True},
        {
            "type": "register",
            **ACCOUNT,
            "userId": "1002",
            "contact": "sip:1002@192.0.2.7",
            "registered": True,
            "expires": 600,
        },
    ),
    Example(
        "POST",
        "/auth",
        200,
        {
            "ok": False,
            "reason": "bad_response",
            "stale": False,
            "detail": "the response is wrong",
            "challenge": {"realm": "demo.local", "nonce": "0000005", "algorithm": ["MD5"], "qop": "auth"},
        },
        _DIGEST,
        also=(
            {
                "ok": True,
                "account_id": "acc_demo",
                "user_id": "us_m6vr4dfk3svrgxlvkd7ftsqkhi",
                "device_id": "dev_2jzsc7gkq3tr5mxnvb4wd6yhpe",
                "trunk_id": None,
                "username": "1001",
                "domain": "demo.local",
                "caller_id": {"number": "1001", "name": "Alice"},
            },
            {"ok": False, "reason": "banned", "stale": False, "detail": "192.0.2.7 is banned"},
        ),
    ),
    Example(
        "POST",
        "/route",
        200,
        {
            "rtjson": {
                "action": "proxy",
                "account_id": "acc_demo",
                "aor": "sip:1002@demo.local",
                "user_id": "us_sofeaoaybzmmdw2f53dpbxrnuf",
                "contacts": ["sip:1002@192.0.2.7"],
                "ring_timeout": 60,
                "caller_id": {"number": "14155550100", "name": ""},
            }
        },
        {"callId": "c1", "from": "14155550100", "fromDomain": "example.com", "to": "12025550123"},
        also=({"rtjson": {"action": "reject", "code": 404, "reason": "no_such_number"}},),
    ),
    Example(
        "GET",
        "/cac",
        200,
        {
            "account_id": "acc_demo",
            **_COUNTERS,
            "counters": {"in": 1, "out": 0, "dialer": 0},
            "limits": {"max_in": None, "max_out": None, "max_dialer": None, "reserve_in": 0},
            "calls": [
                {
                    "callId": "c1",
                    "id": "call_01m8h9kafwgg4vxy0wazbvbk7k",
                    "direction": "in",
                    "from": "14155550100",
                    "to": "12025550123",
                    "since": 1_795_876_825,
                }
            ],
        },
        query=ACCOUNT,
    ),
    Example(
        "POST",
        "/presence/event",
        200,
        {"ok": True, "known": True},
        {"type": "dialog", **ACCOUNT, "callId": "c1", "event": "end", "cause": "200"},
    ),
    Example(
        "POST",
        "/cac/reset",
        200,
        {"account_id": "acc_demo", "before": _COUNTERS, "after": _COUNTERS, "repaired": 0},
        ACCOUNT,
    ),
    Example("POST", "/agent", 200, {"ok": True, **_PERSON}, {**ACCOUNT, "userId": "1001", "event": "login"}),
    Example("GET", "/agent", 200, _PERSON, query={**ACCOUNT, "userId": "1001"}),
    Example(
        "GET",
        "/presence/users",
        200,
        {
            "account_id": "acc_demo",
            "tiles": {
                "extcall": 0,
                "incall": 0,
                "offline": 1,
                "unreachable": 1,
                "ringing": 0,
                "paused": 0,
                "wrapup": 0,
                "ready": 0,
                "idle": 0,
            },
            "users": [_PERSON],
        },
        query=ACCOUNT,
    ),
    Example("GET", "/queues", 200, {"account_id": "acc_demo", "queues": []}, query=ACCOUNT),
    Example(
        "GET",
        "/queues/days",
        200,
        {"account_id": "acc_demo", "days": []},
        query={**ACCOUNT, "since": "2026-11-01", "until": "2026-11-30"},
    ),
    Example("GET", "/callbacks", 200, {"account_id": "acc_demo", "callbacks": []}, query=ACCOUNT),
    Example("DELETE", "/callbacks/{id}", 404, _NO_CALLBACK, query=ACCOUNT, names={"id": "cb_1"}),
    Example(
        "POST",
        "/security/report",
        200,
        {"node": "edge-2", "bans": 1},
        {"node": "edge-2", "ts": 1_764_000_000, "bans": [_BAN]},
    ),
    Example(
        "GET",
        "/security/bans",
        200,
        {
            "bans": [
                {
                    **_BAN,
                    "node": "edge-2",
                    "status": "active",
                    "user_agent": "",
                    "note": "",
                    "flagged": False,
                }
            ]
        },
        query={"status": "active", "limit": "10"},
    ),
    Example("POST", "/security/allow", 201, _ALLOWED, {"ip": "198.51.100.0/24", "note": "office"}),
    Example("GET", "/security/allow", 200, {"allow": [{**_ALLOWED, "created_at": None}, _ALLOWED]}),
    Example(
        "DELETE",
        "/security/allow/{ip}",
        200,
        {"ip": "198.51.100.0/24", "removed": True},
        names={"ip": "198.51.100.0/24"},
    ),
    Example(
        "GET",
        "/admin/tts/generate",
        200,
        {"running": False, "total": 0, "generated": 0, "skipped": 0, "failed": 0},
        token=True,
    ),
    Example(
        "POST",
        "/admin/tts/generate",
        200,
        {"generated": 10, "skipped": 0, "failed": 0},
        query={"lang": "en-US", "gender": "female"},
        token=True,
    ),
    Example(
        "POST",
        "/flow",
        200,
        {"command": "play", "node_id": "hello", "params": {"text": "Hello."}, "seq": 1},
        {**ACCOUNT, "callId": "f1", "flowId": "hello"},
    ),
    Example(
        "POST",
        "/flow",
        200,
        {"command": "hangup", "node_id": "bye", "params": {}, "seq": 2},
        {"callId": "f1", "outcome": "done", "seq": 1},
    ),
    Example(
        "GET",
        "/agent/moves",
        200,
        {
            "moves": [
                {
                    "agent_id": "us_m6vr4dfk3svrgxlvkd7ftsqkhi",
                    "ts": 1_795_876_825_721,
                    "status": "on_break",
                    "state": "waiting",
                    "cause": "login",
                    "reason": "",
                    "queue": "",
                    "call_id": "",
                }
            ]
        },
        query={**ACCOUNT, "userId": "1001"},
    ),
    Example(
        "GET",
        "/agent/confirm/{account_id}/{lease_id}/{epoch}",
        200,
        {"ok": False},
        names={"account_id": "acc_demo", "lease_id": "01m8h9kafwgg4vxy0wazbvbk7k", "epoch": "1"},
        also=({"ok": True, "callId": "c2"},),
    ),
    Example(
        "GET",
        "/agent/claim/{account_id}/{agent_id}/{call_id}",
        200,
        {"ok": False, "winner": None},
        names={"account_id": "acc_demo", "agent_id": "1001", "call_id": "c2"},
        also=({"ok": True, "callId": "c2"},),
    ),
    Example(
        "PUT",
        "/media/{key}",
        201,
        {"key": "acc_demo/vm/c1.wav", "url": "/media/acc_demo/vm/c1.wav"},
        names={"key": "acc_demo/vm/c1.wav"},
        content=_WAV,
    ),
    Example("GET", "/media/{key}", 200, "RIFF", names={"key": "acc_demo/vm/c1.wav"}, media_type="audio/wav"),
    Example(
        "GET",
        "/debug",
        426,
        {"error": "upgrade_required", "detail": "/debug is a WebSocket; a browser is shown a page"},
    ),
    Example("GET", "/metrics", 200, "# HELP ", media_type="text/plain"),
    Example("GET", "/openapi.json", 200, {"openapi": "3.1.0", "info": {"title": "Tandem"}, "paths": {}}),
    Example("GET", "/docs", 200, "<!doctype html>", media_type="text/html"),
    Example(
        "POST",
        "/hooks/carrier",
        403,
        {"error": "bad_signature", "detail": "the signature is not of a carrier in carrier_hooks"},
    ),
)
