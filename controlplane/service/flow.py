"""The flows of the configuration: read, checked, handed to calls, and read again while we run.

A call keeps the `Program` it began with; a reload makes new ones. A file that became bad keeps its former
flow in service, and says why.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

from config.account import ECHO_CODE, Account
from config.error import ConfigError, Problem
from config.load import text_of
from config.queue import Queue
from config.schema import FlowLimits, Settings
from controlplane.service.speech import Text
from controlplane.service.system_prompt import MUSIC, TEXTS
from edge.directory import AccountId
from edge.flow.builtin import BUILTIN
from edge.flow.check import Outside, check
from edge.flow.document import Draft, read_flow
from edge.flow.machine import Flow, Program
from edge.flow.scene import Prompt

_NONE: Final = Program()


class FlowLibrary:
    def __init__(self, accounts: Sequence[Account], environ: Mapping[str, str], limits: FlowLimits) -> None:
        """Args: environ: for `${NAME}` in flows; they are the operator's own files."""
        self._accounts = accounts
        self._environ = environ
        self._limits = limits
        self._programs: dict[AccountId, Program] = {}
        self.warnings: tuple[Problem, ...] = ()
        "Of the latest load."

    @classmethod
    def load(cls, settings: Settings, environ: Mapping[str, str]) -> "FlowLibrary":
        """Raises `ConfigError` with all that is wrong in all of them."""
        library = cls(settings.accounts, environ, settings.limits.flow)
        problems = library.reload()
        if problems:
            raise ConfigError(problems)
        return library

    def program(self, account: AccountId) -> Program:
        return self._programs.get(account, _NONE)

    def take(self, accounts: Sequence[Account]) -> None:
        """Whose files the next `reload` reads."""
        self._accounts = accounts
        for gone in self._programs.keys() - {AccountId(account.id) for account in accounts}:
            del self._programs[gone]

    def reload(self) -> list[Problem]:
        """Read every file again; what is wrong in those that were not taken."""
        problems: list[Problem] = []
        warnings: list[Problem] = []
        for account in self._accounts:
            id = AccountId(account.id)
            kept = dict(self.program(id).flows)
            drafts: dict[str, Draft] = {}
            for name, file in account.flows.items():
                try:
                    drafts[name] = read_file(file, name, self._environ, self._limits)
                except ConfigError as error:
                    problems += error.problems
            # Each is judged with the others as they are now: a circle goes through several.
            together = kept | {name: draft.flow for name, draft in drafts.items()}
            outside = outside_of(account)
            flows: dict[str, Flow] = {}
            for name in account.flows:
                findings = check(drafts[name], outside, together) if name in drafts else []
                errors = [finding.problem for finding in findings if finding.error]
                warnings += [finding.problem for finding in findings if not finding.error]
                problems += errors
                if name in drafts and not errors:
                    flows[name] = drafts[name].flow
                elif name in kept:
                    flows[name] = kept[name]
            self._programs[id] = Program(
                MappingProxyType(flows), account.schedules, account.timezone, self._limits
            )
        self.warnings = tuple(warnings)
        return problems

    def texts(self) -> Iterator[Text]:
        """Every text that can be spoken ahead, with its voice and account."""
        for account, program in (*self._programs.items(), ("", BUILTIN)):
            for prompt in _prompts(program):
                if prompt.text is not None and prompt.text.is_fixed and prompt.text.text.strip():
                    yield prompt.text.text.strip(), prompt.voice or "en-us", account
        for part in self._accounts:
            for queue in part.queues.values():
                yield from ((text, "en-us", part.id) for text in texts_of(queue) if text)

    def names(self) -> Iterator[str]:
        """System prompts that some flow plays, ours among them."""
        for program in (*self._programs.values(), BUILTIN):
            for prompt in _prompts(program):
                if prompt.name:
                    yield prompt.name


def texts_of(queue: Queue) -> tuple[str, ...]:
    """What a queue says by itself."""
    return queue.greeting, queue.whisper, queue.callback.whisper


def _prompts(program: Program) -> Iterator[Prompt]:
    for flow in program.flows.values():
        for node in flow.nodes.values():
            yield from node.data.prompts()


def read_file(file: Path, name: str, environ: Mapping[str, str], limits: FlowLimits) -> Draft:
    """Raises `ConfigError`."""
    folder = file.absolute().parent
    return read_flow(text_of(file), str(file), name=name, folder=folder, environ=environ, limits=limits)


def outside_of(account: Account) -> Outside:
    """What a flow of the account may name."""
    zoned = "timezone" in account.model_fields_set
    users = {name for user in account.users for name in (user.number, *user.usernames())}
    return {
        "agent": account.agents,
        "queue": account.queues,
        "user": users,
        "number": users | {extension.number for extension in account.extensions} | {ECHO_CODE},
        "schedule": account.schedules,
        "flow": account.flows,
        "prompt": {MUSIC, *TEXTS},
        "trunk": {trunk.name for trunk in account.trunks if trunk.default},
        "did": {did.number for did in account.dids},
        "zoneless": {name for name, hours in account.schedules.items() if not (zoned or hours.timezone)},
        "unbounded": {
            name
            for name, queue in account.queues.items()
            if not (account.fraud.country or queue.callback.prefixes)
        },
    }
