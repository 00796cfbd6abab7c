"""`tandem trace` over the control socket of a daemon."""

import json
from pathlib import Path

from config.schema import StoreLimits
from controlplane.store.folder import DataFolder
from controlplane.store.store import Store
from edge.journal import TraceEvent
from tests.support.database import new_database
from tests.support.journal import cdr
from tests.support.operator import operator, tandem_beside

PEER = "udp:192.0.2.7:5060"
NO_AUDIO = {"side": "caller", "detail": "no packet came", "fix": "set node.public_address"}


async def test_a_ladder_and_every_row(tmp_path: Path) -> None:
    new_database(tmp_path)
    store = await Store.open(DataFolder.open(tmp_path), StoreLimits(), lambda: 1_000)
    ended = cdr("call_1", sip_call_id="a/b@c")
    store.journal.closed(ended)
    invite = {"peer": PEER, "message": b"INVITE sip:9000@h SIP/2.0\r\n\r\nv=0\r\n"}
    events = [
        TraceEvent(100, "sip", "INVITE", "received", "", invite),
        TraceEvent(101, "route", "target", "agent", "", {"rule": "extension [9000]", "tried": ["did"]}),
        TraceEvent(102, "media", "NoAudio", "", "", {**NO_AUDIO, "reason": "private_address"}),
        TraceEvent(102, "sip", "200", "sent", "", {"peer": PEER, "message": b"SIP/2.0 200 OK\r\n\r\n"}),
    ]
    store.journal.traced(ended.id, events)
    async with operator(store, tmp_path):
        result = await tandem_beside("trace", "call_1", "--data", str(tmp_path))
        by_sip = await tandem_beside("trace", "a/b@c", "--json", "--data", str(tmp_path))
        unknown = await tandem_beside("trace", "call_x", "--data", str(tmp_path))
        unknown_json = await tandem_beside("trace", "call_x", "--json", "--data", str(tmp_path))
        drawing = tmp_path / "ladder.svg"
        drawn = await tandem_beside("trace", "call_1", "--svg", str(drawing), "--data", str(tmp_path))
        nowhere = str(tmp_path / "none" / "ladder.svg")
        lost = await tandem_beside("trace", "call_1", "--svg", nowhere, "--data", str(tmp_path))
    assert drawn.exit_code == 0 and "INVITE sdp" in drawing.read_text()
    assert lost.exit_code == 1 and "No such file" in lost.stderr
    assert result.exit_code == 0
    assert PEER in result.output and " INVITE sdp " in result.output and "200 OK" in result.output
    told = "No audio from the caller: no packet came. Fix: set node.public_address."
    assert result.output.rstrip().endswith(told)
    assert 'rule=extension [9000] tried=["did"]' in result.output, "brackets are no markup"
    assert [row["event"] for row in json.loads(by_sip.output)["events"]] == [
        "INVITE",
        "target",
        "NoAudio",
        "200",
    ]
    assert (
        unknown.exit_code == 1
        and unknown.stderr == "tandem: there is no call call_x; `tandem calls` lists them\n"
    )
    assert unknown_json.exit_code == 1 and json.loads(unknown_json.output)["error"] == "no_such_call"
    await store.close()
