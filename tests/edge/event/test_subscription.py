"""The notifier's machine (RFC 6665 §4.2)."""

from edge.event.subscription import State, Subscription
from edge.sip.address import Address
from edge.sip.build import request, response_to
from edge.sip.dialog import Dialog
from edge.sip.flow import Flow, Transport
from edge.sip.message import Request
from edge.sip.uri import Uri

PEER = Address.parse("<sip:1001@192.0.2.7>;tag=theirs")


class Watcher:
    def __init__(self) -> None:
        subscribe = request(
            "SUBSCRIBE",
            Uri.parse("sip:1002@demo.local"),
            from_=PEER,
            to=Address.parse("<sip:1002@demo.local>"),
            call_id="c",
            cseq=1,
            contact=PEER,
        )
        self.sent: list[Request] = []
        self.state = "idle"
        dialog = Dialog.uas(subscribe, "ours")
        self.subscription = Subscription(
            dialog,
            Flow(Transport.UDP, ("192.0.2.7", 5060)),
            "dialog;id=7",
            lambda subscription, notify, now: self.sent.append(notify),
            lambda version, now: State("text/plain", self.state.encode(), self.state.encode()),
        )

    def answer(self, status: int | None, now: float = 0.0) -> None:
        response = None if status is None else response_to(self.sent[-1], status)
        self.subscription.answered(response, now)

    def told(self) -> list[tuple[str, str]]:
        """(subscription state, body) since the last look."""
        sent, self.sent = self.sent, self.sent[-1:]
        return [(m.headers.get("Subscription-State") or "", m.body.decode()) for m in sent]


def test_the_state_is_told_at_once_and_at_every_change() -> None:
    watcher = Watcher()
    watcher.subscription.grant(600, 0.0)
    assert watcher.told() == [("active;expires=600", "idle")]
    assert watcher.sent[0].headers.get("Event") == "dialog;id=7"
    watcher.answer(200)
    watcher.subscription.changed(1.0)
    assert len(watcher.sent) == 1  # nothing is new
    watcher.state = "busy"
    watcher.subscription.changed(100.0)
    assert watcher.told()[1:] == [("active;expires=500", "busy")]


def test_nothing_is_told_before_the_subscribe_is_answered() -> None:
    """RFC 6665 §4.2.1: a change may come while the 200 waits for its commit."""
    watcher = Watcher()
    watcher.state = "busy"
    watcher.subscription.changed(1.0)
    assert watcher.told() == []
    watcher.subscription.grant(600, 1.1)
    assert watcher.told() == [("active;expires=600", "busy")]


def test_one_report_at_a_time_and_the_last_state_counts() -> None:
    watcher = Watcher()
    watcher.subscription.grant(600, 0.0)
    for state in ("a", "b", "c"):
        watcher.state = state
        watcher.subscription.changed(1.0)
    assert len(watcher.sent) == 1
    watcher.answer(200, 2.0)
    assert watcher.sent[-1].body == b"c" and len(watcher.sent) == 2


def test_a_refresh_tells_all_again() -> None:
    watcher = Watcher()
    watcher.subscription.grant(600, 0.0)
    watcher.answer(200)
    watcher.subscription.grant(600, 300.0)
    assert len(watcher.sent) == 2


def test_zero_seconds_is_a_look_and_an_end() -> None:
    """§4.4.3."""
    watcher = Watcher()
    watcher.subscription.grant(0, 0.0)
    assert watcher.told() == [("terminated;reason=timeout", "idle")] and watcher.subscription.over


def test_a_watcher_that_asks_for_a_moment_gets_it() -> None:
    """§4.2.2; but never for 481: nobody is there."""
    watcher = Watcher()
    watcher.subscription.grant(600, 0.0)
    for status, after, again in ((503, "7", 7.0), (500, "86400", 60.0)):
        response = response_to(watcher.sent[-1], status, headers=(("Retry-After", after),))
        assert watcher.subscription.answered(response, 1.0) == again and not watcher.subscription.over
        watcher.subscription.changed(8.0)
        assert watcher.sent[-1].body == b"idle"
    assert len(watcher.sent) == 3
    response = response_to(watcher.sent[-1], 481, headers=(("Retry-After", "1"),))
    assert watcher.subscription.answered(response, 9.0) is None and watcher.subscription.over


def test_a_watcher_that_does_not_answer_is_gone() -> None:
    for status in (481, 404, None):
        watcher = Watcher()
        watcher.subscription.grant(600, 0.0)
        watcher.answer(status)
        assert watcher.subscription.over
        watcher.state = "busy"
        watcher.subscription.changed(1.0)
        assert len(watcher.sent) == 1
