"""Webhooks of Twilio and Telnyx about the DIDs of an account: a call is sent to us by SIP, a text to a user.

::

    voice, Twilio ─▶ TwiML: dial sip:<DID>@<carrier_hooks.sip>      the INVITE is routed as any of that DID
    voice, Telnyx ─▶ REST: transfer the call there, 200 once they took it
    text          ─▶ MESSAGE to the phones of the user whom the DID leads to, kept while there is none

The account is the DID's, and its secret must have signed. An event that is told again has its effect once;
one that failed may be told again.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Final
from urllib.parse import quote
from xml.sax.saxutils import escape

import structlog

from config import account as section
from config.carrier import CarrierHooks, TelnyxHook
from controlplane.service.carrier_signature import by_telnyx, by_twilio
from edge.directory import Account, AccountId, Did, Directory, User
from edge.error import Refusal
from edge.flow.command import Fetch
from edge.question import Reply
from edge.routing.route import digits_of

NOTHING: Final = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
REST_SECONDS: Final = 4.0
"Telnyx waits longer for the answer to its event [s]."

Brought = Callable[[Refusal | None], object]
Bring = Callable[[User, Account, str, bytes, Brought], object]

_FORGED: Final = Refusal(
    "bad_signature", 403, "the signature is not of a carrier of ours", "check carrier_hooks of the account"
)
_log = structlog.get_logger(__name__)


class CarrierService:
    def __init__(
        self,
        directory: Directory,
        bring: Bring,
        fetch: Callable[[Fetch], Awaitable[Reply]],
        wall: Callable[[], float],
        remembered: int,
    ) -> None:
        """
        Args:
            bring: (to, their account, from, text, then) → takes a text to its user.
            fetch: one HTTP request to the carrier.
            wall: [s UTC]
            remembered: events whose repetition is known.
        """
        self._directory = directory
        self._bring = bring
        self._fetch = fetch
        self._wall = wall
        self._remembered = remembered
        self._hooks: dict[AccountId, CarrierHooks] = {}
        self._seen: OrderedDict[str, None] = OrderedDict()

    @property
    def configured(self) -> bool:
        """Whether any account has hooks."""
        return bool(self._hooks)

    def take(self, accounts: Iterable[section.Account]) -> None:
        """Serve the hooks of these from now on."""
        self._hooks = {
            AccountId(account.id): account.carrier_hooks
            for account in accounts
            if account.carrier_hooks is not None
        }

    async def twilio(self, query: str, fields: Sequence[tuple[str, str]], signature: str) -> str | Refusal:
        """A voice or message webhook; the TwiML that answers it."""
        given = dict(fields)
        did, hooks = self._of(given.get("To", ""))
        if did is None or hooks is None or hooks.twilio is None:
            return _FORGED
        url = hooks.url + (f"?{query}" if query else "")
        if not by_twilio(hooks.twilio.auth_token, url, fields, signature):
            return _FORGED
        if "MessageSid" in given and "CallSid" not in given:
            key = f"twilio:{given['MessageSid']}"
            body = _with_media(given.get("Body", ""), _media_of(given))
            return await self._text(key, did, given.get("From", ""), body) or NOTHING
        call = given.get("CallSid", "")
        ringing = given.get("CallStatus", "") == "ringing"
        _log.info("carrier tells of a call", carrier="twilio", call_id=call, account=did.account, new=ringing)
        if not ringing:
            return NOTHING
        uri = escape(_sip(did, hooks))
        return (
            '<?xml version="1.0" encoding="UTF-8"?>'
            f'<Response><Dial answerOnBridge="true"><Sip>{uri}</Sip></Dial></Response>'
        )

    async def telnyx(
        self, body: bytes, event: Mapping[str, object], timestamp: str, signature: str
    ) -> dict[str, object] | Refusal:
        """Args: event: `body`, decoded."""
        data = _mapping(event.get("data"))
        payload, kind = _mapping(data.get("payload")), str(data.get("event_type", ""))
        did, hooks = self._of(_number(payload.get("to")))
        if did is None or hooks is None or hooks.telnyx is None:
            return _FORGED
        if not by_telnyx(hooks.telnyx.public_key, body, timestamp, signature, self._wall()):
            return _FORGED
        key = f"telnyx:{data.get('id', '')}"
        if kind == "message.received":
            text = _with_media(str(payload.get("text") or ""), _urls(payload.get("media")))
            return await self._text(key, did, _number(payload.get("from")), text) or {"ok": True}
        if kind == "call.initiated" and payload.get("direction") == "incoming":
            call = str(payload.get("call_control_id", ""))
            _log.info(
                "carrier tells of a call", carrier="telnyx", call_id=call, account=did.account, new=True
            )
            return await self._once(key, self._transfer(hooks.telnyx, call, _sip(did, hooks), key)) or {
                "ok": True
            }
        return {"ok": True}

    # Inside.

    def _of(self, number: str) -> tuple[Did | None, CarrierHooks | None]:
        digits = digits_of(number)
        did = self._directory.did(digits) if digits else None
        return did, None if did is None else self._hooks.get(did.account)

    async def _text(self, key: str, did: Did, sender: str, text: str) -> Refusal | None:
        account = self._directory.account(did.account)
        user = self._directory.user(did.account, did.target.value) if did.target.kind == "user" else None
        if account is None or user is None:
            fix = "give the DID a target: user"
            return Refusal("no_such_user", 404, f"{did.number} leads to no user who can be written to", fix)
        told: asyncio.Future[Refusal | None] = asyncio.get_running_loop().create_future()
        number = digits_of(sender) or "anonymous"

        async def bring() -> Refusal | None:
            self._bring(user, account, number, text.encode("utf-8", "replace"), told.set_result)
            return await told

        return await self._once(key, bring())

    async def _transfer(self, hook: TelnyxHook, call: str, uri: str, key: str) -> Refusal | None:
        if not hook.api_key:
            fix = "set carrier_hooks.telnyx.api_key"
            return Refusal("no_api_key", 501, "calls cannot be taken without an API key", fix)
        reply = await self._fetch(
            Fetch(
                "POST",
                f"{hook.api}/calls/{quote(call, safe='')}/actions/transfer",
                (("Authorization", f"Bearer {hook.api_key}"),),
                {"to": uri, "command_id": key},
                REST_SECONDS,
                retries=0,
            )
        )
        status = reply.get("status")
        if isinstance(status, int) and 200 <= status < 300:
            return None
        _log.error(
            "carrier did not take the call",
            carrier="telnyx",
            call_id=call,
            status=status,
            why=reply.get("error"),
        )
        return Refusal("carrier_failed", 502, f"the transfer was answered {status}", "tell the event again")

    async def _once(self, key: str, act: Awaitable[Refusal | None]) -> Refusal | None:
        """Do `act`, unless the event was told before; one that fails is forgotten."""
        if key in self._seen:
            if asyncio.iscoroutine(act):
                act.close()
            return None
        self._seen[key] = None
        if len(self._seen) > self._remembered:
            self._seen.popitem(last=False)
        refusal = await act
        if refusal is not None:
            self._seen.pop(key, None)
        return refusal


def _sip(did: Did, hooks: CarrierHooks) -> str:
    return f"sip:+{did.number}@{hooks.sip}"


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _number(value: object) -> str:
    """`"+1…"`, `{"phone_number": "+1…"}` or a list whose first is such."""
    if isinstance(value, list):
        value = value[0] if value else ""
    if isinstance(value, dict):
        value = value.get("phone_number", "")
    return value if isinstance(value, str) else ""


def _media_of(given: Mapping[str, str]) -> list[str]:
    count = given.get("NumMedia", "0")
    most = int(count) if count.isascii() and count.isdigit() and len(count) < 3 else 0
    return [given[name] for name in (f"MediaUrl{n}" for n in range(most)) if name in given]


def _urls(media: object) -> list[str]:
    items = media if isinstance(media, list) else []
    return [str(url) for url in (_mapping(item).get("url") for item in items) if url]


def _with_media(text: str, urls: Sequence[str]) -> str:
    return "\n".join(part for part in (text, *urls) if part)
