"""Payload types of a later offer (RFC 3264 §8.3.2)."""

from edge.sdp.numbering import events_of, kept
from media.port import Codec

PCMU, OPUS, L16 = Codec("pcmu", 0), Codec("opus", 111, 48_000), Codec("l16", 112, 16_000)


def test_what_was_agreed_on_keeps_its_number_and_gives_way_to_none() -> None:
    agreed = (Codec("opus", 101, 48_000), Codec("pcmu", 0), Codec("opus", 120, 48_000))
    assert kept((PCMU, OPUS, L16), agreed, (96,)) == (PCMU, Codec("opus", 101, 48_000), L16)


def test_a_codec_whose_number_now_means_another_thing_gets_a_free_one() -> None:
    moved = kept((PCMU, OPUS, L16), (Codec("l16", 111, 16_000),), (96,))
    assert moved == (PCMU, Codec("opus", 97, 48_000), Codec("l16", 111, 16_000))
    assert kept((OPUS,), (), (111,)) == (Codec("opus", 96, 48_000),)


def test_a_codec_for_which_there_is_no_number_left_is_left_out() -> None:
    agreed = tuple(Codec(f"x{number}", number) for number in range(96, 128))
    assert kept((PCMU, OPUS), agreed, ()) == (PCMU,)


def test_events_keep_their_numbers_and_new_clocks_get_free_ones() -> None:
    assert events_of((8000, 48_000), 101, (PCMU,), {}) == {8000: 101, 48_000: 102}
    assert events_of((8000, 48_000, 8000), 101, (Codec("opus", 101, 48_000),), {48_000: 96}) == {
        8000: 102,
        48_000: 96,
    }
    assert events_of((8000, 48_000), 127, (PCMU,), {}) == {8000: 127}, "there is no room for another"
