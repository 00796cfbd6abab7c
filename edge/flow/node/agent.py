"""agent: an AI agent talks with the caller (`dial {agent}` on the wire).

`done` when it took its leave, `transferred` when the person or queue that it handed the caller to is done,
`no_answer` when it could not be reached (by `failed` where that has no edge of its own), `failed` when it
broke off, `digit:0` when the caller pressed an exit key.
"""

from collections.abc import Iterator, Mapping
from typing import ClassVar

from pydantic import Field

from edge.flow.command import Dial
from edge.flow.node.data import Keys, NodeData, Reference, Text, Variable
from edge.flow.scene import Action, Leave, Outcome, Scene


class AgentNode(NodeData):
    KIND: ClassVar[str] = "agent"
    OUTCOMES: ClassVar[tuple[str, ...]] = ("done", "transferred", "no_answer", "failed")
    DIGITS: ClassVar[bool] = True
    MEDIA: ClassVar[bool] = True
    INSTEAD: ClassVar[Mapping[str, str]] = {"no_answer": "failed"}

    agent: str
    parameters: dict[Variable, Text] = Field(default={}, max_length=50)
    "Told to the agent at its start, beside from, to and direction."
    exit_digits: Keys = ""
    "Keys that leave the agent: edges `digit:0`…"

    def enter(self, scene: Scene) -> Action:
        parameters = {name: scene.text(value) for name, value in self.parameters.items()}
        return Dial(agent=self.agent, parameters=parameters, exit_digits=self.exit_digits)

    def resume(self, scene: Scene, outcome: Outcome) -> Action:
        variables = outcome.data.get("variables")
        if isinstance(variables, Mapping):
            for name, value in variables.items():
                scene.set(name, value)
        # An outside edge says of a dialled agent what it says of people.
        return Leave("done" if outcome.name == "answered" else outcome.name)

    def references(self) -> Iterator[Reference]:
        yield "agent", self.agent
