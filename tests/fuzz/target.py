"""What is fuzzed: a name, good inputs, and a check whose only permitted outcome is to return."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tests.fuzz.mutation import mutate


@dataclass(frozen=True, slots=True)
class Target:
    name: str
    seeds: tuple[bytes, ...]
    "Good inputs; a case is one of them, edited. None: the check makes all it needs by its `Random`."
    check: Callable[[bytes, Random], None]
    "Any exception is a finding."
    share: int = 1
    "Of the time; a slow target that finds much has more."

    def run(self, case: str) -> bytes:
        """Check the input that `case` names, always the same one, and return it."""
        random = Random(f"{self.name} {case}")
        data = self.make(random)
        self.check(data, random)
        return data

    def make(self, random: Random) -> bytes:
        return mutate(random, random.choice(self.seeds), self.seeds) if self.seeds else b""

    def input(self, case: str) -> bytes:
        """What `run` checks."""
        return self.make(Random(f"{self.name} {case}"))
