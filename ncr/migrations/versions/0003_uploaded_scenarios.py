"""uploaded scenarios."""

import sqlalchemy as sa

import ncr.db
from alembic import op


revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    with op.batch_alter_table('scenario_version', schema=None) as batch_op:
        batch_op.add_column(sa.Column('uploaded_at', ncr.db.Utc(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('uploaded_by', sa.String(length=32), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f('fk_scenario_version_uploaded_by_user'), 'user', ['uploaded_by'], ['id'], ondelete='SET NULL'
        )
