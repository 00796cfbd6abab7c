"""record: what the caller says becomes a file, whose key becomes a variable."""

from typing import ClassVar

from pydantic import Field

from config.section import Duration
from edge.flow.command import Record
from edge.flow.node.data import Keys, NodeData, Variable
from edge.flow.scene import Action, Leave, Outcome, Scene


class RecordNode(NodeData):
    KIND: ClassVar[str] = "record"
    OUTCOMES: ClassVar[tuple[str, ...]] = ("done", "failed")
    MEDIA: ClassVar[bool] = True

    variable: Variable = "recording"
    "Where the file's key is kept: `<account>/rec/<call>.wav`."
    beep: bool = True
    max_seconds: Duration = Field(default=120.0, ge=1, le=3_600)
    silence: Duration = Field(default=5.0, ge=0, le=60)
    "So much silence ends it [s]; 0: none does."
    terminators: Keys = "#"

    @property
    def records(self) -> bool:
        return True

    def enter(self, scene: Scene) -> Action:
        return Record("rec", "", self.beep, self.max_seconds, self.silence, self.terminators)

    def resume(self, scene: Scene, outcome: Outcome) -> Action:
        scene.set(self.variable, outcome.data.get("key"))
        return Leave(outcome.name)

    def sets(self) -> tuple[str, ...]:
        return (self.variable,)
