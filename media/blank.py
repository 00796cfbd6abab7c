"""Columns that begin anew together: one assignment for each type, not for each column."""

from collections.abc import Iterable, MutableMapping
from typing import Any

import numpy as np

from media.frame import Rows


class Blank:
    def __init__(self, columns: MutableMapping[str, Any], names: Iterable[str] | None = None) -> None:
        """
        Args:
            columns: arrays by name, such as `vars(self)`, in the first dimension of which row is slot. Those
                of one type and one row's shape are moved beside each other into one array, of which they
                become views.
            names: those that are meant; all that are arrays if None.
        """
        alike: dict[tuple[np.dtype[Any], tuple[int, ...]], list[str]] = {}
        for name in columns if names is None else names:
            column = columns[name]
            if isinstance(column, np.ndarray):
                alike.setdefault((column.dtype, column.shape), []).append(name)
        self._blocks = []
        for together in alike.values():
            block = np.stack([columns[name] for name in together])
            columns.update(zip(together, block, strict=True))
            self._blocks.append((block, block[:, :1].copy()))

    def reset(self, slots: Rows) -> None:
        """Give the slots the values that the first one had at the beginning."""
        for block, first in self._blocks:
            block[:, slots] = first
