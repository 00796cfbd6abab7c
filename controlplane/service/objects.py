"""Objects that the API makes: in the store, sealed, and part of the configuration from the next call on.

::

    put, remove, import ─▶ merged with the file, checked ─▶ committed, with who did it ─▶ taken

One change at a time, all of it or nothing. What the file has is the file's: it can be read, not changed.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from config.merge import KINDS, LISTED, Key, Unfit, has
from config.secret import Document
from controlplane.auth.principal import Principal
from controlplane.auth.seal import SealError
from controlplane.service.configuration import Configuration
from controlplane.service.object_shelf import ObjectShelf, of_file, shown
from controlplane.store import audit, config_object
from controlplane.store.act import Act
from controlplane.store.audit import Deed
from controlplane.store.error import StoreError
from controlplane.store.store import Store
from edge.error import Refusal

Row = dict[str, object]
_FLOWS: Final = "flows"


@dataclass(slots=True)
class Change:
    """What is put, and what is removed."""

    put: dict[Key, Document] = field(default_factory=dict)
    removed: set[Key] = field(default_factory=set)


class ObjectService:
    def __init__(
        self,
        store: Store,
        shelf: ObjectShelf,
        configuration: Configuration,
        wall_ms: Callable[[], int],
        reload_flows: Callable[[], object],
        limit: int,
    ) -> None:
        """Args: limit: of all objects together."""
        self._store = store
        self._shelf = shelf
        self._configuration = configuration
        self._wall_ms = wall_ms
        self._reload_flows = reload_flows
        self._limit = limit

    def show(self, who: Principal, account: str, kind: str, name: str | None = None) -> list[Row] | Refusal:
        """All of a kind, or the one of that name: those of the file first. Never a secret."""
        if refusal := self._door(who, account, kind):
            return refusal
        part = next(one for one in self._configuration.file.accounts if one.id == account)
        rows: list[Row] = [
            {"name": key, "origin": "file", "value": value} for key, value in of_file(part, kind).items()
        ]
        for key, document in self._shelf.documents.items():
            if key[:2] == (account, kind):
                row: Row = {"name": key[2], "origin": "api", "value": shown(kind, document)}
                if key in self._shelf.left_out:
                    row["not_served"] = self._shelf.left_out[key]
                rows.append(row)
        if name is None:
            return rows
        wanted = _same(kind, name)
        return [row for row in rows if row["name"] == wanted] or _missing(kind, name)

    async def put(
        self, who: Principal, account: str, kind: str, name: str, value: Document, *, new: bool = False
    ) -> tuple[Row, bool] | Refusal:
        """Make or replace it; whether it is new. Passwords are in the answer when they were generated.

        Args: new: refuse when it is there.
        """
        if refusal := self._door(who, account, kind):
            return refusal
        async with self._configuration.changing:
            key = (account, kind, _same(kind, name))
            before = self._shelf.documents.get(key)
            if refusal := self._file_has(key):
                return refusal
            if before is not None and new:
                return Refusal("exists", 409, f"there is {name} among {kind} already", "change that one")
            try:
                named, document = self._shelf.named(kind, name, value, before)
            except (Unfit, TypeError, AttributeError) as unfit:
                return _bad(unfit)
            key = (account, kind, named)
            refusal = await self._change(who, Change({key: document}))
            if refusal is not None:
                return refusal
        given = [device.get("password") for device in value.get("devices") or [{}]] if kind == "users" else []
        row: Row = {"name": named, "origin": "api", "value": shown(kind, document)}
        fresh = [
            {"username": device.get("username") or named, "password": device["password"]}
            for device, old in zip(document.get("devices", []), given, strict=False)
            if not old and (before is None or device not in before["devices"])
        ]
        return (row | {"generated": fresh} if fresh else row), before is None

    async def remove(self, who: Principal, account: str, kind: str, name: str) -> Row | Refusal:
        if refusal := self._door(who, account, kind):
            return refusal
        async with self._configuration.changing:
            key = (account, kind, _same(kind, name))
            if refusal := self._file_has(key):
                return refusal
            if key not in self._shelf.documents:
                return _missing(kind, name)
            refusal = await self._change(who, Change(removed={key}))
        return refusal or {"name": key[2], "removed": True}

    def export(self, who: Principal, *, secrets: bool) -> Row:
        """What the API has made, in the shape of the configuration file."""
        accounts: dict[str, dict[str, Any]] = {}
        for (account, kind, name), document in self._shelf.documents.items():
            if who.account in ("", account):
                value = document if secrets else shown(kind, document)
                part = accounts.setdefault(account, {"id": account})
                if kind in LISTED:
                    part.setdefault(kind, []).append({LISTED[kind]: name} | value)
                else:
                    part.setdefault(kind, {})[name] = value
        return {"accounts": list(accounts.values())}

    async def take_in(
        self, who: Principal, accounts: list[Document], *, dry_run: bool = False, prune: bool = False
    ) -> Row | Refusal:
        """Make all of what was exported, or nothing: what became new, what changed, what was removed.

        Args: prune: remove what these accounts have beside it.
        """
        async with self._configuration.changing:
            change, before = Change(), self._shelf.documents
            for part in accounts:
                account = str(part.get("id", ""))
                if refusal := self._door(who, account, KINDS[0]):
                    return refusal
                for kind, listed in part.items():
                    if kind == "id":
                        continue
                    refusal = self._door(who, account, kind) or self._gather(change, account, kind, listed)
                    if refusal is not None:
                        return refusal
            named = {str(part.get("id", "")) for part in accounts}
            if prune:
                change.removed = {key for key in before if key[0] in named and key not in change.put}
            same = {key for key, document in change.put.items() if before.get(key) == document}
            change.put = {key: document for key, document in change.put.items() if key not in same}
            told: Row = {
                "created": [_told(key) for key in change.put if key not in before],
                "changed": [_told(key) for key in change.put if key in before],
                "removed": [_told(key) for key in sorted(change.removed)],
                "unchanged": len(same),
                "dry_run": dry_run,
            }
            if not (change.put or change.removed):
                return told
            return await self._change(who, change, dry_run=dry_run) or told

    # Inside.

    def _gather(self, change: Change, account: str, kind: str, listed: object) -> Refusal | None:
        pairs: list[tuple[str, object]] = []
        if (by := LISTED.get(kind)) is not None and isinstance(listed, list):
            pairs = [(str(one.get(by, "")) if isinstance(one, dict) else "", one) for one in listed]
        elif by is None and isinstance(listed, dict):
            pairs = [(str(name), value) for name, value in listed.items()]
        else:
            text = f"{kind} of {account} is not written as in the configuration file"
            return Refusal("bad_object", 400, text, "compare it with tandem export -")
        for name, value in pairs:
            key = (account, kind, _same(kind, name))
            if refusal := self._file_has(key):
                return refusal
            try:
                if not isinstance(value, dict):
                    raise Unfit("not a mapping", "write its fields as key: value")
                named, document = self._shelf.named(kind, name, value, self._shelf.documents.get(key))
            except (Unfit, TypeError, AttributeError) as unfit:
                return _bad(unfit, f"{name[:64]} of {kind}: ")
            if (account, kind, named) in change.put:
                return Refusal("bad_object", 400, f"{named} of {kind} occurs twice", "remove one")
            change.put[account, kind, named] = document
        return None

    def _door(self, who: Principal, account: str, kind: str) -> Refusal | None:
        if who.account not in ("", account):
            return Refusal(
                "foreign_account",
                403,
                "the API key is of another account",
                "use a key of this account, or one without an account",
            )
        if kind not in KINDS:
            return Refusal(
                "no_such_kind", 404, f"no kind of object: {kind[:32]}", f"use one of {', '.join(KINDS)}"
            )
        if all(one.id != account for one in self._configuration.file.accounts):
            return Refusal("no_such_account", 404, f"there is no account {account[:64]}", "name another")
        return None

    def _file_has(self, key: Key) -> Refusal | None:
        part = next(one for one in self._configuration.file.accounts if one.id == key[0])
        if not has(part, key[1], key[2]):
            return None
        text = f"{key[2]} of {key[1]} is in the configuration file"
        return Refusal("read_only", 409, text, "change it there and run tandem reload")

    async def _change(self, who: Principal, change: Change, *, dry_run: bool = False) -> Refusal | None:
        """Check, commit, take; `changing` is held."""
        shelf = self._shelf
        after = {key: document for key, document in shelf.documents.items() if key not in change.removed}
        after |= change.put
        if len(after) > max(self._limit, len(shelf.documents)):
            fix = "raise limits.http.objects"
            return Refusal("too_many_objects", 409, f"there are {self._limit} objects", fix)
        whole, left_out = await asyncio.to_thread(shelf.plan, self._configuration.file, after)
        for key in (*change.put, *(key for key in left_out if key not in shelf.left_out)):
            if key in left_out:
                return _conflict(key, left_out[key], own=key in change.put)
        if dry_run:
            return None
        before, shelf.documents = shelf.documents, after
        try:
            settings, directory = await self._configuration.prepare(whole)
            acts = self._acts(who, change, before)
        except (StoreError, SealError) as error:
            shelf.documents = before
            return Refusal(
                "not_kept",
                503,
                f"nothing was changed: {error}",
                "check that the data folder can be written",
                5,
            )
        if not await self._store.commit(*acts):
            shelf.documents = before
            return Refusal("not_kept", 503, "nothing was changed", "check the database, then try again", 5)
        shelf.left_out = left_out
        self._configuration.take(settings, directory)
        if any(key[1] == _FLOWS for key in (*change.put, *change.removed)):
            self._reload_flows()
        return None

    def _acts(self, who: Principal, change: Change, before: Mapping[Key, Document]) -> Iterable[Act]:
        wall = self._wall_ms()
        acts = [config_object.put(self._shelf.sealed(key, wall)) for key in change.put]
        acts += [config_object.remove(*key) for key in change.removed]
        for key in (*change.put, *change.removed):
            action = "remove" if key in change.removed else "change" if key in before else "create"
            acts.append(audit.act(Deed(key[0], wall, who.actor, action, key[1], key[2])))
        return acts


def _conflict(key: Key, why: str, *, own: bool) -> Refusal:
    if own:
        return Refusal("conflict", 409, why, "change it, or what it names")
    return Refusal("in_use", 409, f"{key[2]} of {key[1]} would become invalid: {why}", "change that first")


def _told(key: Key) -> str:
    return "/".join(key)


def _missing(kind: str, name: str) -> Refusal:
    return Refusal(
        "no_such_object",
        404,
        f"there is no {name[:64]} among {kind}",
        f"GET /accounts/{{account}}/{kind} lists them",
    )


def _same(kind: str, name: str) -> str:
    return name.removeprefix("+") if kind == "dids" else name


def _bad(error: Exception, where: str = "") -> Refusal:
    if isinstance(error, Unfit):
        return Refusal("bad_object", 400, where + error.what, error.fix)
    return Refusal("bad_object", 400, f"{where}a part of it has the wrong type", "compare it with an export")
