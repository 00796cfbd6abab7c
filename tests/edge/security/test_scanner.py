"""User-Agents of scanners (issue 3, Security)."""

import pytest

from edge.security.scanner import is_scanner


@pytest.mark.parametrize(
    "name",
    [
        "friendly-scanner",
        "sipvicious",
        "SIPVicious/0.3.4",
        "sipcli/v1.8",
        "sip-scan",
        "VaxSIPUserAgent/3.1",
        "pplsip",
        "sundayddr",
        "My FRIENDLY-SCANNER 2",
    ],
)
def test_knows_the_scanners_in_any_spelling(name: str) -> None:
    assert is_scanner(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Yealink SIP-T46U 108.86.0.20",
        "baresip v2.9.0 (x86_64/Linux)",
        "PJSUA v2.15.1 Linux-6.1/x86_64",
        "Linphone/5.2 (belle-sip/5.3)",
        "snomD785/10.1.159.12",
        "FreeSWITCH-mod_sofia/1.10",
        "Asterisk PBX 22.1",
        "Grandstream GXP2170 1.0.11",
        "MicroSIP/3.21.6",
        "Zoiper rv2.10.20",
        "sipclient",
        "Cisco-CP8841/12.5",
        "SIPp",
    ],
)
def test_lets_phones_and_switches_be(name: str) -> None:
    assert not is_scanner(name)


def test_reads_no_more_than_the_beginning() -> None:
    assert not is_scanner("x" * 60_000 + "sipvicious")
