"""Where nobody has called there is nobody to tell."""

from edge.call.no_caller import NoCaller
from edge.sip.answering import AnsweringSession


def test_it_takes_what_a_call_says_to_its_caller() -> None:
    nobody = NoCaller()
    nobody.progress(180, b"", 0.0)
    nobody.accept(b"", 0.0)
    nobody.reject(480, 0.0)
    nobody.bye(0.0)
    assert (nobody.call_id, nobody.offer, nobody.invite) == ("", b"", None)
    wanted = {"progress", "accept", "reject", "bye", "needs_prack", "max_forwards", "call_id"}
    assert wanted <= set(dir(nobody)) & set(dir(AnsweringSession))
