"""Pure rules of practices: states, folding of what payments tells, rules of a debt, what is shown to whom."""
