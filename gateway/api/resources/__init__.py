"""The resources of /api/v1, one module per noun; routes.py says where each stands."""
