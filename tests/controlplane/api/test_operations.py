"""The table of operations; tests/controlplane/test_control.py holds it against the routes."""

import re

from controlplane.api.operations import OPERATIONS


def test_an_operation_is_listed_once_and_says_what_it_does() -> None:
    keys = [(one.method, one.path) for one in OPERATIONS]
    assert len(keys) == len(set(keys))
    assert all(re.fullmatch(r"[A-Z].{5,100}[^.]", one.summary) for one in OPERATIONS)


def test_every_post_with_fields_names_the_model_that_decodes_them() -> None:  # S004-02
    bare = {one.path for one in OPERATIONS if one.method == "POST" and not one.bodies}
    assert bare == {"/admin/tts/generate", "/hooks/carrier"}


def test_only_health_and_what_is_not_served_is_open() -> None:  # S004-01
    assert {one.path for one in OPERATIONS if one.open} == {"/healthz", "/readyz", "/hooks/carrier"}
