"""SQL text made from the tables."""

from controlplane.store import statement
from controlplane.store.table import BINDING, OPEN_CALL, TRACE_CHUNK


def test_parameters_are_the_columns_in_order() -> None:
    names = ", ".join(column.name for column in BINDING.columns)
    assert statement.upsert(BINDING).sqlite.startswith(f"INSERT INTO binding ({names}) VALUES (?")
    assert statement.insert(OPEN_CALL).sqlite.count("?") == len(OPEN_CALL.columns)
    assert statement.insert(OPEN_CALL).postgresql.count("%s") == len(OPEN_CALL.columns)
    assert "seq" not in statement.insert(TRACE_CHUNK, without=("seq",)).sqlite


def test_an_upsert_replaces_all_but_the_key() -> None:
    made = statement.upsert(BINDING)
    for text in (made.sqlite, made.postgresql):
        _, _, replaced = text.partition("DO UPDATE SET ")
        assert "cseq = excluded.cseq" in replaced and "contact = " not in replaced


def test_delete_takes_the_key() -> None:
    assert (
        statement.delete(BINDING).sqlite.count("?") == 3 == statement.delete(BINDING).postgresql.count("%s")
    )


def test_a_workspace_is_the_accounts() -> None:
    assert statement.workspace_of("a") == statement.workspace_of("a") != statement.workspace_of("b")
