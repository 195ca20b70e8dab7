"""What a document says, and whether it may be printed: pure rules over what practices and payments answer."""
