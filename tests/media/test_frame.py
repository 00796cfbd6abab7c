from media import frame


def test_the_frame_is_20_ms_and_each_group_has_one_tick_in_it() -> None:
    assert frame.FRAME_SAMPLES * 1000 == frame.SAMPLE_RATE * frame.FRAME_MS
    assert frame.FRAME_SECONDS * 1000 == frame.FRAME_MS
    assert frame.TICK_SECONDS * frame.GROUPS == frame.FRAME_SECONDS
