"""The parts of collecting: archives, who handed in, which lab it is, what is stored."""
