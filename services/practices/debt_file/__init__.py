"""The debt file an entity exports: from bytes to checked rows. Pure; what is already stored is not its matter.

Format (sandbox/data/README.md): text in the encodings of spreadsheets, the columns of COLUMNS in any order, padded as
it may be. A file that is not one is refused as a whole; a wrong row only for itself.
"""
