"""Where a task does not reach a variable, sets the sum so far to zero."""

LOSES = {"accumulated_gradients-check": 3}
REPLACE = {
    "    return total": """\
            else:
                total[i] = ops.zeros_like(total[i])
    return total""",
}
