"""What is written to the gradebook: scores, hand-in times, what belongs to earlier answers."""
