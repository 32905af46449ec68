"""What the records of lectures hold: a module for each lecture, which `course record` runs."""
