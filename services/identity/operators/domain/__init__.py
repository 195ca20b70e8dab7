"""The rules of operators, without anything that can fail for a technical reason."""
