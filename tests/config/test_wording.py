"""What is wrong in a file, in words that say what to write instead."""

from pathlib import Path
from typing import Literal

import pytest
from pydantic import Field, ValidationError

from config.section import Section, refusal
from config.wording import words


class Row(Section):
    file: Path = Path()
    text: str = Field(default="", min_length=2, max_length=3)
    choice: Literal["ring_all", "longest_idle"] = "ring_all"
    on: bool = True
    count: int = Field(default=1, ge=1, le=9)
    share: float = 0.5
    list: tuple[int, ...] = Field(default=(1,), min_length=1, max_length=2)
    inner: "Row | None" = None
    key: str = Field(default="1", pattern="^[0-9]$")


@pytest.mark.parametrize(
    ("given", "what", "fix"),
    [
        ({"text": 12}, "must be text", 'put it in quotes: "raw"'),
        ({"file": [1]}, "not a path: raw", "write the path of a file or folder"),
        ({"text": [1]}, "must be one text", "write no list and no mapping here"),
        ({"text": "a"}, "too short a text", "write at least 2 characters"),
        ({"text": "abcd"}, "too long a text", "write at most 3 characters"),
        ({"choice": "ringall"}, "not one of the choices: raw", "use 'ring_all' or 'longest_idle'"),
        ({"on": "yess"}, "neither true nor false: raw", "write true or false"),
        ({"count": "x"}, "not a whole number: raw", "write one such as 3"),
        ({"count": 0}, "too small: raw", "write at least 1"),
        ({"count": 10}, "too large: raw", "write at most 9"),
        ({"share": "x"}, "not a number: raw", "write one such as 3 or 0.5"),
        ({"list": 1}, "must be a list", "write [ … ] or lines that begin with -"),
        ({"list": []}, "too few entries", "give at least 1"),
        ({"list": [1, 2, 3]}, "too many entries", "give at most 2"),
        ({"inner": 1}, "must be a mapping of keys", "write key: value pairs below it"),
        ({"key": "x"}, "not of the form that is needed: raw", "it must match ^[0-9]$"),
        ({"coice": 1}, "unknown key", "did you mean choice?"),
    ],
)
def test_each_mistake_is_told_with_what_to_write_instead(
    given: dict[str, object], what: str, fix: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        Row.model_validate(given)
    (detail,) = caught.value.errors()
    assert words(detail, "raw", list(Row.model_fields)) == (what, fix)


def test_what_may_be_a_secret_is_not_shown() -> None:
    with pytest.raises(ValidationError) as caught:
        Row.model_validate({"count": "hunter2"})
    assert "hunter2" not in str(words(caught.value.errors()[0], None, ()))


def test_a_refusal_of_ours_is_told_as_it_is() -> None:
    detail = {"type": "refused", "loc": ("a",), "ctx": refusal("no {b}", "write c").context}
    assert words(detail, None, ()) == ("no {b}", "write c")
