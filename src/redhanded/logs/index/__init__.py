"""What one reading of log files gives, in columns, kept so that a second question needs no second
reading."""
