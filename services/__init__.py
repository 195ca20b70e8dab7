"""The five services. None imports another; each owns its database."""
