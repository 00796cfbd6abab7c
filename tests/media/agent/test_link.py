"""One session and its socket; what it does on a call is proved in test_plane.py."""

from media.agent.contract import Encoding
from tests.support.agent import Bench


def test_a_muted_agent_is_sent_silence_in_place_of_the_caller() -> None:
    bench = Bench()
    line = bench.attach()
    link = bench.plane._links[0]
    assert link is not None
    line.take()
    link.mute(Encoding.PCM_8000)
    link.hear(b"\1\2" * 160)
    link.mute(None)
    link.hear(b"\1\2" * 160)
    assert line.take() == [bytes(320), b"\1\2" * 160]


def test_a_socket_that_opens_too_late_is_closed() -> None:
    bench = Bench()
    line = bench.attach()
    link = bench.plane._links[0]
    assert link is not None
    bench.plane.detach(0, bench.now)
    link.opened(line)
    assert line.closed_with == 1000
