"""Every operation of the public application, for the OpenAPI document."""

from typing import Final

from controlplane.api.cac import ResetBody
from controlplane.api.conference import LockBody, MemberBody
from controlplane.api.flow import Step
from controlplane.api.openapi import Operation
from controlplane.api.outside import AgentBody, AuthBody, DialogBody, RegisterBody, RouteBody
from controlplane.api.security import Allow, Report
from controlplane.api.supervision import ModeBody, RecordingBody, SuperviseBody

_LANG: Final = (
    ("lang", "en-US and the like; all when omitted"),
    ("gender", "female or male; both when omitted"),
)
_ACCOUNT: Final = (("accountId", "Id of the account"),)

OPERATIONS: Final = (
    Operation("GET", "/healthz", "node", "Whether the process is alive", open=True),
    Operation(
        "GET",
        "/readyz",
        "node",
        "Whether calls are welcome",
        replies=((200, "Ready"), (503, "Not ready, with reasons")),
        open=True,
    ),
    Operation("GET", "/metrics", "node", "Measurements for Prometheus"),
    Operation("GET", "/openapi.json", "node", "This document"),
    Operation("GET", "/docs", "node", "A page to read it"),
    Operation(
        "POST",
        "/auth",
        "outside edge",
        "Verify digest parameters of REGISTER or INVITE",
        (AuthBody,),
        replies=((200, "ok with the account's context, or not ok with a reason and a challenge"),),
    ),
    Operation(
        "POST",
        "/route",
        "outside edge",
        "Route and admit a call",
        (RouteBody,),
        replies=((200, "rtjson: flow, proxy, outbound or reject"),),
    ),
    Operation(
        "POST",
        "/flow",
        "outside edge",
        "Start a flow, or step it with an outcome",
        (Step,),
        replies=((200, "The next command"), (404, "No such call, flow or account")),
    ),
    Operation(
        "POST",
        "/presence/event",
        "outside edge",
        "Tell of registrations, dialogs and agents",
        (RegisterBody, DialogBody, AgentBody),
        replies=((200, "Noted"), (404, "No such account or user"), (409, "Not signed in")),
    ),
    Operation(
        "GET",
        "/cac",
        "admission",
        "Channels, rate windows and live calls of an account",
        query=_ACCOUNT,
        replies=((200, "Counters"), (404, "No such account")),
    ),
    Operation(
        "POST",
        "/cac/reset",
        "admission",
        "Give back what no live call holds, and clear rate windows",
        (ResetBody,),
        replies=((200, "Before and after"), (404, "No such account")),
    ),
    Operation(
        "GET",
        "/conferences",
        "conferences",
        "Rooms somebody is in, with their members",
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
        "Mute a member, or make it deaf; by the id of its call or its number",
        (MemberBody,),
        replies=((200, "The member"), (404, "No such room or member")),
    ),
    Operation(
        "DELETE",
        "/conferences/{name}/members/{member}",
        "conferences",
        "Send a member away",
        query=_ACCOUNT,
        replies=((200, "Gone"), (404, "No such room or member")),
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
        "Ring a supervisor and let him listen, whisper to our side, or barge in",
        (SuperviseBody,),
        replies=((201, "His phones ring"), (404, "No such call or user"), (409, "Nobody to supervise")),
    ),
    Operation(
        "POST",
        "/calls/{call_id}/supervisors/{user}",
        "supervision",
        "Change a supervisor's mode",
        (ModeBody,),
        replies=((200, "The supervisor"), (404, "No such call or supervisor")),
    ),
    Operation(
        "DELETE",
        "/calls/{call_id}/supervisors/{user}",
        "supervision",
        "Send a supervisor away",
        query=_ACCOUNT,
        replies=((200, "Gone"), (404, "No such call or supervisor")),
    ),
    Operation(
        "POST",
        "/calls/{call_id}/recording",
        "supervision",
        "Turn the recording of a live call on or off, or pause it",
        (RecordingBody,),
        replies=((200, "As it is now"), (403, "Never recorded"), (404, "No such live call"), (409, "Not up")),
    ),
    Operation(
        "GET",
        "/calls/{call_id}/trace",
        "support",
        "Everything that happened in one call",
        replies=((200, "Rows"), (404, "No such call")),
    ),
    Operation(
        "GET",
        "/debug",
        "support",
        "Live monitor: a WebSocket, or a page for browsers",
        query=(("accountId", ""), ("callId", "Ours or of SIP"), ("layer", ""), ("event", "")),
        replies=((101, "Rows as they happen"), (200, "The page"), (426, "It is a WebSocket")),
    ),
    Operation("POST", "/security/report", "security", "Bans of another node as they are now", (Report,)),
    Operation(
        "GET",
        "/security/bans",
        "security",
        "List and search bans",
        query=(
            ("status", "active, expired or unbanned"),
            ("q", "Address prefix, reason or User-Agent"),
            ("flagged", "1: likely mistakes alone"),
            ("limit", "At most 1000"),
        ),
    ),
    Operation("GET", "/security/allow", "security", "List allowed addresses and networks"),
    Operation(
        "POST",
        "/security/allow",
        "security",
        "Allow an address or network, and lift its bans",
        (Allow,),
        replies=((201, "Allowed"),),
    ),
    Operation(
        "DELETE",
        "/security/allow/{ip}",
        "security",
        "Allow it no more",
        replies=((200, "Removed"), (404, "Not allowed in the first place")),
    ),
    Operation(
        "GET",
        "/media/{key}",
        "media",
        "A prompt, music or a recording; Range and If-None-Match are honoured",
        replies=((200, "The file"), (206, "A part"), (304, "Unchanged"), (404, "No such file")),
    ),
    Operation(
        "PUT",
        "/media/{key}",
        "media",
        "Keep a file; a voicemail's key also writes its message",
        replies=((200, "Replaced"), (201, "New"), (413, "Too long")),
        binary=True,
    ),
    Operation(
        "POST",
        "/admin/tts/generate",
        "media",
        "Speak the catalogue of system prompts",
        query=(*_LANG, ("force", "1: also those that are there")),
        replies=((200, "How many were generated, skipped and failed"), (409, "Under way already")),
        token=True,
    ),
    Operation("GET", "/admin/tts/generate", "media", "How far that is", token=True),
    Operation(
        "POST", "/hooks/carrier", "roadmap", "Not served yet", replies=((501, "Not served yet"),), open=True
    ),
)
