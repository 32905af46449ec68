"""From an archive of a learning platform to a notebook that can be graded."""
