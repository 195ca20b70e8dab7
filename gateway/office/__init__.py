"""The offices of the entities: what their operators do, below `/ufficio`; look and rules are the citizens' pages'."""
