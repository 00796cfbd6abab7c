"""Ids of what the YAML file names: the same on every start and every node (`design.md` §6)."""

import base64
import hashlib
from typing import Final

PREFIXES: Final = {"user": "us", "device": "dev", "did": "did", "trunk": "tr"}


def stable_id(account: str, kind: str, name: str) -> str:
    """`us_…`, `dev_…`, `did_…` or `tr_…`: the kind's prefix and 26 characters of lower-case base32.

    Raises `KeyError` for a kind that `PREFIXES` does not list.
    """
    digest = hashlib.sha256(f"{account}\0{kind}\0{name}".encode()).digest()
    return f"{PREFIXES[kind]}_{base64.b32encode(digest[:17])[:26].decode().lower()}"
