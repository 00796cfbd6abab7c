"""What becomes of a carrier's webhook: a call that is sent to us, a text that reaches its user (S004-82)."""

from typing import Any

import pytest

from config.carrier import CarrierHooks
from controlplane.service.carrier import NOTHING, CarrierService
from edge.error import Refusal
from edge.flow.command import Fetch
from edge.question import Reply
from tests.support.carrier import Telnyx, call, text, twilio_signature
from tests.support.directory import FakeDirectory

DID, ECHO = "+12025550123", "+12025550124"
NOW = 5_000


class Account:
    """What is read of `config.account.Account`."""

    def __init__(self, hooks: dict[str, object] | None, id: str = "acc_demo") -> None:
        self.id = id
        self.carrier_hooks = None if hooks is None else CarrierHooks.model_validate(hooks)


class Bench:
    def __init__(self, **telnyx: str) -> None:
        directory = FakeDirectory()
        directory.add_user("1001")
        directory.add_did(DID[1:], "user", "1001")
        directory.add_did(ECHO[1:], "echo")
        self.texts: list[tuple[str, str, str]] = []
        self.fetched: list[Fetch] = []
        self.refusal: Refusal | None = None
        self.status = 200
        self.telnyx = Telnyx()
        self.service = CarrierService(directory, self.bring, self.fetch, lambda: float(NOW), 3)
        accounts: Any = [Account(self.telnyx.hooks(**telnyx)), Account(None, "acc_x")]
        self.service.take(accounts)

    def bring(self, user: Any, account: Any, number: str, body: bytes, then: Any) -> None:
        self.texts.append((user.number, number, body.decode()))
        then(self.refusal)

    async def fetch(self, wanted: Fetch) -> Reply:
        self.fetched.append(wanted)
        return {"status": self.status, "body": None, "error": ""}

    async def twilio(self, **fields: str) -> str | Refusal:
        return await self.service.twilio("", list(fields.items()), twilio_signature(fields))

    async def tell(self, event: dict[str, object], at: int = NOW) -> dict[str, object] | Refusal:
        body, headers = self.telnyx.signed(event, at)
        return await self.service.telnyx(
            body, event, headers["telnyx-timestamp"], headers["telnyx-signature-ed25519"]
        )


def code(answer: object) -> str:
    assert isinstance(answer, Refusal)
    return answer.code


async def test_a_call_of_twilio_is_dialled_to_our_did() -> None:
    bench = Bench()
    answer = await bench.twilio(CallSid="CA1", From="+14155551234", To=DID, CallStatus="ringing")
    assert isinstance(answer, str)
    assert '<Dial answerOnBridge="true"><Sip>sip:+12025550123@pbx.example.com;transport=tcp</Sip>' in answer
    assert await bench.twilio(CallSid="CA1", To=DID, CallStatus="completed") == NOTHING


async def test_a_call_of_telnyx_is_transferred_to_our_did_once() -> None:
    bench = Bench()
    for _ in range(2):
        assert await bench.tell(call(DID)) == {"ok": True}
    (fetch,) = bench.fetched
    assert fetch.url == "https://api.telnyx.com/v2/calls/v3%3Aa%2Fb/actions/transfer"
    assert dict(fetch.headers) == {"Authorization": "Bearer KEY0"}
    assert fetch.body == {
        "to": "sip:+12025550123@pbx.example.com;transport=tcp",
        "command_id": "telnyx:e1",
    }
    assert "KEY0" not in repr(fetch)


async def test_a_transfer_that_failed_may_be_told_again() -> None:
    bench = Bench()
    bench.status = 500
    assert code(await bench.tell(call(DID))) == "carrier_failed"
    bench.status = 200
    assert await bench.tell(call(DID)) == {"ok": True} and len(bench.fetched) == 2


async def test_without_an_api_key_a_call_of_telnyx_is_refused() -> None:
    assert code(await Bench(api_key="").tell(call(DID))) == "no_api_key"


async def test_a_text_reaches_the_user_of_the_did_once() -> None:
    bench = Bench()
    for _ in range(2):
        fields = {"MessageSid": "SM1", "From": "+14155551234", "To": DID, "Body": "hi", "NumMedia": "1"}
        assert await bench.twilio(**fields, MediaUrl0="https://m.example.com/1") == NOTHING
        assert await bench.tell(text(DID)) == {"ok": True}
    assert bench.texts == [
        ("1001", "14155551234", "hi\nhttps://m.example.com/1"),
        ("1001", "14155551234", "hello\nhttps://media.example.com/1.jpg"),
    ]


async def test_a_text_that_was_not_kept_is_told_again_and_then_kept() -> None:
    bench = Bench()
    bench.refusal = Refusal("not_kept", 503, "", "")
    assert code(await bench.tell(text(DID))) == "not_kept"
    bench.refusal = None
    assert await bench.tell(text(DID)) == {"ok": True} and len(bench.texts) == 2


async def test_a_text_for_a_did_without_a_user_is_refused() -> None:
    assert code(await Bench().tell(text(ECHO))) == "no_such_user"


@pytest.mark.parametrize("number", ["+19995550000", "", "x"])
async def test_a_number_that_is_not_ours_looks_like_a_wrong_signature(number: str) -> None:
    bench = Bench()
    assert code(await bench.tell(text(number))) == "bad_signature"
    assert code(await bench.twilio(CallSid="CA1", To=number)) == "bad_signature"


async def test_what_is_forged_or_old_has_no_effect() -> None:
    bench = Bench()
    assert code(await bench.tell(text(DID), at=NOW - 301)) == "bad_signature"
    fields = [("MessageSid", "SM1"), ("To", DID)]
    assert code(await bench.service.twilio("", fields, "AAAA")) == "bad_signature"
    assert code(await bench.service.twilio("x=1", fields, twilio_signature(dict(fields)))) == "bad_signature"
    assert not bench.texts


async def test_any_shape_of_an_event_is_judged() -> None:
    bench = Bench()
    for event in ({}, {"data": []}, {"data": {"payload": {"to": [[]]}}}, {"data": {"payload": {"to": {}}}}):
        assert code(await bench.tell(event)) == "bad_signature"
    assert await bench.tell({"data": {"event_type": "call.hangup", "payload": {"to": DID}}}) == {"ok": True}


async def test_hooks_change_with_the_configuration() -> None:
    bench = Bench()
    assert bench.service.configured
    bench.service.take([])
    assert not bench.service.configured and code(await bench.tell(text(DID))) == "bad_signature"
