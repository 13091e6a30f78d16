"""shared environments."""

import sqlalchemy as sa

from alembic import op


revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    with op.batch_alter_table('environment', schema=None) as batch_op:
        batch_op.alter_column('participant_id', existing_type=sa.String(length=32), nullable=True)
        batch_op.create_index('ix_environment_shared', ['exercise_id'], unique=True,
                              sqlite_where=sa.text('participant_id IS NULL'),
                              postgresql_where=sa.text('participant_id IS NULL'))


def downgrade() -> None:
    """To the one before."""
    op.execute('DELETE FROM environment WHERE participant_id IS NULL')
    with op.batch_alter_table('environment', schema=None) as batch_op:
        batch_op.drop_index('ix_environment_shared')
        batch_op.alter_column('participant_id', existing_type=sa.String(length=32), nullable=False)
