"""Alembic's entry into this service's tables."""

from chassis.storage.migrations import run_env
from services.identity import models

run_env(models.Base.metadata)
