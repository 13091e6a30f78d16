"""Alembic's environment: always on the connection that `upgrade` gives it."""

from alembic import context

import ncr.exercise.tables
import ncr.people.tables
import ncr.scoring.tables  # noqa: F401
from ncr.db import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=Base.metadata, render_as_batch=connection.dialect.name == "sqlite"
)
context.run_migrations()
