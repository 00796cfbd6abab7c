"""RFC 3842 §5.2."""

from edge.event.message_summary import Mailbox, document


def test_new_messages_light_the_lamp() -> None:
    assert document("1001", "demo.local", Mailbox(2, 5)) == (
        b"Messages-Waiting: yes\r\nMessage-Account: sip:1001@demo.local\r\nVoice-Message: 2/5 (0/0)\r\n"
    )
    assert document("1001", "demo.local", Mailbox(0, 5)).startswith(b"Messages-Waiting: no\r\n")
