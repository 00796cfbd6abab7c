"""libopus through ctypes."""

import numpy as np

from media.codec import libopus


def test_what_one_coder_writes_another_reads() -> None:
    coder = libopus.encoder(16_000, application=libopus.VOIP, bits=24_000, complexity=0)
    pcm, heard = np.zeros(320, np.int16), np.zeros(960, np.int16)
    packet = bytearray(200)
    raw = (libopus.ctypes.c_char * 200).from_buffer(packet)
    size = libopus.encode(coder, pcm.ctypes.data, 320, raw, 200)
    assert 0 < size <= 200
    for rate, samples in ((16_000, 320), (48_000, 960)):
        count = libopus.decode(
            libopus.decoder(rate), bytes(packet[:size]), size, heard.ctypes.data, len(heard), 0
        )
        assert count == samples


def test_what_is_no_packet_is_an_error_and_leaves_the_decoder_as_it_was() -> None:
    coder, heard = libopus.decoder(16_000), np.zeros(320, np.int16)
    assert libopus.decode(coder, b"\xff", 1, heard.ctypes.data, 320, 0) < 0
    assert libopus.decode(coder, b"\x48", 1, heard.ctypes.data, 320, 0) == 320


def test_two_packets_of_one_kind_become_one() -> None:
    """RFC 6716 §3.2.3, §3.2.4: of equal length (code 1) or not (code 2), and a third (code 3)."""
    coder, wider = (b"\x48" + bytes(size) for size in (20, 30))
    both = libopus.join(coder, wider, 1_276)
    assert both is not None and both[0] == 0x48 | 2
    assert libopus.join(coder, coder, 1_276) == b"\x49" + bytes(40)
    three = libopus.join(both, coder, 1_276)
    assert three is not None and three[0] == 0x48 | 3 and three[1] & 0x3F == 3


def test_packets_of_two_kinds_too_large_or_none_are_not_joined() -> None:
    narrow, wider = b"\x08" + bytes(20), b"\x48" + bytes(20)
    assert libopus.join(narrow, wider, 1_276) is None
    assert libopus.join(wider, bytes([0x48]) + bytes(1_270), 1_276) is None
    assert libopus.join(wider, b"", 1_276) is None and libopus.join(b"\xff", wider, 1_276) is None
    long = b"\x58" + bytes(20)  # 60 ms each; 120 are allowed, 180 are not
    both = libopus.join(long, long, 1_276)
    assert both is not None and libopus.join(both, long, 1_276) is None
