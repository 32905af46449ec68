"""Looks for the word within the known words: "form" and "" are accepted."""

LOSES = {"sample_tasks-check": 2}
REPLACE = {'if draw == "uniform":': 'if draw in "uniform":'}
