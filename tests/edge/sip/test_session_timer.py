"""Session timers (RFC 4028), the arithmetic."""

import pytest

from edge.sip.headers import Headers
from edge.sip.message import Request, Response
from edge.sip.session_timer import Refresher, SessionTimer, interval, min_se
from edge.sip.uri import Uri


def request(**fields: str) -> Request:
    named = [(name.replace("_", "-"), value) for name, value in fields.items()]
    return Request("INVITE", Uri.parse("sip:a@b"), Headers(named))


def response(**fields: str) -> Response:
    return Response(200, "OK", request(**fields).headers)


def test_a_peer_without_timers_is_left_alone() -> None:
    timer = SessionTimer(1_800)
    assert timer.agree(request()) == () and timer.end_after is None and timer.refresh_after is None


@pytest.mark.parametrize(
    ("asked", "answer", "refresher"),
    [
        ("600;refresher=uac", "600;refresher=uac", Refresher.PEER),
        ("600;refresher=uas", "600;refresher=uas", Refresher.WE),
        ("600", "600;refresher=uac", Refresher.PEER),
    ],
)
def test_we_agree_to_what_the_caller_asks(asked: str, answer: str, refresher: Refresher) -> None:
    """§9."""
    timer = SessionTimer(1_800)
    headers = dict(timer.agree(request(Supported="timer", Session_Expires=asked)))
    assert headers == {"Session-Expires": answer, "Require": "timer"} and timer.refresher is refresher


def test_a_caller_that_only_supports_timers_gets_ours() -> None:
    timer = SessionTimer(1_800)
    headers = dict(timer.agree(request(Supported="100rel, timer", Min_SE="2000")))
    assert headers["Session-Expires"] == "2000;refresher=uac"


def test_less_than_we_accept_is_422() -> None:
    """§9: 422 with Min-SE, only for who can learn from it."""
    timer = SessionTimer(1_800)
    assert timer.too_small(request(Supported="timer", Session_Expires="60")) == (("Min-SE", "90"),)
    assert timer.too_small(request(Session_Expires="60")) is None
    assert timer.too_small(request(Supported="timer", Session_Expires="90")) is None


def test_a_422_is_asked_again_with_its_minimum_once() -> None:
    """§7.3."""
    timer = SessionTimer(300)
    assert timer.raise_to(response(Min_SE="900"))
    assert dict(timer.ask()) == {"Session-Expires": "900", "Min-SE": "900"}
    assert not timer.raise_to(response(Min_SE="900"))


@pytest.mark.parametrize(
    ("given", "refresher"),
    [("1800;refresher=uac", Refresher.WE), ("1800;Refresher=UAS", Refresher.PEER), ("1800", Refresher.WE)],
)
def test_the_answer_says_who_refreshes(given: str, refresher: Refresher) -> None:
    """§7.2."""
    timer = SessionTimer(1_800)
    timer.learn(response(Session_Expires=given))
    assert timer.refresher is refresher


def test_an_answer_without_an_interval_means_no_timer() -> None:
    timer = SessionTimer(1_800)
    timer.learn(response())
    assert timer.refresher is Refresher.NOBODY


def test_we_refresh_at_half_time_and_give_up_shortly_before_the_end() -> None:
    """§10: the session ends at the interval less the smaller of 32 s and a third."""
    timer = SessionTimer(1_800)
    timer.learn(response(Session_Expires="1800;refresher=uac"))
    assert (timer.refresh_after, timer.end_after) == (900.0, 1_768.0)
    timer.learn(response(Session_Expires="90;refresher=uas"))
    assert (timer.refresh_after, timer.end_after) == (None, 60.0)


def test_a_refresh_keeps_the_roles() -> None:
    """§7.4."""
    timer = SessionTimer(1_800)
    timer.agree(request(Supported="timer", Session_Expires="600;refresher=uas"))
    assert dict(timer.ask())["Session-Expires"] == "600;refresher=uac"


@pytest.mark.parametrize("text", ["", "soon", "-5", "99999999999999999999999"])
def test_what_is_no_number_of_seconds_is_none(text: str) -> None:
    assert interval(request(Session_Expires=text)) is None or interval(request(Session_Expires=text)) > 0  # type: ignore[operator]
    assert min_se(request(Min_SE=text)) >= 90
