"""What the class predicted, beside what came out."""

from numbers import Real

from course_lib import messages


def beside(prediction, result, unit=""):
    """Shows a prediction beside the result.

    Args:
        prediction: What was written down before the experiment, a number or a name; None or `...`
            if nothing was.
        result: What came out, of the same kind.
        unit: Unit of both, such as `"%"`.
    """
    if prediction is None or prediction is ...:
        messages.show("·", f"No prediction. What came out: {_written(result, unit)}.")
        return
    texts = [_written(value, unit) for value in (prediction, result)]
    text = f"You predicted {texts[0]}. What came out: {texts[1]}."
    if isinstance(prediction, Real) and isinstance(result, Real):
        messages.show("·", f"{text} Difference: {_written(result - prediction, unit, '+')}.")
    else:
        messages.show("✓" if prediction == result else "·", text)


def _written(value, unit, sign=""):
    text = f"{value:{sign}.3g}" if isinstance(value, Real) else str(value)
    return f"{text} {unit}".strip()
