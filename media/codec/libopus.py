"""libopus itself, as it comes with PyAV, without FFmpeg around it (RFC 6716).

FFmpeg's wrapper costs a third of the coding, decodes at 48 kHz alone, and cannot be told of losses while it
works. States lie in Python's memory and go with it. The interpreter's lock is kept: a call takes 10 to 40 µs,
less than to hand the lock over and to wait for it.
"""

import ctypes
import ctypes.util
from pathlib import Path
from typing import Final

import av

VOIP: Final = 2_048
_SET_BITRATE: Final = 4_002
_SET_VBR: Final = 4_006
_SET_COMPLEXITY: Final = 4_010
_SET_INBAND_FEC: Final = 4_012
_SET_PACKET_LOSS_PERCENT: Final = 4_014
_SET_DTX: Final = 4_016
_SET_VBR_CONSTRAINT: Final = 4_020
_RESET_STATE: Final = 4_028


def _find() -> str | None:
    """PyAV's wheels bring it along; a PyAV of the distribution uses the system's."""
    package = Path(av.__file__).parent
    bundled = [*package.parent.glob("av.libs/libopus[-.]*"), *package.glob(".dylibs/libopus[-.]*")]
    return str(bundled[0]) if bundled else ctypes.util.find_library("opus")


def _load() -> ctypes.PyDLL:
    found = _find()
    if found is None:
        raise ImportError("libopus is neither in the wheel of PyAV nor on this system (Debian: libopus0)")
    return ctypes.PyDLL(found)


_opus = _load()
_opus.opus_encoder_init.argtypes = [ctypes.c_void_p, ctypes.c_int32, ctypes.c_int, ctypes.c_int]
_opus.opus_decoder_init.argtypes = [ctypes.c_void_p, ctypes.c_int32, ctypes.c_int]
# What comes behind these is variadic, which some platforms pass in another way.
_opus.opus_encoder_ctl.argtypes = [ctypes.c_void_p, ctypes.c_int]

encode = _opus.opus_encode
"(state, address of samples, how many, packet, its size) → bytes written, below 0: an error."
encode.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int32]
decode = _opus.opus_decode
"""(state, packet, its size, address of samples, room for how many, 0) → samples written, below 0: an error.

1 in the place of 0 asks for the frame before the packet, None in that of the packet for one made up."""
decode.argtypes = [
    ctypes.c_void_p,
    ctypes.c_char_p,
    ctypes.c_int32,
    ctypes.c_void_p,
    ctypes.c_int,
    ctypes.c_int,
]

State = ctypes.Array[ctypes.c_char]

_opus.opus_repacketizer_init.argtypes = [ctypes.c_void_p]
_opus.opus_repacketizer_cat.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int32]
_opus.opus_repacketizer_out.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int32]
_joint: Final = ctypes.create_string_buffer(_opus.opus_repacketizer_get_size())


def encoder(rate: int, *, application: int, bits: int, complexity: int) -> State:
    """An encoder of one channel with constrained variable bit rate and in-band FEC."""
    state = ctypes.create_string_buffer(_opus.opus_encoder_get_size(1))
    assert _opus.opus_encoder_init(state, rate, 1, application) == 0, "rate and application are Opus's own"
    for request, value in (
        (_SET_BITRATE, bits),
        (_SET_COMPLEXITY, complexity),
        (_SET_VBR, 1),
        (_SET_VBR_CONSTRAINT, 1),
        (_SET_INBAND_FEC, 1),
    ):
        _opus.opus_encoder_ctl(state, request, ctypes.c_int32(value))
    return state


def expect_loss(state: State, percent: int, bits: int) -> None:
    """Have an encoder spend FEC on so many lost packets, and so many bits per second on all."""
    _opus.opus_encoder_ctl(state, _SET_PACKET_LOSS_PERCENT, ctypes.c_int32(percent))
    _opus.opus_encoder_ctl(state, _SET_BITRATE, ctypes.c_int32(bits))


def pause(state: State, *, pauses: bool) -> None:
    """Have an encoder code nothing, but for a frame every 0.4 s, while nobody speaks: packets of a byte."""
    _opus.opus_encoder_ctl(state, _SET_DTX, ctypes.c_int32(pauses))


def join(first: bytes, second: bytes, largest: int) -> bytes | None:
    """Two packets in one (RFC 6716 §3.2); None: of two modes or bandwidths, or above `largest` bytes."""
    _opus.opus_repacketizer_init(_joint)
    for packet in (first, second):
        if _opus.opus_repacketizer_cat(_joint, packet, len(packet)):
            return None
    out = ctypes.create_string_buffer(largest)
    size = _opus.opus_repacketizer_out(_joint, out, largest)
    return out.raw[:size] if size > 0 else None


def begin(state: State) -> None:
    """Let an encoder code what comes next as the beginning of a stream."""
    _opus.opus_encoder_ctl(state, _RESET_STATE)


def decoder(rate: int) -> State:
    """A decoder to one channel at `rate`, whatever the sender chose."""
    state = ctypes.create_string_buffer(_opus.opus_decoder_get_size(1))
    assert _opus.opus_decoder_init(state, rate, 1) == 0, "the rate is one of Opus"
    return state
