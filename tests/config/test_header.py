"""Names and values of custom header fields."""

import pytest
from pydantic import ValidationError

from config.header import TrunkHeaders


def test_custom_headers_are_taken() -> None:
    headers = TrunkHeaders.model_validate(
        {"accept": ["X-Customer-Id"], "send": ["x-a"], "add": {"X-Account": "42"}}
    )
    assert headers.accept == ("X-Customer-Id",) and headers.add == {"X-Account": "42"}


@pytest.mark.parametrize(
    "section",
    [
        {"accept": ["Via"]},
        {"send": ["X-"]},
        {"accept": ["X-A B"]},
        {"add": {"X-Account": "4\r\nRoute: <sip:evil>"}},
        {"add": {"Contact": "x"}},
        {"accept": [f"X-{n}" for n in range(33)]},
    ],
)
def test_no_header_of_ours_can_be_named_and_no_line_be_added(section: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TrunkHeaders.model_validate(section)
