"""Defaults and bounds of the settings tree (design §6)."""

import pytest
from pydantic import ValidationError

from config.schema import Listen, MediaLimits, Settings, SipLimits, SipTransport

ONE = {"accounts": [{"id": "a", "domain": "d"}]}


def test_only_accounts_must_be_given() -> None:
    settings = Settings.model_validate(ONE)
    assert [(s.transport, s.port) for s in settings.listen.sip] == [
        (SipTransport.UDP, 5060),
        (SipTransport.TCP, 5060),
        (SipTransport.WS, 5066),
    ]
    assert settings.listen.http.port == 8080 and settings.listen.http.address == "127.0.0.1"
    assert settings.listen.rtp.ports == (20_000, 29_999)
    assert settings.gates.nodes == ("127.0.0.0/8", "::1/128") and settings.gates.admin_token == ""
    assert settings.security.failed_auth.count == 10 and settings.security.scanners.ban == 86_400
    assert settings.limits.sip == SipLimits() and settings.limits.media == MediaLimits()
    with pytest.raises(ValidationError):
        Settings.model_validate({})


def test_a_certificate_adds_the_secure_listeners_to_the_default_list() -> None:
    listen = Listen.model_validate({"tls": {"certificate": "a.pem", "key": "a.key"}})
    assert [(s.transport.value, s.port) for s in listen.sip[3:]] == [("tls", 5061), ("wss", 5067)]


def test_client_certificates_need_an_authority() -> None:
    with pytest.raises(ValidationError, match="verify_client needs ca"):
        Listen.model_validate({"tls": {"certificate": "a.pem", "key": "a.key", "verify_client": True}})


def test_an_origin_is_a_scheme_and_a_host() -> None:
    listen = Listen.model_validate({"origins": ["https://Phone.example.com"]})
    assert listen.origins == ("https://phone.example.com",)
    with pytest.raises(ValidationError, match="no web origin"):
        Listen.model_validate({"origins": ["https://phone.example.com/page"]})


def test_listen_sip_replaces_the_default_list() -> None:
    listen = Listen.model_validate({"sip": [{"transport": "udp", "port": 5070}]})
    assert [s.port for s in listen.sip] == [5070]


def test_limits_take_durations_and_numbers() -> None:
    assert SipLimits(ring_timeout=5.0).ring_timeout == 5.0
    assert SipLimits.model_validate({"ring_timeout": "45s"}).ring_timeout == 45.0


@pytest.mark.parametrize("ports", [[20000, 20000], [30000, 20000], [80, 90], [1]])
def test_the_rtp_range_holds_a_pair(ports: list[int]) -> None:
    with pytest.raises(ValidationError):
        Listen.model_validate({"rtp": {"ports": ports}})


def test_settings_are_frozen_and_hide_their_secrets() -> None:
    settings = Settings.model_validate(
        ONE | {"gates": {"admin_token": "s3cret"}, "store": "postgresql://u:s3cret@h"}
    )
    with pytest.raises(ValidationError):
        settings.node.name = "x"
    assert "s3cret" not in repr(settings)
