"""Scalar types of the configuration (design §6)."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from config import section


def read(kind: Any, value: object, **context: object) -> Any:
    return TypeAdapter(kind).validate_python(value, context=context)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("500ms", 0.5), ("60s", 60.0), ("10m", 600.0), ("1h", 3600.0), ("1d", 86400.0), ("1.5s", 1.5), (7, 7.0)],
)
def test_a_duration_has_a_unit_or_is_a_number_of_seconds(text: object, seconds: float) -> None:
    assert read(section.Duration, text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["60", "60 parsecs", "-1s", "s", "1e3s", ""])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="not a duration"):
        read(section.Duration, text)


def test_a_did_loses_its_plus() -> None:
    assert read(section.E164, "+12025550123") == read(section.E164, "12025550123") == "12025550123"


@pytest.mark.parametrize("text", ["+1", "1202555012345678", "++12025550123", "1202-5550123", "١٢٣٤٥"])
def test_a_did_is_three_to_fifteen_digits(text: str) -> None:
    with pytest.raises(ValidationError, match="E\\.164"):
        read(section.E164, text)


def test_networks_are_kept_in_cidr_form() -> None:
    assert read(section.Network, "192.0.2.10") == "192.0.2.10/32"
    assert read(section.Network, "192.0.2.10/24") == "192.0.2.0/24"
    assert read(section.Network, "2001:DB8::1") == "2001:db8::1/128"


def test_hosts_are_lower_case_names() -> None:
    assert read(section.Host, "Demo.Local") == "demo.local"
    for bad in ("demo local", "-demo", "demo..local", "x" * 64, "a." * 127 + "a", "demo.local:5060"):
        with pytest.raises(ValidationError, match="host name"):
            read(section.Host, bad)


def test_paths_are_relative_to_the_file_that_names_them() -> None:
    assert read(section.RelativePath, "x/y.pem", folder=Path("/etc/tandem")) == Path("/etc/tandem/x/y.pem")
    assert read(section.RelativePath, "/x/y.pem", folder=Path("/etc/tandem")) == Path("/x/y.pem")


def test_braces_in_a_refusal_are_text() -> None:
    assert "{agent}" in str(section.refusal("no {agent}", "write {agent: demo}"))
