"""Ids of what the YAML file names: the same on every start and every node (`design.md` §6)."""

import base64
import hashlib
from typing import Final

PREFIXES: Final = {"workspace": "ws", "user": "us", "device": "dev", "did": "did", "trunk": "tr"}


def stable_id(account: str, kind: str, name: str) -> str:
    """`us_…`, `dev_…`, `did_…`, `tr_…` or `ws_…`: the kind's prefix and 26 characters of lower-case base32.

    Raises `KeyError` for a kind that `PREFIXES` does not list.
    """
    digest = hashlib.sha256(f"{account}\0{kind}\0{name}".encode()).digest()
    return f"{PREFIXES[kind]}_{base64.b32encode(digest[:17])[:26].decode().lower()}"


def workspace_id(account: str) -> str:
    """The account's default workspace, which owns what the account's calls and phones leave behind."""
    return stable_id(account, "workspace", "default")
