"""A release: its version, its images, what is in them, and under which licences."""
