"""The tables as a whole; that the migrations lead to them is proved in `test_migrate`."""

from controlplane.store.table import CDR, METADATA, OPEN_CALL


def test_every_table_has_a_workspace_from_the_first_migration() -> None:
    """Design §6, identity and tenancy."""
    assert all("workspace_id" in table.columns for table in METADATA.tables.values())


def test_an_open_call_can_become_a_cdr() -> None:
    assert set(OPEN_CALL.columns.keys()) <= set(CDR.columns.keys())


def test_a_sip_call_id_is_an_index_and_not_unique() -> None:
    """Design §6: call ids are ours."""
    by_column = {tuple(column.name for column in index.columns): index for index in CDR.indexes}
    assert not by_column[("sip_call_id",)].unique
