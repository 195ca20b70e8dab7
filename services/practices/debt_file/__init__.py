"""The debt file an entity exports: from bytes to checked rows. Pure; what is already stored is not its matter.

Format (docs/debt-files.md): text in the encodings of spreadsheets, the columns of COLUMNS in any order, padded as it
may be; JSON; the layouts of other software. A file that is none is refused as a whole; a wrong row only for itself.
"""
