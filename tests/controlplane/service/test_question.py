"""Answers to what calls ask."""

from dataclasses import replace
from typing import Any

from config.schema import FlowLimits
from controlplane.provider.http import HttpClient
from controlplane.service.question import Answers
from edge.directory import AccountId
from edge.flow.command import Consult, Fetch
from edge.question import Look, Reply, Speak


class FakeSpeech:
    async def say(self, text: str, voice: str, account: str) -> str | None:
        return f"/{voice}/{text}.wav"


async def test_a_text_is_spoken_and_a_service_asked() -> None:
    http = HttpClient(FlowLimits())
    answers = Answers(FakeSpeech(), http)
    assert await answers.reply(Speak("hi", "de")) == {"path": "/de/hi.wav"}
    reply: Any = await answers.reply(Look(AccountId("a"), Fetch("GET", "http://127.0.0.1:1/", retries=0)))
    assert reply["status"] == 0 and "127.0.0.1" in reply["error"], "the operator may ask in his own network"
    await http.close()


async def test_a_mailbox_is_asked_for_the_account_of_the_call() -> None:
    class FakeMailboxes:
        async def consult(self, account: AccountId, step: Consult) -> Reply:
            return {"status": 200, "asked": f"{account} {step.mailbox}"}

    http = HttpClient(FlowLimits())
    answers = Answers(FakeSpeech(), http)
    answers.mailboxes = FakeMailboxes()
    reply = await answers.reply(Look(AccountId("a"), Consult("1001")))
    assert reply == {"status": 200, "asked": "a 1001"}
    await http.close()


async def test_a_service_is_told_to_which_trace_the_call_belongs() -> None:
    asked = []

    class FakeTracing:
        def fetching(self, fetch: Fetch, call: str) -> Fetch:
            return replace(fetch, headers=(("traceparent", call),))

    class FakeHttp:
        async def fetch(self, fetch: Fetch, *, trusted: bool) -> Reply:
            asked.append(fetch.headers)
            return {}

    answers = Answers(FakeSpeech(), FakeHttp())  # type: ignore[arg-type]
    look = Look(AccountId("a"), Fetch("GET", "http://127.0.0.1:1/"), call="call_1")
    await answers.reply(look)
    answers.tracing = FakeTracing()
    await answers.reply(look)
    assert asked == [(), (("traceparent", "call_1"),)]
