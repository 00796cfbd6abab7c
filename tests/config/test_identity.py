"""Deterministic ids (design §6, identity and tenancy)."""

import re

import pytest

from config.identity import stable_id


def test_the_same_name_has_the_same_id_on_every_node() -> None:
    assert stable_id("acc_demo", "user", "1001") == stable_id("acc_demo", "user", "1001")
    assert stable_id("acc_demo", "user", "1001") == "us_m6vr4dfk3svrgxlvkd7ftsqkhi"


@pytest.mark.parametrize(
    ("kind", "prefix"), [("user", "us"), ("device", "dev"), ("did", "did"), ("trunk", "tr"), ("flow", "flow")]
)
def test_an_id_is_prefix_and_26_letters_of_base32(kind: str, prefix: str) -> None:
    assert re.fullmatch(prefix + r"_[a-z2-7]{26}", stable_id("acc_demo", kind, "x"))


def test_account_kind_and_name_all_count() -> None:
    ids = {stable_id(a, k, n) for a in ("a", "b") for k in ("user", "device") for n in ("1", "2")}
    assert len(ids) == 8
    assert stable_id("a", "user", "b\0c") != stable_id("a\0user", "user", "c")
