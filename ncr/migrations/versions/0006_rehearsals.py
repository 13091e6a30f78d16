"""rehearsals."""

import sqlalchemy as sa

import ncr.db
from alembic import op


revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    op.create_table('rehearsal',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('scenario', sa.String(length=63), nullable=False),
    sa.Column('version', sa.String(length=40), nullable=False),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('who', sa.String(length=63), nullable=True),
    sa.Column('asked_at', ncr.db.Utc(timezone=True), nullable=False),
    sa.Column('ended_at', ncr.db.Utc(timezone=True), nullable=True),
    sa.Column('report', ncr.db.Json, nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rehearsal'))
    )
    with op.batch_alter_table('rehearsal', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_rehearsal_digest'), ['digest'], unique=False)
        batch_op.create_index(batch_op.f('ix_rehearsal_scenario'), ['scenario'], unique=False)
        batch_op.create_index(batch_op.f('ix_rehearsal_state'), ['state'], unique=False)
    with op.batch_alter_table('exercise', schema=None) as batch_op:
        batch_op.add_column(sa.Column('override', sa.String(length=500), nullable=True))


def downgrade() -> None:
    """Back to the revision before."""
    with op.batch_alter_table('exercise', schema=None) as batch_op:
        batch_op.drop_column('override')
    op.drop_table('rehearsal')
