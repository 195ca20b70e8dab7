"""The JSON API under /api/v1: resources, problem+json errors, and the OpenAPI document made from the same schemas."""
