"""Requests about calls and rooms, with their answers; sent after those of `example.py`, when c1 is over."""

from typing import Final

from controlplane.api.example import ACCOUNT, Example, Json

_LIVE: Final[Json] = {
    "id": "call_01m8h9kbqd3c8yt2h5w1n0zr6e",
    "account": "acc_demo",
    "sip_call_id": "c2",
    "direction": "out",
    "caller": "1001",
    "callee": "1002",
    "started_at": 1_795_876_831_204,
}
_ENDED: Final[Json] = {
    "id": "call_01m8h9kafwgg4vxy0wazbvbk7k",
    "account": "acc_demo",
    "sip_call_id": "c1",
    "direction": "in",
    "caller": "14155550100",
    "callee": "12025550123",
    "target": "user:1002",
    "started_at": 1_795_876_825_596,
    "answered_at": None,
    "ended_at": 1_795_876_830_112,
    "disposition": "answered",
    "cause": "200",
    "sip_status": 200,
    "q850": 16,
    "media": {},
    "queue": None,
    "agent": None,
    "wait_ms": None,
}
_NO_ROOM: Final[Json] = {"error": "no_such_conference", "detail": "nobody is in a room of this name"}
_NO_CALL: Final[Json] = {"error": "no_such_call", "detail": "there is no live call c9"}

CALL_EXAMPLES: Final = (
    Example(
        "GET",
        "/calls",
        200,
        {"live": [_LIVE], "ended": [_ENDED], "next": None},
        query={**ACCOUNT, "limit": "2"},
        also=({"live": [], "ended": [_ENDED], "next": "1795876825596/call_01m8h9kafwgg4vxy0wazbvbk7k"},),
    ),
    Example("GET", "/calls/{call_id}", 200, {"state": "ended", **_ENDED}, names={"call_id": "c1"}),
    Example(
        "GET",
        "/calls/{call_id}/trace",
        200,
        {
            "call_id": "c1",
            "events": [
                {
                    "seq": 1,
                    "ts": 1_795_876_825_596,
                    "layer": "admission",
                    "event": "cac",
                    "node_id": "",
                    "outcome": "admitted",
                    "data": {},
                }
            ],
        },
        names={"call_id": "c1"},
    ),
    Example("GET", "/conferences", 200, {"account_id": "acc_demo", "conferences": []}, query=ACCOUNT),
    *(
        Example(method, "/conferences/{name}" + more, 404, _NO_ROOM, body, query, {"name": "board", **names})
        for method, more, body, query, names in (
            ("GET", "", None, ACCOUNT, {}),
            ("POST", "", {**ACCOUNT, "locked": True}, {}, {}),
            ("POST", "/members/{member}", {**ACCOUNT, "muted": True}, {}, {"member": "1"}),
            ("DELETE", "/members/{member}", None, ACCOUNT, {"member": "1"}),
        )
    ),
    *(
        Example(method, "/calls/{call_id}/" + more, 404, _NO_CALL, body, query, {"call_id": "c9", **names})
        for method, more, body, query, names in (
            ("GET", "supervisors", None, ACCOUNT, {}),
            ("POST", "supervisors", {**ACCOUNT, "user": "1002", "mode": "listen"}, {}, {}),
            ("POST", "supervisors/{user}", {**ACCOUNT, "mode": "whisper"}, {}, {"user": "1002"}),
            ("DELETE", "supervisors/{user}", None, ACCOUNT, {"user": "1002"}),
            ("POST", "transfer", {**ACCOUNT, "to": "queue:support", "briefing": "An old friend"}, {}, {}),
            ("POST", "recording", {**ACCOUNT, "state": "on"}, {}, {}),
        )
    ),
)
