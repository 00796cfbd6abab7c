"""music: a file over and over."""

from edge.flow.command import Play, Sound
from tests.support.flow import Walk, node


def test_music_plays_for_a_while() -> None:
    walk = Walk(node("kind: music\nprompt: {file: /m.wav}\nseconds: 1m", "done", "failed"))
    assert walk.command == Play((Sound(file="/m.wav"),), loop=True, seconds=60.0)
    assert walk.step("done").at == "done"
