"""The a=crypto attribute (RFC 4568 §9.1, RFC 7714 §14)."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sdp.crypto import KEY_BYTES, CryptoLine, fault, read

KEY = base64.b64encode(bytes(range(30))).decode()


def test_the_example_of_the_rfc_is_read() -> None:
    """RFC 4568 §4, without its FEC order, which we do not speak."""
    value = "1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20"
    (line,) = read([value])
    assert (line.tag, line.suite, line.key) == (
        1,
        "AES_CM_128_HMAC_SHA1_80",
        b"YS___semctl () {\t220;}\n}\nunles",
    )


@pytest.mark.parametrize(
    "value",
    [
        "",
        "1 AES_CM_128_HMAC_SHA1_80",
        f"x AES_CM_128_HMAC_SHA1_80 inline:{KEY}",
        f"1 F8_128_HMAC_SHA1_80 inline:{KEY}",
        f"1 AES_CM_128_HMAC_SHA1_80 outline:{KEY}",
        "1 AES_CM_128_HMAC_SHA1_80 inline:AAAA",
        "1 AES_CM_128_HMAC_SHA1_80 inline:" + "?" * 40,
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^20|1:129",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|1:0",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|1:x",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|1:4|2^20",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^20|2^20|1:4",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY};inline:{KEY}",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} UNENCRYPTED_SRTP",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} KDR=1",
        f"1 AEAD_AES_256_GCM inline:{KEY}",
    ],
)
def test_what_we_cannot_do_is_passed_over(value: str) -> None:
    assert read([value]) == ()


def test_a_window_hint_and_missing_padding_do_no_harm() -> None:
    key = base64.b64encode(bytes(28)).decode().rstrip("=")
    (line,) = read([f"7 aead_aes_128_gcm inline:{key} WSH=128"])
    assert line == CryptoLine(7, "AEAD_AES_128_GCM", bytes(28))


@pytest.mark.parametrize(
    ("more", "mki"), [("|1:4", 4), ("|2^31|1:1", 1), ("|2^48|12345:128", 128), ("|2^20", 0)]
)
def test_the_length_of_a_key_identifier_is_read(more: str, mki: int) -> None:
    """RFC 4568 §6.1; our own lines have none."""
    (line,) = read([f"2 AES_CM_128_HMAC_SHA1_80 inline:{KEY}{more}"])
    assert line.mki == mki and str(line) == f"2 AES_CM_128_HMAC_SHA1_80 inline:{KEY}"


def test_of_two_lines_with_one_tag_the_first_counts() -> None:
    """§9.1: tags are unique."""
    lines = read([f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}", f"1 AES_CM_128_HMAC_SHA1_32 inline:{KEY}"])
    assert [line.suite for line in lines] == ["AES_CM_128_HMAC_SHA1_80"]


def test_a_thousand_lines_are_not_read() -> None:
    assert len(read(f"{tag} AES_CM_128_HMAC_SHA1_80 inline:{KEY}" for tag in range(1000))) == 32


def test_keys_do_not_show() -> None:
    assert "secret" not in repr(CryptoLine(1, "AES_CM_128_HMAC_SHA1_80", b"secret"))


@given(st.sampled_from(sorted(KEY_BYTES)), st.integers(0, 999_999_999), st.data())
def test_what_is_written_is_read_again(suite: str, tag: int, data: st.DataObject) -> None:
    size = KEY_BYTES[suite]
    line = CryptoLine(tag, suite, data.draw(st.binary(min_size=size, max_size=size)))
    assert read([str(line)]) == (line,)


@given(st.lists(st.text(max_size=300), max_size=5))
def test_no_text_is_too_strange(values: list[str]) -> None:
    read(values)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (f"1 AES_256_CM_HMAC_SHA1_80 inline:{'A' * 62}", "we do not speak AES_256_CM_HMAC_SHA1_80"),
        (
            "1 AES_CM_128_HMAC_SHA1_80 inline:QUJD",
            "its key and salt have 3 bytes, those of AES_CM_128_HMAC_SHA1_80 30",
        ),
        (
            f"1 aead_aes_256_gcm inline:{'A' * 40}",
            "its key and salt have 30 bytes, those of AEAD_AES_256_GCM 44",
        ),
        ("1 AES_CM_128_HMAC_SHA1_80 inline:?", "its key is no base64"),
        (
            f"1 AES_CM_128_HMAC_SHA1_80 inline:{'A' * 40} UNENCRYPTED_SRTP",
            "its tag or a parameter is not understood (1)",
        ),
        (f"x AES_CM_128_HMAC_SHA1_80 inline:{'A' * 40}", "its tag or a parameter is not understood (x)"),
        ("1", "we do not speak what it names"),
        ("", "we do not speak what it names"),
    ],
)
def test_who_is_refused_is_told_what_is_wrong_with_his_first_line(value: str, why: str) -> None:
    assert read([value]) == () and fault([value]) == why


@given(st.text(max_size=300))
def test_no_fault_is_without_a_reason(value: str) -> None:
    assert fault([value])
