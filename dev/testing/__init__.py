"""`./portal test`: what the tests need, the servers they run on, and the suite."""
