"""What issue 3 asks of *Calls* and *Trunks*, and the tests in which a peer that we did not write shows it."""

import re

import pytest

from tests.support.process import ROOT

CALLS = {
    "early media both ways": ["sipp_calls:early_media_is_passed_both_ways"],
    "100rel and PRACK": ["sipp_calls:provisional_responses_are_acknowledged_in_both_roles"],
    "UPDATE": ["sipp_calls:an_update_is_answered_to_either_side"],
    "hold, resume, codec change": ["sipp_calls:hold_resume_and_another_codec_are_answered_to_either_side"],
    "glare": [
        "sipp_calls:an_offer_before_our_answer_is_told_to_come_again",
        "sipp_calls:sessions_are_refreshed_at_half_time_and_glare_is_settled",
    ],
    "delayed offer": ["sipp_calls:who_offers_nothing_gets_our_offer_and_answers_in_the_ack"],
    "session timers": ["sipp_calls:session_timers_are_kept_in_both_roles"],
    "CANCEL and its races": [
        "sipp_calls:a_call_is_cancelled_with_its_reason",
        "sipp_calls:a_200_that_crosses_our_cancel_is_acknowledged_and_hung_up",
    ],
    "3xx": ["sipp_calls:a_deflection_is_followed_with_the_rights_of_who_deflects"],
    "forking": [
        "sipp_calls:devices_ring_at_once_and_the_slower_is_told_who_won",
        "sipp_calls:devices_ring_one_after_the_other",
    ],
    "forwarding": [
        "sipp_features:forwards_are_followed_for_callers_by_tcp",
        "sipp_calls:a_busy_user_is_forwarded",
        "sipp_calls:a_phone_that_is_not_answered_is_forwarded_in_time",
        "sipp_calls:who_does_not_want_to_be_disturbed_is_not",
    ],
    "loops and Max-Forwards": ["sipp_calls:no_hop_left_and_a_merged_request_are_refused"],
    "blind transfer": [
        "sipp_calls:a_blind_transfer_is_reported_also_when_it_fails",
        "sipp_calls:a_transfer_to_nobody_is_refused_at_once",
    ],
    "X-headers": ["sipp_features:custom_headers_of_a_trunk_reach_phones_and_trunks"],
    "P-Asserted-Identity and Privacy": [
        "sipp_features:who_a_trunk_asserts_is_shown_unless_he_wants_to_be_private"
    ],
    "Replaces": ["sipp_features:a_ringing_call_is_picked_up_by_somebody_else"],
    "BLF": ["sipp_features:a_busy_lamp_follows_a_call_from_ring_to_end"],
    "Reason on refusals": ["sipp_calls:a_refusal_reaches_the_caller_with_reason"],
}
TRUNKS = {
    "by address list": ["sipp_features:custom_headers_of_a_trunk_reach_phones_and_trunks"],
    "by digest": [
        "sipp_trunks:a_trunk_that_challenges_gets_our_credentials",
        "sipp_trunks:a_trunk_that_challenges_inside_a_call_too_finds_each_proof_right",
    ],
    "by our registration, refreshed": ["sipp_trunks:we_register_at_the_carrier_and_refresh_in_time"],
    "back-off of a registration, its state visible": [
        "sipp_trunks:a_carrier_that_is_out_of_order_is_asked_ever_later_until_it_answers",
        "sipp_trunks:a_carrier_that_grants_too_briefly_is_asked_for_what_it_wants",
    ],
    "OPTIONS with hysteresis": ["sipp_trunks:a_trunk_is_probed_and_its_health_changes_slowly"],
    "codecs": ["sipp_trunks:a_trunk_with_its_codecs_and_digits_without_plus"],
    "number format": [
        "sipp_trunks:a_trunk_with_its_codecs_and_digits_without_plus",
        "sipp_trunks:a_trunk_with_rewritten_numbers_and_one_hidden_identity",
    ],
    "max_channels": ["sipp_trunks:a_trunk_with_a_plus_and_no_more_channels_than_it_has"],
    "calls per second": ["sipp_trunks:a_trunk_with_so_many_calls_a_second"],
    "SRTP policy": ["sipp_trunks:a_trunk_that_must_be_secret_is_offered_srtp_and_left_when_it_declines"],
    "failover": ["sipp_trunks:a_trunk_that_fails_is_followed_by_the_next_of_its_route"],
    "unreachable": ["sipp_trunks:a_trunk_that_nobody_answers_for_is_left_in_time"],
    "no failover on busy": ["sipp_trunks:an_answer_of_the_callee_leads_to_no_other_trunk"],
}
UDP_ALONE = {
    "sipp_calls:sessions_are_refreshed_at_half_time_and_glare_is_settled": "takes 49 s",
    "sipp_trunks:we_register_at_the_carrier_and_refresh_in_time": "a daemon and 6 s for one timer",
    "sipp_trunks:a_carrier_that_is_out_of_order_is_asked_ever_later_until_it_answers": "the same",
    "sipp_trunks:a_carrier_that_grants_too_briefly_is_asked_for_what_it_wants": "the same",
    "sipp_trunks:a_trunk_is_probed_and_its_health_changes_slowly": "the same",
    "sipp_trunks:a_trunk_that_nobody_answers_for_is_left_in_time": "ICMP is UDP's",
}
LIBRARY = ROOT / "tests" / "interop"


@pytest.mark.parametrize("item", [*CALLS, *TRUNKS])
def test_an_item_is_shown_by_udp_and_tcp(item: str) -> None:
    for name in (CALLS | TRUNKS)[item]:
        file, test = name.split(":")
        source = (LIBRARY / f"test_{file}.py").read_text()
        found = re.search(rf"((?:^@.*\n|^ .*\n|^\)\n)*)^def test_{test}\([^)]*\) -> None:", source, re.M)
        assert found is not None, f"{name} is gone"
        text = source[found.start() : source.find("\n\n\n", found.end())]
        if name not in UDP_ALONE:
            assert "@BOTH" in text or '"t1"' in text, f"{name} is shown by one transport alone"
