"""what injects hold."""

import sqlalchemy as sa

from alembic import op
from ncr.db import Json


revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    with op.batch_alter_table('environment', schema=None) as batch_op:
        batch_op.add_column(sa.Column('held', Json, nullable=False, server_default='{}'))
    with op.batch_alter_table('environment', schema=None) as batch_op:
        batch_op.alter_column('held', server_default=None)


def downgrade() -> None:
    """Back to the revision before."""
    with op.batch_alter_table('environment', schema=None) as batch_op:
        batch_op.drop_column('held')
