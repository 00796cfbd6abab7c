"""Operations of calls and of conference rooms, for the OpenAPI document."""

from typing import Final

from controlplane.api.conference import LockBody, MemberBody
from controlplane.api.openapi import Operation
from controlplane.api.supervision import ModeBody, RecordingBody, SuperviseBody, TransferBody

_ACCOUNT: Final = (("accountId", "Id of the account"),)
_OF_AN_ACCOUNT: Final = "An API key of one account sees the calls of that account alone."

CALLS: Final = (
    Operation(
        "GET",
        "/calls",
        "calls",
        "Live calls, and call detail records of those that ended, newest first",
        query=(
            ("accountId", "Of one account; of all when omitted, or of the account of the key"),
            ("limit", "At most so many of each, 50 when omitted"),
            ("before", "`next` of the page before, or a time in ms UTC; such a page has ended calls alone"),
        ),
        replies=((200, "Both lists, and `next` for the page that follows; null: this is the last one"),),
        description=_OF_AN_ACCOUNT,
    ),
    Operation(
        "GET",
        "/calls/{call_id}",
        "calls",
        "One call, by our id or by its SIP Call-ID",
        replies=((200, "A live call, or a call detail record"), (404, "No such call")),
        description=_OF_AN_ACCOUNT,
    ),
    Operation(
        "GET",
        "/calls/{call_id}/supervisors",
        "supervision",
        "Supervisors and recording of a live call",
        query=_ACCOUNT,
        replies=((200, "Both"), (404, "No such live call")),
    ),
    Operation(
        "POST",
        "/calls/{call_id}/supervisors",
        "supervision",
        "Ring a supervisor to listen, to whisper to our side, or to barge in (and relieve an AI agent)",
        (SuperviseBody,),
        replies=((201, "His phones ring"), (404, "No such call or user"), (409, "Nobody to supervise")),
    ),
    Operation(
        "POST",
        "/calls/{call_id}/supervisors/{user}",
        "supervision",
        "Change a supervisor's mode",
        (ModeBody,),
        replies=(
            (200, "The supervisor"),
            (404, "No such call or supervisor"),
            (409, "Not with the AI agent that has the caller: it hears nobody else"),
        ),
    ),
    Operation(
        "DELETE",
        "/calls/{call_id}/supervisors/{user}",
        "supervision",
        "Remove a supervisor",
        query=_ACCOUNT,
        replies=((200, "Gone"), (404, "No such call or supervisor")),
    ),
    Operation(
        "POST",
        "/calls/{call_id}/transfer",
        "supervision",
        "Warm transfer: hold the caller, ring and brief somebody, connect them when the call is taken",
        (TransferBody,),
        replies=((202, "He is rung"), (404, "No such live call"), (409, "Nobody to transfer")),
    ),
    Operation(
        "POST",
        "/calls/{call_id}/recording",
        "supervision",
        "Start, stop or pause the recording of a live call",
        (RecordingBody,),
        replies=((200, "As it is now"), (403, "Never recorded"), (404, "No such live call"), (409, "Not up")),
    ),
    Operation(
        "GET",
        "/calls/{call_id}/trace",
        "calls",
        "Everything that happened in a call",
        replies=((200, "Rows"), (404, "No such call")),
        description=_OF_AN_ACCOUNT,
    ),
    Operation(
        "GET",
        "/conferences",
        "conferences",
        "Rooms in use, with their members",
        query=_ACCOUNT,
        replies=((200, "Rooms"), (404, "No such account")),
    ),
    Operation(
        "GET",
        "/conferences/{name}",
        "conferences",
        "One room",
        query=_ACCOUNT,
        replies=((200, "The room"), (404, "Nobody is in it")),
    ),
    Operation(
        "POST",
        "/conferences/{name}",
        "conferences",
        "Lock or unlock a room",
        (LockBody,),
        replies=((200, "The room"), (404, "Nobody is in it")),
    ),
    Operation(
        "POST",
        "/conferences/{name}/members/{member}",
        "conferences",
        "Mute or deafen a member, by the id of its call or by its number",
        (MemberBody,),
        replies=((200, "The member"), (404, "No such room or member")),
    ),
    Operation(
        "DELETE",
        "/conferences/{name}/members/{member}",
        "conferences",
        "Remove a member",
        query=_ACCOUNT,
        replies=((200, "Gone"), (404, "No such room or member")),
    ),
)
