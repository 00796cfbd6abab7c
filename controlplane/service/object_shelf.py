"""What the API has made, as it was given, and the configuration that it makes with the file's."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import orjson
import structlog

from config.account import Account, Target
from config.error import ConfigError, Problem
from config.merge import LISTED, MODELS, Key, Object, Unfit, check_name, merged, object_of
from config.schema import FlowLimits, Settings
from config.secret import MASK, Document, with_secrets, without_secrets
from config.section import Section
from controlplane.auth.seal import Seal
from controlplane.service.flow import outside_of
from controlplane.service.passwords import ALPHABET, LENGTH
from controlplane.store.config_object import Stored
from edge.flow.check import check
from edge.flow.document import Draft, read_flow

FOLDER: Final = "flows"
"In the data folder: documents of flows, written out for whoever reads flows."

_log = structlog.get_logger(__name__)


class ObjectShelf:
    """All objects, as they were given; what the merged configuration is made of."""

    def __init__(
        self,
        folder: Path,
        seal: Seal,
        limits: FlowLimits,
        choose: Callable[[str], str],
        *,
        trusted: bool = False,
    ) -> None:
        """
        Args:
            folder: the data folder.
            choose: one character, for passwords.
            trusted: what is made may lead to private addresses.
        """
        self._folder = folder / FOLDER
        self._seal = seal
        self._limits = limits
        self._choose = choose
        self._trusted = trusted
        self.documents: dict[Key, Document] = {}
        self.left_out: dict[Key, str] = {}
        "Those that are not served, and why."

    def load(self, rows: list[Stored]) -> None:
        """Raises `SealError`."""
        self.documents = {
            (row.account, row.kind, row.name): orjson.loads(self._seal.open(row.sealed, _place(row)))
            for row in rows
        }

    def sealed(self, key: Key, wall_ms: int) -> Stored:
        """The row of a document. Raises `SealError`."""
        row = Stored(*key, wall_ms, b"")
        return Stored(*key, wall_ms, self._seal.seal(orjson.dumps(self.documents[key]), _place(row)))

    def merge(self, settings: Settings) -> Settings:
        """The file with all objects that go with it; what does not is told in the log. Blocks."""
        whole, self.left_out = self.plan(settings, self.documents)
        for (account, kind, name), why in self.left_out.items():
            _log.error("object not served", account=account, kind=kind, name=name, why=why)
        return whole

    def plan(self, settings: Settings, documents: Mapping[Key, Document]) -> tuple[Settings, dict[Key, str]]:
        """The whole with these, and why some are not part of it. Blocks: flows are written out."""
        objects: dict[Key, Object] = {}
        wrong: dict[Key, str] = {}
        for key, document in documents.items():
            try:
                objects[key] = self._object(key, document)
            except Unfit as unfit:
                wrong[key] = str(unfit)
        while True:
            whole, unmatched = merged(settings, objects)
            astray = self._astray(whole, objects)
            if not astray:
                return whole, wrong | unmatched
            # What names such a flow is looked at again, without it.
            wrong |= astray
            objects = {key: made for key, made in objects.items() if key not in astray}

    def _astray(self, whole: Settings, objects: Mapping[Key, Object]) -> dict[Key, str]:
        """Flows of ours that do not go with the rest, such as one that names a queue which is not there."""
        found: dict[Key, str] = {}
        for account in whole.accounts:
            # Those of the file have been checked, and lead to none of ours.
            drafts = {
                name: self._draft(file, name)
                for name, file in account.flows.items()
                if objects.get((account.id, "flows", name)) == file
            }
            together = {name: draft.flow for name, draft in drafts.items()}
            for name, draft in drafts.items():
                errors = [one.problem for one in check(draft, outside_of(account), together) if one.error]
                if errors:
                    found[account.id, "flows", name] = str(_unfit(errors[0]))
        return found

    def _draft(self, file: Path, name: str) -> Draft:
        return read_flow(file.read_text(encoding="utf-8"), name, name=name, limits=self._limits)

    def named(
        self, kind: str, name: str, document: Document, before: Document | None
    ) -> tuple[str, Document]:
        """The name as it is kept, and the document as it is kept. Raises `Unfit`.

        Each device has a password; other secrets that are left out are those of before.
        """
        if kind == "flows":
            self._object(("", kind, name), document)
            return name, document
        if kind != "users":
            document = with_secrets(MODELS[kind], document, before or {})
            if MASK in str(document.get("url", "")):
                raise Unfit(f"url: {MASK} stands for a secret that is not shown", "write the secret")
        name, _ = object_of(kind, name, document, trusted=self._trusted)
        if kind == "users":
            document = dict(document) | {"number": name}
            document["devices"] = [
                device | {"password": device.get("password") or self._password(device, before, name)}
                for device in document.get("devices") or [{}]
            ]
        return name, document

    def _password(self, device: Document, before: Document | None, number: str) -> str:
        """The one that it had, else a new one."""
        username = device.get("username") or number
        for old in () if before is None else before["devices"]:
            if (old.get("username") or number) == username:
                return str(old["password"])
        return "".join(self._choose(ALPHABET) for _ in range(LENGTH))

    def _object(self, key: Key, document: Document) -> Object:
        account, kind, name = key
        if kind == "flows":
            return self._flow(account, name, document)
        return object_of(kind, name, document, trusted=self._trusted)[1]

    def _flow(self, account: str, name: str, document: Document) -> Path:
        check_name(name)
        text = orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()
        if "${" in text:
            raise Unfit("only flows in files may use ${…}", "write the value")
        try:
            _no_reach(read_flow(text, name, name=name, limits=self._limits))
        except ConfigError as error:
            raise _unfit(error.problems[0]) from None
        mark = hashlib.sha256(text.encode()).hexdigest()[:12]
        file = self._folder / account / f"{name}.{mark}.json"
        if account and not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            part = file.with_suffix(".part")
            part.write_text(text, encoding="utf-8")
            part.replace(file)
        return file


def _unfit(problem: Problem) -> Unfit:
    return Unfit(f"{problem.path}: {problem.what}", problem.fix or "correct it")


def _no_reach(draft: Draft) -> None:
    """What only the operator's own files may say: our environment, our files, our network (SSRF)."""
    for name, node in draft.flow.nodes.items():
        if node.data.KIND == "webhook":
            raise Unfit(f"{name}: only flows in files may fetch URLs", "remove the webhook, or use a file")
        if any(prompt.file for prompt in node.data.prompts()):
            raise Unfit(f"{name}: only flows in files may play files", "give a text or the name of a prompt")


def shown(kind: str, document: Document) -> Document:
    """Without secrets."""
    return without_secrets(MODELS[kind], document) if kind in MODELS else document


def of_file(account: Account, kind: str) -> dict[str, Document]:
    """Name → what the configuration file has of this kind, without secrets and defaults."""
    held = getattr(account, kind)
    named = {getattr(one, LISTED[kind]): one for one in held} if kind in LISTED else held
    return {name: {} if isinstance(one, Path) else shown(kind, _plain(one)) for name, one in named.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Target):
        return {value.kind.value: value.value or True}
    if isinstance(value, Section):
        fields = type(value).model_fields
        held = {name: getattr(value, name) for name in value.model_fields_set}
        return {fields[name].alias or name: _plain(one) for name, one in held.items()}
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(one) for one in value]
    return value if isinstance(value, (bool, int, float, type(None))) else str(value)


def _place(row: Stored) -> str:
    return "\0".join((row.account, row.kind, row.name))
