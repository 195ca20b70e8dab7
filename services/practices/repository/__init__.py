"""The only SQL of practices."""
