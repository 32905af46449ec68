"""Multi-task learning: how tasks share, how they are trained together, and the baselines to beat."""
