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
