"""Starts Keras without the messages that TensorFlow prints on every machine without a GPU.

`import course_lib.quiet` before Keras. Warnings that come later are seen.
"""

import os
from contextlib import contextmanager


@contextmanager
def _no_stderr():
    """Silences compiled code too, which does not write through `sys.stderr`."""
    stderr = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)


os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
with _no_stderr():
    import keras

    keras.ops.zeros(())  # the first operation looks for a GPU
