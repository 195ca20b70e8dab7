"""What every benchmark is made of: sides that take turns, processor time, processes, figures with goals."""
