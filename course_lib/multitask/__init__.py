"""Multi-task learning: how tasks share, how they are trained, and the baselines to beat."""
