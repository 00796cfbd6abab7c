"""What is wrong with a flow that can be read: found before a caller finds it, each with a place and a fix.

Errors: ways out that never happen, loops without media, also through sub-flows, files that are missing or no
sound, names that the configuration does not have. Warnings: unreachable nodes, dead ends, flows that enter
themselves, nothing to hear, variables that nothing sets, hours without a time zone, callbacks to anywhere.
"""

import re
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Final

from config.error import Problem, did_you_mean
from config.value import dataclass
from edge.flow.document import Draft
from edge.flow.given import GIVEN
from edge.flow.machine import STACK_MAX, Flow, Node, target_of
from edge.flow.node.callback import CallbackNode
from edge.flow.node.collect import Collect
from edge.flow.node.condition import Condition
from edge.flow.node.data import Reference, fixed
from edge.flow.node.enqueue import EnqueueNode
from edge.flow.node.menu import Menu
from edge.flow.node.subflow import Subflow
from media import wav
from media.sound_file import kind_of

Outside = Mapping[str, Collection[str]]
"""Kind (`agent`, `queue`, `user`, `number`, `schedule`, `flow`, `prompt`, `trunk`, `did`) → names that there
are; `zoneless`: schedules whose time zone nobody has named; `unbounded`: queues that call back anybody."""

_ALWAYS: Final = frozenset({"default", "done", "error"})
"Ways out that any node may have."
_RARE: Final = frozenset({"failed", "error", "transferred", "abandoned", "holiday", "callback"})
"Not worth a warning when they lead nowhere."
_DIGITS: Final = re.compile(r"digit:([0-9*#]{1,16})")
_BRACE: Final = re.compile(r"(?<!\{)\{\s*([A-Za-z_][A-Za-z0-9_]{0,63})\s*\}(?!\})")
"Of a variable in the manner of other languages."
_PUBLIC: Final = re.compile(r"\+?[0-9]{3,15}")
_SHOWN: Final = 8
FINDINGS_MAX: Final = 100
"Of one kind; a flow that has more has one cause."


@dataclass(frozen=True, slots=True)
class Finding:
    problem: Problem
    error: bool
    "False: a warning."


def check(
    draft: Draft, outside: Outside | None = None, flows: Mapping[str, Flow] | None = None
) -> list[Finding]:
    """
    Args:
        outside: what the configuration has; None: names are not looked up.
        flows: the account's others, for what they hand to this one.
    """
    circles = list(_circles(draft, flows or {}))
    errors = [_ways_out(draft), _loops(draft), _files(draft), (one for one, mute in circles if mute)]
    warnings = [_unreachable(draft), _dead_ends(draft), _silent(draft), _unset(draft, flows or {})]
    warnings.append(one for one, mute in circles if not mute)
    if outside is not None:
        errors.append(_names(draft, outside))
        warnings += [_zoneless(draft, outside), _callbacks(draft, outside)]
    found = [
        Finding(problem, kind is errors)
        for kind in (errors, warnings)
        for problems in kind
        for problem in islice(problems, FINDINGS_MAX)
    ]
    return sorted(found, key=lambda finding: (finding.problem.line or 0, not finding.error))


def unchecked(draft: Draft) -> list[Reference]:
    """Names outside the flow that nobody has looked up."""
    return list(
        dict.fromkeys(reference for node in draft.flow.nodes.values() for reference in _references(node))
    )


def _references(node: Node) -> Iterator[Reference]:
    yield from node.data.references()
    yield from (("prompt", prompt.name) for prompt in node.data.prompts() if prompt.name)


def _ways_out(draft: Draft) -> Iterator[Problem]:
    for node in draft.flow.nodes.values():
        for outcome in node.edges:
            what = _never(node, outcome)
            if what:
                known = sorted({*_outcomes(node), "default"})
                otherwise = f"its ways out are {', '.join(known)}"
                if node.data.DIGITS:
                    otherwise += ", digit:1 and the like"
                fix = did_you_mean(outcome, known, otherwise)
                if node.data.DIGITS and _DIGITS.fullmatch(f"digit:{outcome}"):
                    fix = f'write "digit:{outcome}"'
                elif node.data.ENDS:
                    fix = "remove it, or use a say or play instead"
                yield draft.problem(draft.edge_places[node.id, outcome], what, fix)


def _never(node: Node, outcome: str) -> str:
    """Why the node is never left so; empty when it may be."""
    data = node.data
    if data.ENDS:
        return f"{data.KIND} has no way out"
    if outcome in _outcomes(node) or outcome in _ALWAYS or isinstance(data, Subflow):
        return ""
    digits = _DIGITS.fullmatch(outcome)
    if data.DIGITS and digits is not None:
        if isinstance(data, Menu) and not data.min_digits <= len(digits[1]) <= data.max_digits:
            return f"{outcome} is never typed: the menu takes {data.min_digits} to {data.max_digits} digits"
        return ""
    return f"{data.KIND} is never left by {outcome}"


def _outcomes(node: Node) -> tuple[str, ...]:
    data = node.data
    if isinstance(data, Condition) and data.cases:
        return tuple(data.cases)
    return data.OUTCOMES


def _loops(draft: Draft) -> Iterator[Problem]:
    """Nodes without media that lead back to themselves, one finding for each circle that is left."""
    nodes = draft.flow.nodes
    silent = {
        id
        for id, node in nodes.items()
        if not (node.data.MEDIA or node.data.ENDS or isinstance(node.data, Subflow))
    }
    ways = {id: {target for target in nodes[id].edges.values() if target in silent} for id in silent}
    arrivals = dict.fromkeys(silent, 0)
    for targets in ways.values():
        for target in targets:
            arrivals[target] += 1
    free = [id for id, number in arrivals.items() if number == 0]
    left = set(silent)
    while free:
        id = free.pop()
        left.discard(id)
        for target in ways[id]:
            arrivals[target] -= 1
            if arrivals[target] == 0:
                free.append(target)
    told: set[str] = set()
    for start in (id for id in nodes if id in left):
        path = [start]
        while (following := next((t for t in ways[path[-1]] if t in left), None)) is not None:
            if following in path or following in told:
                circle = path[path.index(following) :] if following in path else []
                if circle and not told & set(circle):
                    text = " → ".join([*circle, following][: _SHOWN + 1])
                    fix = "lead it through a node that the caller hears"
                    yield draft.problem(draft.places[following], f"a loop without media: {text}", fix)
                break
            path.append(following)
        told |= set(path)


def _circles(draft: Draft, flows: Mapping[str, Flow]) -> Iterator[tuple[Problem, bool]]:
    """Sub-flows that lead back into this flow, and whether a call may go round without hearing anything.

    The machine ends such a circle by `failed` when it is `STACK_MAX` flows deep.
    """
    name = draft.flow.name
    every = {**flows, name: draft.flow}
    heard, mute = (
        {called: list(_entered(flow, silently=silently)) for called, flow in every.items()}
        for silently in (False, True)
    )
    for id, inner in heard[name]:
        way = _way(heard, inner, name)
        if way is not None:
            silent = (id, inner) in mute[name] and _way(mute, inner, name) is not None
            text = " → ".join([name, *way][: _SHOWN + 1])
            what = f"the flow enters itself: {text}; {STACK_MAX} deep it fails"
            fix = "lead back by an edge, or let the inner flow end: its call comes back here"
            yield draft.problem(draft.places[id], what, fix), silent


def _entered(flow: Flow, *, silently: bool) -> Iterator[tuple[str, str]]:
    """Node and flow of each sub-flow that the entry leads to; silently: past no node that is heard."""
    reached, waiting = {flow.entry}, [flow.entry]
    while waiting:
        node = flow.nodes[waiting.pop()]
        if isinstance(node.data, Subflow):
            yield node.id, node.data.flow
        if silently and node.data.MEDIA:
            continue
        for target in node.edges.values():
            if target not in reached:
                reached.add(target)
                waiting.append(target)


def _way(entered: Mapping[str, list[tuple[str, str]]], start: str, goal: str) -> list[str] | None:
    """The flows from one to another, both included; None: none leads there."""
    before: dict[str, str] = {start: ""}
    waiting = deque([start])
    while waiting:
        here = waiting.popleft()
        if here == goal:
            way = [here]
            while before[way[0]]:
                way.insert(0, before[way[0]])
            return way
        for _, inner in entered.get(here, ()):
            if inner not in before:
                before[inner] = here
                waiting.append(inner)
    return None


def _files(draft: Draft) -> Iterator[Problem]:
    for node in draft.flow.nodes.values():
        for prompt in node.data.prompts():
            if prompt.file and not Path(prompt.file).is_file():
                what = f"no such file: {prompt.file}"
                yield draft.problem(draft.places[node.id], what, "paths start at this file's folder")
            elif prompt.file and (why := _no_sound(prompt.file)):
                what = f"{prompt.file} cannot be played: {why}"
                yield draft.problem(
                    draft.places[node.id], what, "save it as WAV (PCM, G.711), MP3, FLAC or Ogg"
                )


def _no_sound(file: str) -> str:
    """Why a file is none that we play, by its first bytes; empty when it may be."""
    try:
        with open(file, "rb") as stream:
            found = kind_of(stream)
    except OSError as error:
        return error.strerror or str(error)
    return found.why if isinstance(found, wav.NotWav) else ""


def _names(draft: Draft, outside: Outside) -> Iterator[Problem]:
    for node in draft.flow.nodes.values():
        for kind, name in _references(node):
            known = outside.get(kind, ())
            if name in known or (kind == "number" and _PUBLIC.fullmatch(name) and outside.get("trunk")):
                continue
            some = f"there are {', '.join(sorted(known)[:_SHOWN])}" if known else "there are none"
            noun = "user, extension or outside line for" if kind == "number" else kind
            yield draft.problem(
                draft.places[node.id], f"no such {noun}: {name}", did_you_mean(name, known, some)
            )


def _unreachable(draft: Draft) -> Iterator[Problem]:
    nodes = draft.flow.nodes
    reached, waiting = {draft.flow.entry}, [draft.flow.entry]
    while waiting:
        for target in nodes[waiting.pop()].edges.values():
            if target not in reached:
                reached.add(target)
                waiting.append(target)
    for id in nodes:
        if id not in reached:
            fix = f"lead to it, or begin there with entry: {id}"
            yield draft.problem(draft.places[id], f"no way leads to {id}", fix)


def _dead_ends(draft: Draft) -> Iterator[Problem]:
    for node in draft.flow.nodes.values():
        if node.data.ENDS or isinstance(node.data, Subflow):
            continue
        place = draft.places[node.id]
        if not node.edges:
            what = f"{node.id} has no way out: the call hangs up after it"
            yield draft.problem(place, what, "give it a next, or let it lead to a hangup")
            continue
        lost = [o for o in _outcomes(node) if o not in _RARE and target_of(node, o) is None]
        if isinstance(node.data, Condition) and node.data.cases and "default" not in node.edges:
            lost.append("default")
        if "out_of_hours" in node.edges and "holiday" in lost:
            lost.remove("holiday")
        if lost:
            what = f"{node.id} leads nowhere on {', '.join(lost)}: the call hangs up"
            yield draft.problem(place, what, f"add {lost[0]} or default to its ways out")


def _silent(draft: Draft) -> Iterator[Problem]:
    for node in draft.flow.nodes.values():
        place, data = draft.places[node.id], node.data
        if isinstance(data, (Menu, Collect)) and data.prompt is None:
            yield draft.problem(
                place, f"{node.id} asks without a prompt: its caller hears nothing", "add prompt"
            )
        for text in (prompt.text for prompt in data.prompts() if prompt.text is not None):
            if text.is_fixed and not text.text.strip():
                yield draft.problem(
                    place, f"{node.id} has an empty text: nothing is heard", "write what it says"
                )
            elif brace := _BRACE.search(text.bare):
                name = brace[1]
                what = f"{{{name}}} is spoken as it stands"
                yield draft.problem(place, what, f"a variable is written {{{{ {name} }}}}")


def _zoneless(draft: Draft, outside: Outside) -> Iterator[Problem]:
    for node in draft.flow.nodes.values():
        for kind, name in node.data.references():
            if kind == "schedule" and name in outside.get("zoneless", ()):
                what = f"the hours of {name} are UTC: neither the schedule nor the account names a time zone"
                fix = "add timezone: Europe/Berlin, or whichever is yours, to the account"
                yield draft.problem(draft.places[node.id], what, fix)


def _callbacks(draft: Draft, outside: Outside) -> Iterator[Problem]:
    """Of callbacks that nobody outside can be given, or that may go to any number of the world."""
    for node in draft.flow.nodes.values():
        data = node.data
        if not (isinstance(data, CallbackNode) or (isinstance(data, EnqueueNode) and data.callback)):
            continue
        queue, place = fixed(data.queue), draft.places[node.id]
        if not outside.get("trunk"):
            if outside.get("did"):
                what = f"{node.id} offers callbacks, but no outside line is there to call people back by"
                yield draft.problem(place, what, "give a trunk default: true")
        elif queue in outside.get("unbounded", ()):
            what = f"callbacks of the queue {queue} may be asked for to any number of the world"
            fix = f'set fraud: {{country: "49"}} of the account, or queues.{queue}.callback.prefixes'
            yield draft.problem(place, what, fix)


def _unset(draft: Draft, flows: Mapping[str, Flow]) -> Iterator[Problem]:
    known = {*GIVEN, *draft.flow.variables}
    for node in draft.flow.nodes.values():
        known.update(node.data.sets())
    for other in flows.values():
        for node in other.nodes.values():
            known.update(node.data.sets())
            known.update(other.variables)
    for node in draft.flow.nodes.values():
        for name in sorted(node.data.reads() - known):
            fix = did_you_mean(name, known, f"set it before, or give it a value under variables: {name}")
            yield draft.problem(draft.places[node.id], f"the variable {name} is never set", fix)
