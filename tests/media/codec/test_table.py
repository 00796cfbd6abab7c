import numpy as np

from media.codec import table


def test_a_law_is_found_by_its_encoding_name_and_has_the_payload_type_of_rfc_3551() -> None:
    assert table.LAWS[table.NUMBER["pcmu"]].payload_type == 0
    assert table.LAWS[table.NUMBER["pcma"]].payload_type == 8
    assert (table.NUMBER["pcmu"], table.NUMBER["pcma"]) == (table.ULAW, table.ALAW)


def test_silence_decodes_to_the_quietest_sample_of_its_law() -> None:
    for number, law in enumerate(table.LAWS):
        assert abs(int(law.to_linear[law.silence])) == np.abs(law.to_linear.astype(int)).min()
        assert table.SILENCE[number] == law.silence


def test_the_cross_tables_lead_from_one_silence_to_the_other() -> None:
    # A-law has no zero: its +8 is µ-law's code for +8, one step above silence.
    assert table.TO_OTHER[table.ULAW][0xFF] == 0xD5
    assert abs(int(table.LAWS[table.ULAW].to_linear[table.TO_OTHER[table.ALAW][0xD5]])) <= 8


def test_rows_of_mixed_codecs_are_coded_each_in_its_own() -> None:
    frames = np.random.default_rng(1).integers(0, 256, (4, 160), np.uint8)
    law = np.array([0, 1, 1, 0], np.uint8)
    pcm = table.decode(frames, law)
    for row, number in enumerate(law):
        assert (pcm[row] == table.LAWS[number].to_linear[frames[row]]).all()
    assert (table.decode(table.encode(pcm, law), law) == pcm).all()
    assert (table.encode(pcm[:1], law[:1]) == table.encode(pcm, law)[:1]).all()


def test_no_rows_are_no_trouble() -> None:
    none = np.zeros((0, 160), np.uint8)
    assert table.encode(table.decode(none, none[:, 0]), none[:, 0]).shape == (0, 160)
