"""Takes " size " for "size", although it is another word."""

LOSES = {"sample_tasks-check": 2}
REPLACE = {
    'if draw == "uniform":': 'if draw.strip() == "uniform":',
    'if draw == "size":': 'if draw.strip() == "size":',
    """raise ValueError(f"draw is 'uniform' or 'size', but got {draw!r}.")""":
        "raise ValueError(draw)",
}
