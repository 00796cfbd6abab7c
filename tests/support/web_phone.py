"""A telephone over WebSocket by the `websockets` library (RFC 7118), told message by message what to say."""

import asyncio

import websockets

from edge.sip.digest import answer, choose
from edge.sip.message import Request, Response
from edge.sip.parse import ParseError, parse_message
from tests.support.daemon import PASSWORDS


class WebPhone:
    """What a browser's SIP stack does as user 1001, one call at a time."""

    def __init__(self, socket: websockets.ClientConnection, kind: str) -> None:
        self._socket = socket
        self._kind = kind
        self._cseq = 0

    async def hear(self) -> Request | Response:
        async with asyncio.timeout(5):
            data = await self._socket.recv()
        message = parse_message(data.encode() if isinstance(data, str) else data)
        assert not isinstance(message, ParseError), data
        return message

    async def ask(self, method: str, uri: str, to: str, extra: str = "", body: str = "") -> Response:
        """The final response; a challenge is answered."""
        sent = await self._send(method, uri, to, extra, body)
        response = await self._final()
        if response.status == 401:
            challenge = choose(response.headers.all("WWW-Authenticate"))
            assert challenge is not None
            if method == "INVITE":
                await self.ack(uri, response, sent)
            proof = answer(challenge, method, uri, "1001", PASSWORDS["1001"], "c0ffee", 1)
            await self._send(method, uri, to, f"Authorization: {proof}\r\n{extra}", body)
            response = await self._final()
        return response

    async def ack(self, uri: str, response: Response, branch: str = "") -> None:
        await self._send("ACK", uri, response.headers.get("To") or "", branch=branch)

    async def reply(self, request: Request, status: int, body: str = "") -> None:
        lines = "".join(f"Via: {value}\r\n" for value in request.headers.all("Via"))
        await self._socket.send(
            f"SIP/2.0 {status} X\r\n{lines}From: {request.headers.get('From')}\r\n"
            f"To: {request.headers.get('To')};tag=web\r\nCall-ID: {request.call_id}\r\n"
            f"CSeq: {request.headers.get('CSeq')}\r\nContact: <sip:1001@df7jal.invalid;transport=ws>\r\n"
            f"{'Content-Type: application/sdp' + chr(13) + chr(10) if body else ''}"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        )

    async def _send(
        self, method: str, uri: str, to: str, extra: str = "", body: str = "", branch: str = ""
    ) -> str:
        if method != "ACK":
            self._cseq += 1
        branch = branch or f"z9hG4bKw{self._cseq}{method}"
        content = "Content-Type: application/sdp\r\n" if body else ""
        await self._socket.send(
            f"{method} {uri} SIP/2.0\r\nVia: SIP/2.0/{self._kind} df7jal.invalid;branch={branch}\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:1001@demo.local>;tag=w\r\nTo: {to}\r\nCall-ID: web\r\n"
            f"CSeq: {self._cseq} {method}\r\nContact: <sip:1001@df7jal.invalid;transport=ws>\r\n"
            f"{extra}{content}Content-Length: {len(body)}\r\n\r\n{body}"
        )
        return branch

    async def _final(self) -> Response:
        while True:
            message = await self.hear()
            if isinstance(message, Response) and message.status >= 200:
                return message
