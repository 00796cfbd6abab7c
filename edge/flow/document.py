"""The document of a flow, YAML or JSON → `Flow` (S004-38), or everything that is wrong with it.

The JSON of an editor has lists::

    {"name": "reception", "entry": "start",
     "nodes": [{"id": "start", "type": "entry", "data": {"kind": "entry"}}],
     "edges": [{"source": "start", "sourceHandle": "done", "target": "menu"}]}

What people write by hand maps onto it one to one: nodes by id, fields beside the kind, edges in `next`::

    nodes:
      start: {kind: entry, next: menu}
      menu:
        kind: menu
        prompt: Press 1 for sales.
        next: {"digit:1": sales, default: bye}

`next: bye` is short for `next: {default: bye}`. The JSON Schema of both is `config/flows/flow.schema.json`.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from config.document import Document, read
from config.document import Path as Place
from config.error import ConfigError, Problem, did_you_mean, path_text
from config.schema import FlowLimits
from config.value import dataclass
from config.wording import words
from edge.flow.machine import Flow, Node
from edge.flow.node.data import NodeData
from edge.flow.node.table import KINDS, kind_named
from edge.flow.value import Value, bounded

PROBLEMS_MAX: Final = 100
_SHOWN: Final = 8
_KEYS: Final = ("name", "entry", "variables", "nodes", "edges", "description")
_NODE_KEYS: Final = ("id", "type", "data")
_EDGE_KEYS: Final = ("source", "sourceHandle", "target")
DRAWN: Final = frozenset([
    "id", "label", "type", "position", "positionAbsolute", "measured", "width", "height", "selected",
    "dragging", "style", "className", "zIndex", "hidden", "draggable", "selectable", "connectable",
    "deletable", "focusable", "sourcePosition", "targetPosition", "parentId", "extent", "ariaLabel",
    "animated", "markerStart", "markerEnd", "targetHandle", "pathOptions", "interactionWidth"])  # fmt: skip
"What an editor such as React Flow keeps of how it draws; nothing of it matters to a call."
_SECRET: Final = frozenset({"headers", "body", "url", "pin"})
"Fields that may hold a key: what is wrong in them is told without their value."


@dataclass(frozen=True, slots=True)
class Draft:
    """A flow as it was read, with what is needed to say where something in it stands."""

    flow: Flow
    file: str
    document: Document
    places: Mapping[str, Place]
    "Node id → where it stands."
    edge_places: Mapping[tuple[str, str], Place]

    def problem(self, place: Place, what: str, fix: str = "") -> Problem:
        return Problem(self.file, self.document.line(place), path_text(place), what, fix)


def read_flow(
    text: str,
    file: str,
    *,
    name: str = "",
    folder: Path | None = None,
    environ: Mapping[str, str] | None = None,
    limits: FlowLimits | None = None,
) -> Draft:
    """
    Args:
        file: its name in problems.
        name: of the flow, when the document has none.
        folder: where relative prompt files start.
        environ: for `${NAME}` in scalars.

    Raises:
        ConfigError: with every problem found.
    """
    document, problems = read(text, file, environ or {})
    reader = _Reader(document, file, folder, limits or FlowLimits())
    reader.problems += problems
    draft = reader.read(text, name)
    if reader.problems or draft is None:
        raise ConfigError(sorted(dict.fromkeys(reader.problems), key=lambda problem: problem.line or 0))
    return draft


@dataclass(slots=True)
class _Reader:
    document: Document
    file: str
    folder: Path | None
    limits: FlowLimits
    problems: list[Problem] = field(default_factory=list)
    nodes: dict[str, NodeData] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    edges: dict[str, dict[str, str]] = field(default_factory=dict)
    edge_places: dict[tuple[str, str], Place] = field(default_factory=dict)

    def read(self, text: str, name: str) -> Draft | None:
        data = self.document.data
        if not isinstance(data, dict):
            self._problem((), "the file is empty" if data is None else "not a flow", "begin with nodes:")
            return None
        for key in data.keys() - {*_KEYS, "viewport"}:
            self._problem((key,), "unknown key", did_you_mean(key, _KEYS, f"the keys are {', '.join(_KEYS)}"))
        nodes = data.get("nodes")
        if isinstance(nodes, dict):
            for id in self._bounded(list(nodes)):
                self._short_node(str(id), nodes[id])
        elif isinstance(nodes, list):
            for index, body in enumerate(self._bounded(nodes)):
                self._node(body, ("nodes", index))
        else:
            self._problem(
                ("nodes",), "missing" if nodes is None else "not nodes", "write nodes: with one per line"
            )
            return None
        self._edges(data.get("edges", []))
        variables = self._variables(data.get("variables", {}))
        entry = self._entry(data.get("entry"))
        if entry is None or self.problems:
            return None
        made = {id: Node(id, body, self.edges.get(id, {})) for id, body in self.nodes.items()}
        version = hashlib.sha256(text.encode()).hexdigest()[:12]
        flow = Flow(str(data.get("name") or name or "flow"), version, entry, made, variables)
        return Draft(flow, self.file, self.document, self.places, self.edge_places)

    # Parts.

    def _short_node(self, id: str, body: object) -> None:
        place: Place = ("nodes", id)
        if not isinstance(body, dict):
            self._problem(place, "not a node", "write {kind: say, text: …, next: …}")
            return
        values = {str(key): value for key, value in body.items()}
        following = values.pop("next", None)
        self._add(id, values.pop("kind", None), values, place)
        if following is None:
            return
        if isinstance(following, (str, int)) and not isinstance(following, bool):
            self._edge(id, "default", str(following), (*place, "next"))
        elif isinstance(following, dict):
            for outcome, target in following.items():
                self._edge(id, str(outcome), str(target), (*place, "next", outcome))
        else:
            self._problem((*place, "next"), "not the next node", 'write an id, or {"digit:1": id}')

    def _node(self, body: object, place: Place) -> None:
        if not isinstance(body, dict) or not isinstance(body.get("id"), (str, int)):
            self._problem(place, "a node has an id", "write {id: …, type: …, data: {kind: …}}")
            return
        for key in body.keys() - DRAWN - {*_NODE_KEYS}:
            fix = "fields of a kind belong into data; or write nodes: {start: {kind: …, next: …}}, without id"
            self._problem((*place, key), "unknown key", fix)
        data = body.get("data")
        if data is not None and not isinstance(data, dict):
            self._problem((*place, "data"), "not a mapping", "write data: {kind: …}")
            return
        values = {str(key): value for key, value in (data or {}).items() if key != "label"}
        kind = values.pop("kind", body.get("type"))
        self._add(str(body["id"]), kind, values, place, (*place, "data"))

    def _add(
        self, id: str, kind: object, values: Mapping[str, object], place: Place, inner: Place | None = None
    ) -> None:
        inner = inner or place
        if id in self.places:
            self._problem(place, f"the id {id} is taken already", "give each node its own id")
            return
        if not id or len(id) > 64 or not id.isprintable():
            self._problem(place, "not an id", "use 1 to 64 printable characters")
            return
        self.places[id] = place
        found = kind_named(kind) if isinstance(kind, str) else None
        if found is None:
            what = "the kind is missing" if kind is None else f"no such kind of node: {kind}"
            fix = did_you_mean(str(kind), list(KINDS), f"the kinds are {', '.join(KINDS)}")
            self._problem((*inner, "kind") if kind is not None else place, what, fix)
            return
        try:
            self.nodes[id] = KINDS[found].model_validate(values, context={"folder": self.folder})
        except ValidationError as error:
            for detail in error.errors(include_url=False)[:20]:
                where = (*inner, *(step for step in detail["loc"] if not str(step).startswith("function")))
                raw = None if _SECRET & set(where) else self.document.raw.get(where)
                what, fix = _words(detail, raw, KINDS[found])
                self._problem(where, what, fix)

    def _edges(self, edges: object) -> None:
        if not isinstance(edges, list):
            self._problem(("edges",), "not a list", "write [{source: …, sourceHandle: …, target: …}]")
            return
        for index, edge in enumerate(edges[: self.limits.nodes * 20]):
            place: Place = ("edges", index)
            if len(self.problems) >= PROBLEMS_MAX:
                return
            if not isinstance(edge, dict) or not {"source", "target"} <= edge.keys():
                self._problem(place, "not an edge", "write {source: …, sourceHandle: …, target: …}")
                continue
            for key in edge.keys() - DRAWN - {*_EDGE_KEYS, "data"}:
                fix = did_you_mean(str(key), _EDGE_KEYS, f"the keys are {', '.join(_EDGE_KEYS)}")
                self._problem((*place, key), "unknown key", fix)
            source = str(edge["source"])
            if source not in self.places:
                self._problem((*place, "source"), f"no such node: {source}", self._near(source))
                continue
            self._edge(source, str(edge.get("sourceHandle") or "default"), str(edge["target"]), place)

    def _edge(self, source: str, outcome: str, target: str, place: Place) -> None:
        edges = self.edges.setdefault(source, {})
        if outcome in edges:
            self._problem(place, f"{source} has two ways out by {outcome}", "remove one of them")
        edges[outcome] = target
        self.edge_places[source, outcome] = place

    def _entry(self, given: object) -> str | None:
        if not self.nodes and not self.problems:
            self._problem(("nodes",), "there are no nodes", "add one")
        for source, edges in self.edges.items():
            for outcome, target in edges.items():
                if len(self.problems) >= PROBLEMS_MAX:
                    return None  # looking for near names of them all takes its time
                if target not in self.places:
                    place = self.edge_places[source, outcome]
                    self._problem(place, f"no such node: {target}", self._near(target))
        if given is not None:
            if str(given) in self.places:
                return str(given)
            self._problem(("entry",), f"no such node: {given}", self._near(str(given)))
            return None
        entries = [id for id, body in self.nodes.items() if body.KIND == "entry"]
        if len(entries) > 1:
            self._problem(self.places[entries[1]], "a second entry", "keep one, or name it by entry:")
            return None
        return entries[0] if entries else next(iter(self.places), None)

    def _near(self, id: str) -> str:
        known = list(self.places)
        more = ", …" if len(known) > _SHOWN else ""
        return did_you_mean(id, known, f"the nodes are {', '.join(known[:_SHOWN])}{more}")

    def _variables(self, given: object) -> dict[str, Value]:
        if not isinstance(given, dict):
            self._problem(("variables",), "not a mapping", "write {name: value}")
            return {}
        for name in given:
            if not str(name).isidentifier() or not str(name).isascii():
                self._problem(("variables", name), "not a name", "use letters, digits and _")
        return {str(name): bounded(value) for name, value in given.items()}

    def _bounded(self, nodes: list[Any]) -> list[Any]:
        if len(nodes) > self.limits.nodes:
            self._problem(("nodes",), f"more than {self.limits.nodes} nodes", "split it into sub-flows")
        return nodes[: self.limits.nodes]

    def _problem(self, place: Place, what: str, fix: str = "") -> None:
        if len(self.problems) < PROBLEMS_MAX:
            line = self.document.line(place)
            self.problems.append(Problem(self.file, line, path_text(place), what, fix))


def _words(detail: ErrorDetails, raw: str | None, kind: type[NodeData]) -> tuple[str, str]:
    """What is wrong and what to change. Args: raw: None for what may be a key."""
    loc = detail["loc"]
    match detail["type"]:
        case "extra_forbidden" if len(loc) == 1:
            keys = list(kind.model_fields)
            known = f"the keys of {kind.KIND} are {', '.join(keys)}" if keys else f"{kind.KIND} has no keys"
            return "unknown key", did_you_mean(str(loc[-1]), keys, known)
        case "missing" if len(loc) == 1:
            return f"{kind.KIND} needs {loc[-1]}", f"add {loc[-1]}: …"
    return words(detail, raw, ())
