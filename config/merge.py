"""What the API has made beside what the file says: one configuration, by the same models and checks.

The file comes first. An object that it has too, or with which the whole is not right, is left out and told.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

from pydantic import TypeAdapter, ValidationError

from config.account import Account, Did, Extension, User
from config.agent import BUILTIN_DEMO, Agent
from config.check import check
from config.error import path_text
from config.queue import Queue
from config.schedule import Schedule
from config.schema import Settings
from config.section import Name, Section
from config.stranger import StrangerAgent, StrangerTool, StrangerTrunk
from config.tool import Tool
from config.trunk import Trunk
from config.wording import explain

Kind = Literal["users", "extensions", "dids", "trunks", "queues", "schedules", "agents", "tools", "flows"]
Key = tuple[str, str, str]
"Account, kind and name."
Object = Section | Path
"A flow is the path of its document."

MODELS: Final[Mapping[str, type[Section]]] = {
    "users": User,
    "extensions": Extension,
    "dids": Did,
    "trunks": Trunk,
    "queues": Queue,
    "schedules": Schedule,
    "agents": Agent,
    "tools": Tool,
}
_STRANGERS: Final[Mapping[str, type[Section]]] = {
    "trunks": StrangerTrunk,
    "agents": StrangerAgent,
    "tools": StrangerTool,
}
KINDS: Final = (*MODELS, "flows")
LISTED: Final[Mapping[str, str]] = {
    "users": "number",
    "extensions": "number",
    "dids": "number",
    "trunks": "name",
}
"Lists, and what their objects are told apart by; the others are mappings by name."

_NAME: Final = TypeAdapter[str](Name)


class Unfit(Exception):
    """The value is no object of its kind; says why and what to change, without a secret."""

    def __init__(self, what: str, fix: str = "correct it") -> None:
        super().__init__(f"{what}; {fix}")
        self.what = what
        self.fix = fix


def object_of(
    kind: str, name: str, value: Mapping[str, object], *, trusted: bool = False
) -> tuple[str, Section]:
    """Its name as the configuration has it, and the object. Raises `Unfit`.

    Args: trusted: it may lead to private addresses.
    """
    fields = dict(value)
    by = LISTED.get(kind)
    if by is not None and str(fields.setdefault(by, name)).removeprefix("+") != name.removeprefix("+"):
        raise Unfit(f"{by}: it is {name} in the path", "give both the same")
    if by is None:
        check_name(name)
    model = MODELS[kind] if trusted else _STRANGERS.get(kind, MODELS[kind])
    try:
        made = model.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        given = first["input"]
        what, fix = explain(first, given if isinstance(given, str) else None, model)
        raise Unfit(f"{path_text(first['loc']) or kind}: {what}", fix or "correct it") from None
    if kind == "queues" and isinstance(getattr(made, "music", ""), Path):
        raise Unfit("music: only the configuration file may name files", "write builtin, account or silence")
    if isinstance(made, Agent) and made.url == BUILTIN_DEMO:
        raise Unfit(f"url: only the configuration file may say {BUILTIN_DEMO}", "write ws://… or wss://…")
    return (name if by is None else str(getattr(made, by))), made


def check_name(name: str) -> None:
    """Raises `Unfit` for one that the configuration file would not take."""
    try:
        _NAME.validate_python(name)
    except ValidationError:
        raise Unfit(f"{name[:64]!r} is not a usable name", "use 1 to 64 letters, digits, _ - or .") from None


def has(account: Account, kind: str, name: str) -> bool:
    """Whether the account has an object of this name."""
    held = getattr(account, kind)
    return name in (held if kind not in LISTED else {getattr(one, LISTED[kind]) for one in held})


def merged(settings: Settings, objects: Mapping[Key, Object]) -> tuple[Settings, dict[Key, str]]:
    """The whole, and why some objects are not part of it."""
    wrong: dict[Key, str] = {}
    if not objects:
        return settings, wrong
    known = {account.id: account for account in settings.accounts}
    for key in objects:
        account = known.get(key[0])
        if account is None:
            wrong[key] = f"there is no account {key[0]}"
        elif has(account, key[1], key[2]):
            wrong[key] = "the configuration file has it too"
    while True:
        left = {key: made for key, made in objects.items() if key not in wrong}
        whole = _joined(settings, left)
        found = _findings(settings, whole, left)
        if not found:
            return whole, wrong
        wrong |= found


def _joined(settings: Settings, objects: Mapping[Key, Object]) -> Settings:
    of: dict[str, dict[str, dict[str, Object]]] = {}
    for (account, kind, name), made in objects.items():
        of.setdefault(account, {}).setdefault(kind, {})[name] = made
    accounts = []
    for part in settings.accounts:
        changes: dict[str, object] = {}
        for kind, more in of.get(part.id, {}).items():
            held = getattr(part, kind)
            changes[kind] = (*held, *more.values()) if kind in LISTED else {**held, **more}
        accounts.append(part.model_copy(update=changes) if changes else part)
    return settings.model_copy(update={"accounts": tuple(accounts)})


def _findings(before: Settings, whole: Settings, objects: Mapping[Key, Object]) -> dict[Key, str]:
    """Objects with which the whole is not right; the file alone is."""
    if not objects:
        return {}
    found: dict[Key, str] = {}
    strays: list[str] = []
    for path, what, fix in check(whole):
        text = f"{what}; {fix}" if fix else what
        key = _key_at(whole, path)
        if key is not None and key in objects:
            found.setdefault(key, text)
        else:
            strays.append(text)
    if strays and not found:
        # Told of a line of the file that comes later: whose doing it is, is found by halves.
        for key in _culprits(before, list(objects), objects):
            found[key] = strays[0]
    return found


def _key_at(whole: Settings, path: tuple[str | int, ...]) -> Key | None:
    if len(path) < 4 or path[0] != "accounts" or path[2] not in KINDS:
        return None
    account, kind, place = whole.accounts[int(path[1])], str(path[2]), path[3]
    if kind in LISTED:
        return account.id, kind, getattr(getattr(account, kind)[int(place)], LISTED[kind])
    return account.id, kind, str(place)


def _culprits(before: Settings, keys: list[Key], objects: Mapping[Key, Object]) -> list[Key]:
    if len(keys) == 1:
        return keys
    half = len(keys) // 2
    parts = [part for part in (keys[:half], keys[half:]) if _is_wrong(before, part, objects)]
    if not parts:  # only together
        return keys[half:]
    return [key for part in parts for key in _culprits(before, part, objects)]


def _is_wrong(before: Settings, keys: list[Key], objects: Mapping[Key, Object]) -> bool:
    whole = _joined(before, {key: objects[key] for key in keys})
    # What a part lacks of the other half is no fault of it: only lines of the file count here.
    return any(_key_at(whole, path) not in objects for path, _, _ in check(whole))
