"""What an engine tells of itself."""

from media.gauges import VoiceGauges
from tests.support.phone import Studio


def test_an_idle_engine_tells_zeros_and_its_free_ports() -> None:
    gauges = Studio().engine.gauges()
    assert (gauges.legs, gauges.connected, gauges.send_errors) == (0, 0, 0)
    assert gauges.free_ports > 0 and gauges.ticks.ticks == 0 and gauges.ticks.share == 0.0
    assert gauges.voices == VoiceGauges()
