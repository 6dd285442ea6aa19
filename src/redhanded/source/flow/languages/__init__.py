"""Languages lowered to one form: one file each."""
