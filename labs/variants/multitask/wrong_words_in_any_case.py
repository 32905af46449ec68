"""Takes "Uniform" and "SIZE", too, which are other words."""

LOSES = {"sample_tasks-check": 2}
REPLACE = {
    'if draw == "uniform":': 'if draw.lower() == "uniform":',
    'if draw == "size":': 'if draw.lower() == "size":',
    """raise ValueError(f"draw is 'uniform' or 'size', but got {draw!r}.")""":
        "raise ValueError(draw)",
}
