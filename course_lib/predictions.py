"""What the class predicted, beside what came out."""

from numbers import Integral, Real

from course_lib import messages


def beside(prediction, result, unit=""):
    """Shows a prediction beside the result.

    Args:
        prediction: What was written down before the experiment, a number or a name; None or `...`
            if nothing was.
        result: What came out, of the same kind.
        unit: Unit of both, such as `"%"`.
    """
    if not _given(prediction):
        messages.show("·", f"No prediction. What came out: {_written(result, unit)}.")
        return
    texts = [_written(value, unit) for value in (prediction, result)]
    text = f"You predicted {texts[0]}. What came out: {texts[1]}."
    if _is_number(prediction) and _is_number(result):
        messages.show("·", f"{text} Difference: {_written(result - prediction, unit, '+')}.")
    else:
        messages.show("✓" if same(prediction, result) else "·", text)


def same(prediction, name):
    """Whether a prediction names something, in small or capital letters, spaces around it or not.

    Args:
        prediction: What was predicted, of any kind.
        name: What it may name, of any kind.

    Returns:
        A bool.
    """
    return _given(prediction) and str(prediction).strip().casefold() == str(name).strip().casefold()


def _given(prediction):
    """Whether a prediction was written down: it is neither None nor `...`."""
    return prediction is not None and prediction is not ...


def _is_number(value):
    return isinstance(value, Real) and not isinstance(value, bool)


def _written(value, unit, sign=""):
    """A number with its unit as people write it: 0.25, 4.5, 1,234; other values as they are."""
    if not _is_number(value):
        text = str(value)
    elif isinstance(value, Integral):
        text = f"{int(value):{sign},}"
    else:
        text = f"{float(value):{sign},{'.4g' if abs(value) < 1000 else '.0f'}}"
    return f"{text} {unit}".strip()
