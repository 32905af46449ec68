"""One line below a cell: a mark and a sentence, read by people and by the lecture runner."""

import html

import numpy as np
from IPython.display import display

COLOURS = {"✓": "#1a7f37", "✗": "#b42318", "·": "#57606a"}


def show(mark, sentence, mime=None, **data):
    """Shows a mark and a sentence below the cell.

    Args:
        mark: `"✓"`, `"✗"` or `"·"`.
        sentence: What it says, plain text.
        mime: MIME type under which programs find `data` in the output, or None.
        **data: JSON values for programs.
    """
    page = (
        f'<div><b style="color:{COLOURS[mark]}" aria-hidden="true">{mark}</b> '
        f"{html.escape(sentence)}</div>"
    )
    bundle = {"text/plain": f"{mark} {sentence}", "text/html": page}
    display(bundle | ({mime: data} if mime else {}), raw=True)


def as_bool(value):
    """A verdict as a bool, if it is one: what is merely true in Python, as a list is, is none.

    Args:
        value: A bool, or an array or tensor of one, without axes.

    Returns:
        The bool, or None where the value is anything else.
    """
    if getattr(value, "shape", None) == () and np.asarray(value).dtype == bool:
        return bool(value)
    return value if isinstance(value, bool) else None


def read(cells, mime):
    """What cells have shown to programs.

    Args:
        cells: Executed cells of a notebook.
        mime: The MIME type given to `show`.

    Returns:
        List of the dictionaries of data, in order.
    """
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return [output.data[mime] for output in outputs if mime in output.get("data", {})]
