"""What runs a class: lectures, labs, collecting, grading and reporting. The `course` command is a skin over it."""
