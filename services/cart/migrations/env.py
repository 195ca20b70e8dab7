"""Alembic environment of cart."""

from chassis.migrations import run_env
from services.cart import models

run_env(models.Base.metadata)
