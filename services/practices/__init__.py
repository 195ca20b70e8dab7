"""practices: the truth for what is owed. Entities, their services, practices, notice numbers, imports."""
