"""Answers to what calls ask of us (`edge.question`): texts are spoken, services are asked over HTTP."""

from typing import Protocol

from controlplane.provider.http import HttpClient
from edge.directory import AccountId
from edge.flow.command import Consult
from edge.question import Look, Question, Reply, Speak


class Says(Protocol):
    async def say(self, text: str, voice: str, account: str) -> str | None: ...


class Mailboxes(Protocol):
    async def consult(self, account: AccountId, step: Consult) -> Reply: ...


class Answers:
    mailboxes: Mailboxes
    "Set before the first call."

    def __init__(self, speech: Says, http: HttpClient) -> None:
        self._speech = speech
        self._http = http

    async def reply(self, question: Question) -> Reply:
        match question:
            case Speak(text, voice, account):
                return {"path": await self._speech.say(text, voice, account)}
            case Look(account, fetch, trusted):
                if isinstance(fetch, Consult):
                    return await self.mailboxes.consult(account, fetch)
                # Flows and tools in files are the operator's: what they ask may be in his own network.
                return await self._http.fetch(fetch, trusted=trusted)
