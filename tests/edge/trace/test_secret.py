"""What must not be shown of a message."""

from edge.trace.secret import blanked


def test_the_proof_of_a_password_is_blanked_in_any_spelling() -> None:
    message = b'REGISTER sip:x SIP/2.0\r\nAUTHORIZATION: Digest username="a", Response="5ec4e7"\r\n\r\n'
    assert b"5ec4e7" not in blanked(message) and b'username="a"' in blanked(message)


def test_keys_of_srtp_are_blanked() -> None:
    message = b"INVITE x SIP/2.0\r\n\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0|2^20\r\n"
    assert b"c2VjcmV0" not in blanked(message)


def test_keys_that_are_pressed_are_blanked_where_that_is_asked_for() -> None:
    info = b"INFO sip:x SIP/2.0\r\nCall-ID: a\r\n\r\nSignal=7"
    assert blanked(info) == info and b"Signal=7" not in blanked(info, keys=True)
