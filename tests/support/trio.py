"""Three phones of one account on a bench, calls between them, and what they say inside a call."""

from dataclasses import dataclass

from edge.sip.flow import Flow, Transport
from edge.sip.message import Request, Response
from tests.support.directory import FakeDirectory
from tests.support.edge import Bench, Phone, final


@dataclass
class Talk:
    """One phone's side of a call that is up."""

    phone: Phone
    call_id: str
    remote: str
    to: str
    tag: str

    def say(self, method: str, headers: str = "", body: str = "") -> None:
        phone = self.phone
        phone.call_id, phone.tag = self.call_id, self.tag
        phone.say(method, self.remote, to=self.to, headers=headers, body=body)

    def replaces(self) -> str:
        """Our dialog as the far end knows it, for Replaces."""
        far = self.to.partition(";tag=")[2]
        return f"{self.call_id};to-tag={far};from-tag={self.tag}"


class Trio(Bench):
    """1001, 1002 and 1003, all registered by the same transport."""

    def __init__(self, transport: Transport = Transport.UDP) -> None:
        directory = FakeDirectory(prompts={"hold-music": "/prompts/hold-music.wav"})
        for number in ("1001", "1002", "1003"):
            directory.add_user(number)
        super().__init__(directory)
        phones = (Phone(self, f"100{n}", n + 1, transport=transport) for n in (1, 2, 3))
        self.alice, self.bob, self.carol = phones
        for phone in (self.alice, self.bob, self.carol):
            phone.register()

    def connect(self, caller: Phone, callee: Phone, call_id: str = "first") -> tuple[Talk, Talk]:
        """`caller` talks to `callee`; both sides of it."""
        caller.call_id, caller.tag = call_id, f"{call_id}-{caller.number}"
        caller.dial(callee.number)
        (invite,) = callee.got()
        assert isinstance(invite, Request)
        far = self.pick_up(callee, invite)
        answer = final(caller.got())
        caller.ack(answer)
        to = answer.headers.get("To") or ""
        near = Talk(caller, call_id, str(answer.contacts[0].uri), to, caller.tag)
        self.take()
        return near, far

    def pick_up(self, phone: Phone, invite: Request) -> Talk:
        tag = f"{phone.number}-{invite.call_id[:4]}{invite.from_.tag}"
        phone.reply(invite, 200, phone.sdp(), tag=tag)
        return Talk(phone, invite.call_id, str(invite.contacts[0].uri), invite.headers.get("From") or "", tag)

    def reports(self, phone: Phone) -> list[str]:
        """The sipfrags that `phone` got, answered; other messages stay with the bench."""
        found: list[str] = []
        told = -1
        while told < len(found):  # the answer to one brings the next
            told = len(found)
            for message in phone.got():
                if isinstance(message, Request) and message.method == "NOTIFY":
                    found.append(message.body.decode().strip())
                    phone.reply(message, 200)
                elif isinstance(message, Response) and message.status == 202:
                    pass
                else:
                    self.sent.append((message, _flow(phone)))
        return found


def _flow(phone: Phone) -> Flow:
    return Flow(phone.transport, phone.source)
