"""Codecs and SRTP in the configuration."""

import pytest
from pydantic import ValidationError

from config.account import Account, User
from config.audio import PHONE_CODECS, TRUNK_CODECS
from config.trunk import Trunk


def test_phones_speak_wideband_and_trunks_g711_unless_told_otherwise() -> None:
    account = Account(id="acc_demo", domain="demo.local")
    assert (account.codecs, account.srtp) == (PHONE_CODECS, "optional")
    user = User(number="1001")
    assert user.codecs is None and user.srtp is None, "as its account"
    trunk = Trunk(name="carrier", proxy="sip:192.0.2.1")
    assert (trunk.codecs, trunk.srtp) == (TRUNK_CODECS, "optional")


@pytest.mark.parametrize("codecs", [[], ["speex"], "pcmu", ["pcmu"] * 6])
def test_codecs_that_we_do_not_speak_are_refused(codecs: object) -> None:
    with pytest.raises(ValidationError):
        User.model_validate({"number": "1001", "codecs": codecs})


def test_a_policy_of_srtp_is_one_of_three() -> None:
    assert Trunk.model_validate({"name": "t", "proxy": "sip:h", "srtp": "required"}).srtp == "required"
    with pytest.raises(ValidationError):
        Trunk.model_validate({"name": "t", "proxy": "sip:h", "srtp": True})


@pytest.mark.parametrize("more", [{"ptime": 25}, {"ptime": 0}, {"ptime": "soon"}, {"codec_order": "mine"}])
def test_a_packet_time_that_we_cannot_make_is_refused(more: dict[str, object]) -> None:
    assert User.model_validate({"number": "1001", "ptime": 30, "codec_order": "ours"}).ptime == 30
    with pytest.raises(ValidationError):
        User.model_validate({"number": "1001", **more})
