"""Ids of what the YAML file names: the same on every start and every node (`design.md` §6)."""

import base64
import hashlib
from functools import lru_cache
from typing import Final

PREFIXES: Final = {
    "workspace": "ws",
    "user": "us",
    "device": "dev",
    "did": "did",
    "trunk": "tr",
    "flow": "flow",
    "queue": "q",
}


IDS_REMEMBERED: Final = 65_536
"Each start of a flow and each change of an object asks for them again."


@lru_cache(maxsize=IDS_REMEMBERED)
def stable_id(account: str, kind: str, name: str) -> str:
    """The prefix of `kind`, `_`, and 26 characters of lower-case base32: `us_…`, `dev_…`, `flow_…`.

    Raises `KeyError` for a kind that `PREFIXES` does not list.
    """
    digest = hashlib.sha256(f"{account}\0{kind}\0{name}".encode()).digest()
    return f"{PREFIXES[kind]}_{base64.b32encode(digest[:17])[:26].decode().lower()}"


def workspace_id(account: str) -> str:
    """The account's default workspace, which owns what the account's calls and phones leave behind."""
    return stable_id(account, "workspace", "default")
