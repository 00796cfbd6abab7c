"""The table of operations; tests/controlplane/test_control.py holds it against the routes."""

import re

from controlplane.api.operations import OPERATIONS
from edge.flow.command import Conference, Dial, Enqueue, Gather, Hangup, Noop, Play, Record


def test_an_operation_is_listed_once_and_says_what_it_does() -> None:
    keys = [(one.method, one.path) for one in OPERATIONS]
    assert len(keys) == len(set(keys))
    assert all(re.fullmatch(r"[A-Z].{5,100}[^.]", one.summary) for one in OPERATIONS)


def test_the_doors_of_outside_edges_say_what_no_schema_can() -> None:  # S004-29, S004-36, S004-42
    said = {one.path: one.description for one in OPERATIONS if one.tag == "outside edge"}
    for sentence in (
        "Send `seq` always",
        "a `callId` of its own",
        "session_idle",
        "poll_ms",
        "/agent/confirm/",
    ):
        assert sentence in said["/flow"]
    for kind in (Play, Gather, Dial, Enqueue, Record, Conference, Hangup, Noop):
        assert kind.__name__.lower() in said["/flow"]
    for action in ("flow", "proxy", "outbound", "reject"):
        assert f"`{action}`" in said["/route"]
    assert "Telling twice is as telling once" in said["/presence/event"]
    assert all("\n" not in part for text in said.values() for part in text.split("\n\n"))


def test_every_post_with_fields_names_the_model_that_decodes_them() -> None:  # S004-02
    bare = {one.path for one in OPERATIONS if one.method == "POST" and not one.bodies}
    assert bare == {"/admin/tts/generate", "/hooks/carrier"}


def test_only_health_and_what_is_not_served_is_open() -> None:  # S004-01
    assert {one.path for one in OPERATIONS if one.open} == {"/healthz", "/readyz", "/hooks/carrier"}
