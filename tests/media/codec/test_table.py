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
