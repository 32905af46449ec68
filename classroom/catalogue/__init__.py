"""What a course holds, read without what runs it: listed in a moment."""
