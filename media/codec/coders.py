"""One leg's wideband coders and what lies between them and the columns.

A codec whose payload is not 160 bytes leaves a ticket in the jitter buffer's row and its parcel
here. A parcel may decode to more or less than one frame: what is over waits for the next one.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from media.codec.g711 import Bytes, Pcm
from media.codec.table import Conceals, Decoder, Encoder, Wide

TICKETS: Final = 256
"Parcels kept; far more than a jitter buffer holds, so a ticket in it is never another's."

MOST_LOST: Final = 8
"Lost frames in a row of which a decoder is told: what they would have changed has faded by then."
SAMPLES: Final = 320
"Of one frame, 20 ms at 16 kHz."
_NOTHING: Final = np.zeros(0, np.int16)
_NO_ROW: Final = np.zeros(0, np.uint8)


class Coders:
    """Small until it is used: most legs speak G.711."""

    __slots__ = (
        "_awaited",
        "_codec_in",
        "_codec_out",
        "_decoder",
        "_encoder",
        "_most_bits",
        "_next",
        "_parcels",
        "_row",
        "_spare",
        "joins",
        "pauses",
    )

    def __init__(self) -> None:
        self._parcels: list[tuple[bytes, ...]] = []
        self._next = 0
        self._row = _NO_ROW
        self._codec_in: Wide | None = None
        self._codec_out: Wide | None = None
        self._decoder: Decoder | None = None
        self._encoder: Encoder | None = None
        self._spare = _NOTHING
        self._awaited: int | None = None
        "Number of a frame that was not there when it was due, and may still come."
        self._most_bits, self.pauses = 0, False
        self.joins: int | None = None
        "Number of the codec in the midst of whose audio the first frame begins, to which it is to be joined."

    def deposit(self, parcel: tuple[bytes, ...]) -> Bytes:
        """Keep a parcel; returns the row (160,) that stands for it, good until the next call."""
        if not self._parcels:
            self._parcels = [()] * TICKETS
            self._row = np.zeros(160, np.uint8)
        self._parcels[self._next] = parcel
        self._row[0] = self._next
        self._next = (self._next + 1) % TICKETS
        return self._row

    def payload(self, codec: Wide, row: Bytes) -> bytes | None:
        """What to send on unchanged for a frame of the jitter buffer; None when it is not one payload."""
        if not codec.parcels:
            whole: bytes = row.tobytes()
            return whole
        parcel = self._parcel(row)
        if len(parcel) == 1 and codec.ticks(parcel[0]) == codec.step:
            return parcel[0]
        return None

    def decode(
        self, codec: Wide, row: Bytes, number: int, there: NDArray[np.bool_] | None = None
    ) -> Pcm | None:
        """One frame of the jitter buffer, and its number → (320,) at 16 kHz; None when it cannot be decoded.

        Args:
            there: if not all of it has come, which samples at 8 kHz have, (160,); those alone are decoded.
        """
        if codec is not self._codec_in or self._decoder is None:
            self._codec_in, self._decoder, self._spare, self._awaited = codec, codec.decoder(), _NOTHING, None
        decoder = self._decoder
        if not codec.parcels:
            return decoder.decode((row if there is None else row[there]).tobytes())
        wanted = SAMPLES if there is None else 2 * int(np.count_nonzero(there))
        parcel = self._parcel(row)
        self._pass_over(number, parcel)
        pieces = [decoder.decode(payload) for payload in parcel]
        if len(pieces) == 1 and len(pieces[0]) == SAMPLES == wanted:
            self._spare = _NOTHING
            return pieces[0]
        whole = np.concatenate((self._spare, *pieces))
        # The most that a packet holds is 120 ms; beyond that the stream was not what it said.
        self._spare = whole[wanted:][: 6 * SAMPLES]
        return whole[:wanted] if len(whole) >= wanted else None

    def conceal(self, codec: Wide, number: int, following: Bytes | None) -> tuple[Pcm, bool] | None:
        """(320,) in the place of a missing frame, and whether that was sent; None: the codec has nothing.

        Args:
            following: the frame of the jitter buffer behind it; None: nothing has come, and it may be late.
                What a decoder makes up is part of its stream from then on: a frame that was only late, and
                those behind it, would be decoded wrong.
        """
        self._spare = _NOTHING
        if codec is not self._codec_in or not isinstance(self._decoder, Conceals):
            return None
        if following is None:
            self._awaited = number if self._awaited is None else self._awaited
            return None
        self._pass_over(number, ())
        parcel = self._parcel(following)
        pcm, known = self._decoder.conceal(parcel[0] if parcel else b"")
        return (pcm, known) if len(pcm) == SAMPLES else None

    def restores(self, codec: Wide, following: Bytes | None) -> bool:
        """Whether the frame of the jitter buffer behind a missing one holds that, too."""
        parcel = self._parcel(following) if codec.parcels and following is not None else ()
        return bool(parcel) and codec.holds_last(parcel[0])

    def _pass_over(self, number: int, parcel: tuple[bytes, ...]) -> None:
        """Frames that were awaited until `number` came were lost: the decoder is told of them now."""
        awaited, self._awaited = self._awaited, None
        if awaited is None or not isinstance(self._decoder, Conceals):
            return
        lost = number - awaited
        if 0 < lost <= MOST_LOST:
            for _ in range(lost - 1):
                self._decoder.conceal(b"")
            self._decoder.conceal(parcel[0] if parcel else b"")

    def _parcel(self, row: Bytes) -> tuple[bytes, ...]:
        """Rows of another codec, left over from before, stand for nothing."""
        return self._parcels[int(row[0])] if self._parcels else ()

    def skip(self) -> None:
        """A frame is missing: what was over belonged to its past."""
        self._spare = _NOTHING

    def begin(self, *, joins: int | None = None) -> None:
        """Decode what comes next as the beginning of a stream: of what came before, frames were left out."""
        self._decoder, self._spare, self._awaited, self.joins = None, _NOTHING, None, joins

    def encode(self, codec: Wide, pcm: Pcm) -> bytes:
        """20 ms at 16 kHz, (320,) and contiguous → payload; at 8 kHz, (160,), if the codec `narrows`."""
        if codec is not self._codec_out or self._encoder is None:
            self._codec_out, self._encoder = codec, codec.encoder()
            self._encoder.suit(self._most_bits, pauses=self.pauses)
        return self._encoder.encode(pcm)

    def suit(self, most_bits: int, *, pauses: bool) -> None:
        """Encode as the peer asks (`port.Codec`)."""
        self._most_bits, self.pauses = most_bits, pauses
        if self._encoder is not None:
            self._encoder.suit(most_bits, pauses=pauses)

    def expect_loss(self, percent: int) -> None:
        """The peer's latest report tells so much loss of what we send."""
        if self._encoder is not None:
            self._encoder.expect_loss(percent)
