"""Commands as they travel over `POST /flow` (S004-32, S004-34)."""

from edge.flow.command import Dial, Fetch, Gather, Hangup, Issued, Noop, Play, Record, Sound


def test_one_prompt_stands_in_the_params_and_several_in_a_list() -> None:
    assert Issued(3, "hello", Play((Sound(text="Hi"),))).wire() == {
        "command": "play", "node_id": "hello", "params": {"text": "Hi", "voice": "en-us"}, "seq": 3,
    }  # fmt: skip
    two = Issued(1, "n", Play((Sound(file="/a.wav"), Sound(name="goodbye")))).wire()["params"]
    assert two == {"prompts": [{"file": "/a.wav"}, {"name": "goodbye"}]}


def test_a_switch_that_is_off_is_said() -> None:
    params = Issued(1, "n", Gather(barge_in=False)).wire()["params"]
    assert isinstance(params, dict) and params["barge_in"] is False
    assert Issued(1, "n", Record(beep=False)).wire()["params"]["beep"] is False  # type: ignore[index]


def test_what_we_fetch_ourselves_does_not_leave_the_house() -> None:
    """The edge learns that there is nothing new, and when to ask again; not our URL and keys."""
    fetch = Fetch("GET", "https://crm.example/", (("Authorization", "Bearer s3cret"),))
    assert Issued(2, "ask", Noop(fetch)).wire() == {
        "command": "noop", "node_id": "ask", "params": {"poll_ms": 200}, "seq": 2,
    }  # fmt: skip
    assert "s3cret" not in repr(fetch)


def test_an_agent_is_dialled_and_a_hangup_has_its_cause() -> None:
    assert Issued(1, "n", Dial(agent="demo", exit_digits="0")).wire()["params"] == {
        "agent": "demo", "ring_timeout": 25.0, "exit_digits": "0",
    }  # fmt: skip
    assert Issued(1, "n", Hangup("busy")).wire()["params"] == {"cause": "busy"}
