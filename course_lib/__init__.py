"""Helpers of the course on transfer, fusion, consistency and multi-task learning in Keras."""
