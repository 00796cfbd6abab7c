"""Outgoing HTTP: one request with a deadline, a bounded answer, few retries and no redirects."""

import asyncio
from typing import Final
from urllib.parse import urlsplit

import aiohttp
import orjson

from config.address import is_private_host
from config.schema import FlowLimits
from controlplane.provider.address import PublicResolver
from controlplane.store.plain import dump
from edge.flow.command import Fetch
from edge.flow.value import bounded
from edge.question import Reply

USER_AGENT: Final = "Tandem"
_PER_HOST: Final = 20


class HttpClient:
    """Opens with the first request; use it on one loop and close it."""

    def __init__(self, limits: FlowLimits) -> None:
        self._limits = limits
        self._sessions: dict[bool, aiohttp.ClientSession] = {}
        self._busy = 0

    async def fetch(self, fetch: Fetch, *, trusted: bool) -> Reply:
        """What came of it: `status` (0: no answer), `body`, `error`. Never raises.

        Args: trusted: the operator's own URL, which may lead to private addresses.
        """
        if self._busy >= self._limits.fetches:
            return {"status": 0, "body": None, "error": "too many requests are under way"}
        self._busy += 1
        try:
            for left in range(fetch.retries, -1, -1):
                reply = await self._once(fetch, trusted)
                status = reply["status"]
                if not left or (isinstance(status, int) and 0 < status < 500):
                    return reply
            raise AssertionError("the last try returns")
        finally:
            self._busy -= 1

    async def close(self) -> None:
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()

    # Inside.

    async def _once(self, fetch: Fetch, trusted: bool) -> Reply:
        try:
            if not trusted and is_private_host(urlsplit(fetch.url).hostname or ""):
                return {"status": 0, "body": None, "error": "the URL leads to a private address"}
            async with (
                asyncio.timeout(fetch.timeout),
                self._session(trusted).request(
                    fetch.method,
                    fetch.url,
                    headers=self._headers(fetch),
                    data=None if fetch.body is None else dump(fetch.body),
                    allow_redirects=False,
                ) as response,
            ):
                data = await self._read(response)
        except TimeoutError:
            return {"status": 0, "body": None, "error": f"no answer within {fetch.timeout:g} s"}
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return {"status": 0, "body": None, "error": str(error) or type(error).__name__}
        if data is None:
            why = f"the answer is longer than {self._limits.fetch_bytes} bytes"
            return {"status": 0, "body": None, "error": why}
        return {"status": response.status, "body": bounded(_decoded(data)), "error": ""}

    async def _read(self, response: aiohttp.ClientResponse) -> bytes | None:
        pieces = bytearray()
        async for piece in response.content.iter_any():
            pieces += piece
            if len(pieces) > self._limits.fetch_bytes:
                return None
        return bytes(pieces)

    def _session(self, trusted: bool) -> aiohttp.ClientSession:
        session = self._sessions.get(trusted)
        if session is None:
            connector = aiohttp.TCPConnector(
                limit=self._limits.fetches,
                limit_per_host=_PER_HOST,
                resolver=None if trusted else PublicResolver(),
            )
            session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
            self._sessions[trusted] = session
        return session

    def _headers(self, fetch: Fetch) -> dict[str, str]:
        headers = {"User-Agent": USER_AGENT, "Accept": "application/json"}
        if fetch.body is not None:
            headers["Content-Type"] = "application/json"
        return headers | dict(fetch.headers)


def _decoded(data: bytes) -> object:
    """JSON, else text."""
    try:
        return orjson.loads(data) if data else None
    except orjson.JSONDecodeError:
        return data.decode("utf-8", "replace")
