"""The cases of `tandem agent check`: what every agent must survive, and what it should do well."""

from typing import Final

from controlplane.rehearsal import conversation, line
from controlplane.rehearsal.case import Case

CASES: Final[tuple[Case, ...]] = (*conversation.CASES, *line.CASES)
