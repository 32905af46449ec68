"""Kernels: forked from a warm server, and listening on Unix sockets."""
