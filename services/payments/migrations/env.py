"""Alembic environment of payments."""

from chassis.storage.migrations import run_env
from services.payments.models import Base

run_env(Base.metadata)
