"""Messages of many connections, handed up together.

What is read in one round of the loop is one batch: done in a row it costs less (`edge/intake.py`). Datagrams
come so already (`udp.py`).
"""

import asyncio
from typing import Final

from edge.sip.flow import Flow, Received
from edge.transport.upper import Upper

_MOST: Final = 64  # messages together; the audio's tick must get its turn


class Gathering:
    def __init__(self, upper: Upper, loop: asyncio.AbstractEventLoop) -> None:
        self._upper = upper
        self._loop = loop
        self._batch: list[Received] = []

    def put(self, message: bytes, flow: Flow) -> None:
        """It is handed up when all that can be read now has been, or with as many as go together."""
        self._batch.append((message, flow))
        if len(self._batch) == 1:
            self._loop.call_soon(self.flush)
        elif len(self._batch) == _MOST:
            self.flush()

    def flush(self) -> None:
        """Hand up what there is: before a connection is closed or said to be gone."""
        if self._batch:
            batch, self._batch = self._batch, []
            self._upper.receive(batch, self._loop.time())
