"""The people of the entities' offices: invited, logged in, given roles, removed."""
