"""timeCondition: which way a schedule says (S004-27). What cannot be evaluated is open.

Without an edge `holiday`, a holiday leaves by `out_of_hours`.
"""

from collections.abc import Iterator
from typing import ClassVar

from edge.flow.node.data import NodeData, Reference
from edge.flow.scene import Action, Leave, Scene
from edge.flow.schedule import Hours, hours_at


class TimeCondition(NodeData):
    KIND: ClassVar[str] = "timeCondition"
    OUTCOMES: ClassVar[tuple[str, ...]] = ("in_hours", "out_of_hours", "holiday")

    schedule: str
    "Of the account, by name."

    def enter(self, scene: Scene) -> Action:
        schedule = scene.schedule(self.schedule)
        hours = Hours.OPEN if schedule is None else hours_at(schedule, scene.timezone, scene.wall)
        if hours is Hours.HOLIDAY and "holiday" not in scene.edges:
            hours = Hours.CLOSED
        return Leave(hours.value)

    def references(self) -> Iterator[Reference]:
        yield "schedule", self.schedule
