"""Every name in the table makes a dialect that fits the contract."""

import pytest

from media.agent.contract import Context, Dialect, Encoding
from media.agent.dialect.table import DIALECTS

CONTEXT = Context("call-1", "acc_demo", 16000, {})


@pytest.mark.parametrize("name", DIALECTS)
def test_a_dialect_is_made_by_name(name: str) -> None:
    dialect: Dialect = DIALECTS[name](CONTEXT, lambda size: "0" * (2 * size))
    assert isinstance(dialect.hears, Encoding) and isinstance(dialect.speaks, Encoding)
    assert dialect.open() or name == "ultravox", "a joined call needs no word"
