"""Values that nobody changes, as cheap to make as plain objects.

The standard library's `dataclass(frozen=True)` sets every field by a call of `object.__setattr__`, which
costs more than all else that making one does, and a call on the phone makes some sixty. Here that nobody
writes is held by mypy, for whom this is the standard library's decorator; at run time the class is a plain
one with the hash that a frozen one has.
"""

import dataclasses
import enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(cls: type | None = None, /, *, frozen: bool = False, **options: Any) -> Any:
        if frozen and options.get("eq", True):
            options["unsafe_hash"] = True
        return dataclasses.dataclass(cls, **options)


class Enumeration(enum.Enum):
    """An enumeration whose members are found in dictionaries as fast as other objects.

    Those of the standard library compute the hash of their name in Python, each time.
    """

    __hash__ = object.__hash__


__all__ = ["Enumeration", "dataclass"]
