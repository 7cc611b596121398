"""Runs the steps on the connection that `grader.gradebook.migrate` opened a transaction on."""

from alembic import context

from grader.gradebook.migrate import VERSION_TABLE

context.configure(connection=context.config.attributes["connection"], version_table=VERSION_TABLE)
with context.begin_transaction():
    context.run_migrations()
