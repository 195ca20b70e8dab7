"""Figures outside the table of `./portal bench`: each needs minutes, or a world of its own. Run by their names."""
