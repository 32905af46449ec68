"""What is written to the gradebook: scores, when submissions came, what belongs to earlier answers."""
