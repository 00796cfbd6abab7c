"""Every operation of the public application, for the OpenAPI document."""

from typing import Final

from controlplane.api.administration_operations import ADMINISTRATION
from controlplane.api.cac import ResetBody
from controlplane.api.call_operations import CALLS
from controlplane.api.flow import Step
from controlplane.api.openapi import Operation
from controlplane.api.outside import AgentBody, AuthBody, DialogBody, RegisterBody, RouteBody
from controlplane.api.queue_agent import AgentControl
from controlplane.api.security import Allow, Report

_LANG: Final = (
    ("lang", "en-US and the like; all when omitted"),
    ("gender", "female or male; both when omitted"),
)
_ACCOUNT: Final = (("accountId", "Id of the account"),)

_ROUTING: Final = """\
The caller is known by `from` with its domain (`fromDomain`, or a SIP URI in `from`); a bare number is a \
stranger, who may call our DIDs and nothing else.

`action` says what to do. `flow`: answer, and step `POST /flow` with `account_id`, `flow_id` and `vars`. \
`proxy`: ring `contacts`, for `ring_timeout` seconds where it is there; what only we can answer leads to \
our own SIP address, with `target`; a number in `forward` (by `busy`, `no_answer`) is asked for by a \
`/route` of its own, with this user as the caller. `outbound`: dial `routes` one after another, with \
`caller_id`. `reject`: answer by `code`, with `retry_after` where it is there.

The same `callId` gets the same answer and counts once. It holds its channels until `POST \
/presence/event` tells of its end (`type: dialog`, `event: end`): tell it for every call, also one that \
was never answered."""
_STEPPING: Final = """\
A start names `callId`, `accountId` and `flowId` (id or name); every further step `callId`, `outcome` \
and the `seq` of the command that ended. Send `seq` always: with it a step that is sent twice, or late, \
changes nothing and gets the current command again; without it each copy is a step of its own. A start \
that is sent again gets the current command.

Outcomes by command. play: done, failed. gather: digit:<all digits> (or done with data {digits}), \
timeout, invalid, failed. dial: answered (when the conversation is over), no_answer, busy, failed; of an \
agent done, transferred, no_answer, failed, digit:<d>. record: done with data {key, milliseconds}, \
failed. conference: done, failed. enqueue: ask again after `poll_ms` by `waiting` for position and \
offers, and for the next command when the queue has given up; ring the `contacts` of an offer, confirm \
it by `GET /agent/confirm/{account_id}/{leaseId}/{epoch}` and join the two, or decline it by declined \
with data {leaseId}; answered (when the conversation is over), digit:<d> of `exit_digits`. noop: ask \
again after `poll_ms`. Any of them: hangup, when the caller has gone. An outcome without a way of its \
own goes by `default`; without that, the call hangs up.

hangup is the last command. A call that has ended is answered by hangup whatever it asks, also a new \
start, until `limits.flow.session_idle` (an hour) after its last request: give each call a `callId` of \
its own."""
_TELLING: Final = """\
Telling twice is as telling once. `ok` with `known: false`: the call is none of `/route`, or has ended; \
there is nothing to do. `dialog`: start, ringing, answered, end; end gives back what the call held and \
writes its CDR, by `cause` (a SIP status, or a word). `register`: with `registered: false`, or `expires: \
0`, the contact is gone. `agent`: login, logout, available, pause (with `reason`), unpause."""

OPERATIONS: Final = (
    Operation("GET", "/healthz", "node", "Whether the process is alive", open=True),
    Operation(
        "GET",
        "/readyz",
        "node",
        "Whether new calls are accepted",
        replies=((200, "Ready"), (503, "Not ready, with reasons")),
        open=True,
    ),
    Operation("GET", "/metrics", "node", "Measurements for Prometheus"),
    Operation("GET", "/openapi.json", "node", "This document"),
    Operation("GET", "/docs", "node", "A page that shows it"),
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
        description=_ROUTING,
    ),
    Operation(
        "POST",
        "/flow",
        "outside edge",
        "Start a flow, or step it with an outcome",
        (Step,),
        replies=((200, "The next command"), (404, "No such call, flow or account")),
        description=_STEPPING,
    ),
    Operation(
        "POST",
        "/presence/event",
        "outside edge",
        "Report registrations, dialogs and agents",
        (RegisterBody, DialogBody, AgentBody),
        replies=((200, "Noted"), (404, "No such account or user"), (409, "Not signed in")),
        description=_TELLING,
    ),
    Operation(
        "POST",
        "/agent",
        "people",
        "Sign in and out of the queues, pause, and join queues",
        (AgentControl,),
        replies=((200, "Noted"), (404, "No such account, user or queue"), (409, "Not signed in")),
        user=True,
    ),
    Operation(
        "GET",
        "/agent",
        "people",
        "The present state of one agent",
        query=(*_ACCOUNT, ("userId", "Id, number or username")),
        replies=((200, "Status, state, reachable, queues"), (404, "No such account or user")),
        user=True,
    ),
    Operation(
        "GET",
        "/agent/moves",
        "people",
        "The log of agents' states, for reports",
        query=(*_ACCOUNT, ("userId", "One agent; all when omitted"), ("since", "ms UTC")),
        replies=((200, "The latest 1000, oldest first"), (404, "No such account or user")),
        user=True,
    ),
    Operation(
        "GET",
        "/agent/confirm/{account_id}/{lease_id}/{epoch}",
        "people",
        "Confirm the lease of an offer: the agent has answered",
        replies=((200, "ok with the call, or not ok: drop the leg"),),
        user=True,
    ),
    Operation(
        "GET",
        "/agent/claim/{account_id}/{agent_id}/{call_id}",
        "people",
        "Claim the caller: one of several ringing agents has answered",
        replies=((200, "ok, or not ok with who was first"), (404, "No such account or user")),
        user=True,
    ),
    Operation(
        "GET",
        "/presence/users",
        "people",
        "All users of an account with their state, and counts by state",
        query=_ACCOUNT,
        replies=((200, "Roster"), (404, "No such account")),
        user=True,
    ),
    Operation(
        "GET",
        "/queues",
        "people",
        "Waiting callers, agents, service level and abandoned callers of every queue",
        query=_ACCOUNT,
        replies=((200, "Queues"), (404, "No such account")),
    ),
    Operation(
        "GET",
        "/queues/days",
        "people",
        "Statistics of queues by day of the account's calendar, across restarts",
        query=(*_ACCOUNT, ("since", "First day, such as 2026-11-01"), ("until", "Last day")),
        replies=((200, "Days of queues"), (404, "No such account")),
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
        "Release channels that no live call holds, and clear rate windows",
        (ResetBody,),
        replies=((200, "Before and after"), (404, "No such account")),
    ),
    Operation(
        "GET",
        "/callbacks",
        "queues",
        "Promised callbacks, their place in line, and what became of them",
        query=(*_ACCOUNT, ("queue", "Of one alone")),
        replies=((200, "Those that wait, then those that are over"), (404, "No such account")),
    ),
    Operation(
        "DELETE",
        "/callbacks/{id}",
        "queues",
        "Withdraw a callback; a call for it ends unless the customer has answered",
        query=_ACCOUNT,
        replies=((200, "The callback"), (404, "No such callback waits")),
    ),
    *CALLS,
    Operation(
        "GET",
        "/debug",
        "support",
        "Live monitor: a WebSocket, or a page in a browser",
        query=(("accountId", ""), ("callId", "Ours or of SIP"), ("layer", ""), ("event", "")),
        replies=((101, "Rows as they happen"), (200, "The page"), (426, "It is a WebSocket")),
    ),
    Operation("POST", "/security/report", "security", "Report the present bans of another node", (Report,)),
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
        "Remove an address or network from the allowed ones",
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
        "Store a file; under a voicemail's key, a message as well",
        replies=((200, "Replaced"), (201, "New"), (404, "A key that no route takes"), (413, "Too long")),
        binary=True,
    ),
    Operation(
        "POST",
        "/admin/tts/generate",
        "media",
        "Synthesise the catalogue of system prompts",
        query=(*_LANG, ("force", "1: also those that are there")),
        replies=((200, "How many were generated, skipped and failed"), (409, "Under way already")),
        token=True,
    ),
    Operation("GET", "/admin/tts/generate", "media", "Progress of the synthesis", token=True),
    Operation(
        "POST",
        "/hooks/carrier",
        "carrier",
        "Voice or message webhook of Twilio or Telnyx, admitted by its signature",
        replies=(
            (200, "TwiML for Twilio, ok for Telnyx"),
            (403, "Signed by no carrier of ours"),
            (404, "The DID leads to no user who can be written to"),
            (501, "No account has carrier_hooks"),
        ),
        open=True,
    ),
    *ADMINISTRATION,
)
