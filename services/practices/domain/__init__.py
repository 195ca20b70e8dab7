"""Pure rules of what is owed: states, folding of what payments tells, terms of a debt, what is shown to whom."""
