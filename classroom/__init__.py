"""What runs a class: lectures, labs, collecting, grading, reporting."""
