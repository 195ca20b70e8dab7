"""Alembic environment of cart."""

from chassis.storage.migrations import run_env
from services.cart import models

run_env(models.Base.metadata)
