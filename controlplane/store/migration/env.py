"""Alembic's entry point; the connection is handed in by `controlplane.store.migrate`."""

from alembic import context

from controlplane.store.table import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
