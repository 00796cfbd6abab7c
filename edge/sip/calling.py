"""The calling side of an INVITE session, UAC core (RFC 3261 §13.2; digest §22.2, RFC 7616).

Every 2xx is acknowledged here, also the copies; a 2xx that comes after `cancel`, or from a second
branch of a fork downstream, is acknowledged and its dialog ended by BYE (§13.2.2.4). A 1xx that asks for
it gets its PRACK (RFC 3262 §4).
"""

from typing import Final

from edge.sdp.body import sdp_in
from edge.sip.address import Address
from edge.sip.capability import SUPPORTED, info_terms
from edge.sip.dialog import Dialog
from edge.sip.effect import ClientKey, ServerKey
from edge.sip.flow import Flow
from edge.sip.keyring import ROUNDS, Keyring, proofs
from edge.sip.large import Large
from edge.sip.message import Request, Response
from edge.sip.prack import Pracks
from edge.sip.session import Headers, Session, State, Wire
from edge.sip.session_event import Answered, Progress, Refused

BRANCHES: Final = 16
"Early dialogs of one INVITE of ours that are told apart; of others no reliable 1xx is heard."


class CallingSession(Session):
    def __init__(
        self,
        wire: Wire,
        invite: Request,
        flow: Flow,
        *,
        contact: Address,
        keyring: Keyring | None = None,
        large: Large | None = None,
    ) -> None:
        """Args: keyring: what is proven to whoever challenges."""
        super().__init__(wire, flow, contact)
        self.large = large
        self._refresh.owner = True
        invite.headers.add("Supported", ", ".join(SUPPORTED))
        for name, value in self._refresh.timer.ask():
            invite.headers.add(name, value)
        self._invite = invite
        self.inquiries.keyring = keyring
        self._key: ClientKey | None = None
        self._rounds = 1
        self._cancelled = False
        self._acks: dict[str, tuple[Dialog, Request]] = {}
        "By the tag of who answered: copies of each 2xx get the same one."
        self._pracks = Pracks()
        self._awaiting = False  # a final response to the INVITE
        self.early: dict[str, Dialog] = {}
        "Dialogs that 1xx have made, by the tag of who rings, as many as are told apart."
        self._previews: dict[str, bytes] = {}  # what they said before any 2xx, by tag
        self._updated = ""  # the tag of who has agreed on something else with us since
        self.heard = False
        "The far end answered something, be it 100."

    @property
    def invite(self) -> Request:
        """As it was sent last, without our Via."""
        return self._invite

    @property
    def done(self) -> bool:
        return super().done and not self._awaiting

    @property
    def call_id(self) -> str:
        return self._invite.call_id

    def start(self, now: float) -> None:
        """Send the INVITE; `Progress`, then `Answered` or `Refused` follow."""
        self._awaiting = True
        self._key = self.send(self._invite, None, now)

    def cancel(self, now: float, reason: str = "") -> None:
        """Give up an INVITE without final response; no event follows (§9.1)."""
        if self.state is not State.INVITING or self._cancelled:
            return
        self._cancelled = True
        self.state = State.ENDED
        assert self._key is not None, "start comes before cancel"
        self.wire.layer.cancel(self._key, now, (("Reason", reason),) if reason else ())

    def turns_to(self, tag: str) -> bool:
        if self.state is State.INVITING and tag in self.early:
            # A 481 to an UPDATE or INFO would have it give up (RFC 5057 §5.1).
            self.dialog = self.early[tag]
        return super().turns_to(tag)

    def agree(self, body: bytes, now: float) -> None:
        if self.state is State.INVITING and self.dialog is not None and self._reoffer is not None:
            self._updated = self.dialog.remote_tag
        super().agree(body, now)

    def receive(self, request: Request, key: ServerKey | None, now: float) -> None:
        if request.method == "BYE" and self.state is State.INVITING and key is not None:
            self._respond(key, request, 481, now)  # RFC 3261 §15: not for a callee, before its 2xx
        elif request.method == "INVITE" and self.state is State.INVITING and key is not None:
            self._respond(key, request, 491, now)  # §14.2: ours is open
        else:
            super().receive(request, key, now)

    def receive_answer(self, response: Response, key: ClientKey, now: float) -> None:
        if key != self._key:
            super().receive_answer(response, key, now)
            return
        self._awaiting = response.status < 200
        self.heard = True
        if response.status < 200:
            self._provisional(response, now)
        elif response.status < 300:
            self._succeeded(response, now)
        elif self._tried_again(response, now):
            pass
        elif self.state is State.INVITING:
            self.state = State.ENDED
            self._emit(Refused(response.status, response.reason, response), now)

    def failed(self, key: ClientKey, timeout: bool, now: float) -> None:
        if key != self._key:
            super().failed(key, timeout, now)
            return
        self._awaiting = False
        if self.state is State.INVITING and self.goes_again(key, timeout, now):
            self.start(now)
        elif self.state is State.INVITING:
            self.state = State.ENDED
            if timeout:
                self._emit(Refused(408, "Request Timeout"), now)
            else:
                self._emit(Refused(503, "Destination Unreachable"), now)

    # Inside.

    def _provisional(self, response: Response, now: float) -> None:
        if self.state is not State.INVITING or response.status <= 100:
            return
        tag, body = response.to.tag, sdp_in(response) or b""
        dialog = self.early.get(tag)
        if dialog is not None:
            dialog.answered(response)
        elif tag and len(self.early) < BRANCHES:
            dialog = self.early[tag] = Dialog.uac(self._invite, response)
        self.info = info_terms(response, self.info)
        made = self._pracks.receive(response, dialog)
        if made is None:
            return
        self.dialog = self.dialog or dialog
        if isinstance(made, Request):
            assert dialog is not None, "a PRACK belongs to the dialog that its 1xx made"
            self.inquiries.ask(made, dialog, now)
        if body and dialog is not None:
            self._previews[tag] = body
        self._emit(Progress(response.status, body), now)

    def _succeeded(self, response: Response, now: float) -> None:
        tag = response.to.tag
        if (answered := self._acks.get(tag)) is not None:
            self.send_ack(answered[1], answered[0], now)  # ours was lost
            return
        dialog = self.early.get(tag) or Dialog.uac(self._invite, response)
        dialog.answered(response)
        ack = dialog.ack(self._invite.cseq.number, headers=proofs(self._invite))
        if len(self._acks) < BRANCHES:
            self._acks[tag] = dialog, ack
        self.send_ack(ack, dialog, now)
        if self.state is State.INVITING:
            self.dialog = dialog
            self.state = State.CONFIRMED
            self._refresh.sdp = self._invite.body
            self.info = info_terms(response, self.info)
            self._refresh.timer.learn(response)
            self._refresh.agreed(response, now)
            self._emit(Answered(self._description(response)), now)
        else:
            self._request_bye(dialog, now)

    def _description(self, success: Response) -> bytes:
        """The answer to our offer; empty: what an early UPDATE has made of it holds (RFC 6337 §2.2)."""
        tag, body = success.to.tag, sdp_in(success) or b""
        said = self._pracks.description(tag)
        if tag == self._updated and (said or body in (b"", self._previews.get(tag))):
            return b""
        return said or body

    def _tried_again(self, response: Response, now: float) -> bool:
        """Whether the refusal is one that we can do something about."""
        if self._rounds >= ROUNDS or self.state is not State.INVITING:
            return False
        if response.status == 422:
            return self._ask_for_longer(response, now)
        return response.status in (401, 407) and self._retry(response, now)

    def _ask_for_longer(self, response: Response, now: float) -> bool:
        """RFC 4028 §7.3: the INVITE again with the interval that somebody on the way demands."""
        if not self._refresh.timer.raise_to(response):
            return False
        self._again(self._refresh.timer.ask(), now)
        return True

    def _retry(self, response: Response, now: float) -> bool:
        keyring = self.inquiries.keyring
        if keyring is None or not keyring.learn(self._invite, response):
            return False
        self._again((), now)
        return True

    def _again(self, changed: Headers, now: float) -> None:
        self._rounds += 1
        headers = self._invite.headers.copy()
        headers.set("CSeq", f"{self._invite.cseq.number + 1} INVITE")
        for name, value in changed:
            headers.set(name, value)
        self._invite = Request("INVITE", self._invite.uri, headers, self._invite.body)
        if self.inquiries.keyring is not None:
            self.inquiries.keyring.prove(self._invite)
        self.dialog, self._pracks = None, Pracks()  # what was early ended with the refusal
        self.early, self._previews, self._updated = {}, {}, ""
        self.start(now)
