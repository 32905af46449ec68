"""From an archive of a learning platform to the files in `submitted/`."""
