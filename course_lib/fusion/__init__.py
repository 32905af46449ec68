"""Learning from several modalities at once."""
