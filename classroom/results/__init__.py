"""What a class reached: the gradebook and what became of each submission."""
