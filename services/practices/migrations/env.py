"""Alembic environment of practices."""

from chassis.storage.migrations import run_env
from services.practices import models

run_env(models.Base.metadata)
