"""What draws the pictures of the synthetic twins."""
