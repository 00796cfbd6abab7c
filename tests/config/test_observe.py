"""Who watches: `observe`."""

import pytest
from pydantic import ValidationError

from config.observe import Observe


def test_keys_of_a_vendor_are_hidden() -> None:
    made = Observe.model_validate(
        {"otlp": {"endpoint": "https://otlp.example/v1/traces", "headers": {"Authorization": "Bearer hush"}}}
    )
    assert made.otlp is not None and made.otlp.service == "tandem" and made.otlp.header == "X-Traceparent"
    assert "hush" not in repr(made)


@pytest.mark.parametrize(
    "wrong", [{}, {"endpoint": "collector:4317"}, {"endpoint": "http://a", "header": "traceparent"}]
)
def test_what_cannot_be_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Observe.model_validate({"otlp": wrong})


def test_nobody_watches_unless_asked() -> None:
    assert Observe().hep is None and Observe().otlp is None
