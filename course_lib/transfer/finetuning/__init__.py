"""Ways to fine-tune: a head first, towards the source, by few weights, or half of the way."""
