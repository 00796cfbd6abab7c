"""A change of rows that is promised: all acts of one promise are on disk, or none is."""

from dataclasses import dataclass

from controlplane.store.statement import Sql


@dataclass(frozen=True, slots=True)
class Act:
    sql: Sql
    row: tuple[object, ...]
    "Its parameters."
