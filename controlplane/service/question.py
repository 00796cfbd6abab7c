"""Answers to what calls ask of us (`edge.question`): texts are spoken, services are asked over HTTP."""

from typing import Protocol

from controlplane.provider.http import HttpClient
from edge.directory import AccountId
from edge.flow.command import Consult, Fetch, Pledge
from edge.question import Question, Reply, Speak


class Says(Protocol):
    async def say(self, text: str, voice: str, account: str) -> str | None: ...


class Mailboxes(Protocol):
    async def consult(self, account: AccountId, step: Consult) -> Reply: ...


class Promises(Protocol):
    async def promise(self, account: AccountId, pledge: Pledge) -> Reply: ...


class Traces(Protocol):
    def fetching(self, fetch: Fetch, call: str) -> Fetch: ...


class Answers:
    mailboxes: Mailboxes
    "Set before the first call."
    callbacks: Promises
    "Likewise."
    tracing: Traces | None = None
    "Tells services to which trace a call belongs."

    def __init__(self, speech: Says, http: HttpClient) -> None:
        self._speech = speech
        self._http = http

    async def reply(self, question: Question) -> Reply:
        if isinstance(question, Speak):
            return {"path": await self._speech.say(question.text, question.voice, question.account)}
        match question.fetch:
            case Consult() as step:
                return await self.mailboxes.consult(question.account, step)
            case Pledge() as pledge:
                return await self.callbacks.promise(question.account, pledge)
            case fetch:
                if self.tracing is not None:
                    fetch = self.tracing.fetching(fetch, question.call)
                # Flows and tools in files are the operator's: what they ask may be in his own network.
                return await self._http.fetch(fetch, trusted=question.trusted)
