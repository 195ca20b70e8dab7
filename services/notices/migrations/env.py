"""Alembic environment of notices."""

from chassis.storage.migrations import run_env
from services.notices.models import Base

run_env(Base.metadata)
