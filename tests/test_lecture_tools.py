"""What lectures show below their cells: claims, exercises, predictions."""

import numpy as np
import pandas as pd
import pytest

from course_lib import claims, messages, predictions, turn


@pytest.fixture
def outputs(monkeypatch):
    """List of the bundles that are shown."""
    bundles = []
    monkeypatch.setattr(messages, "display", lambda bundle, raw: bundles.append(bundle))
    return bundles


@pytest.fixture
def shown(outputs):
    """Returns a function that calls another and returns its text and its data for programs."""

    def show(function, *arguments):
        function(*arguments)
        bundle = outputs.pop()
        data = [value for mime, value in bundle.items() if mime.endswith("+json")]
        return bundle["text/plain"], *data

    return show


def test_a_claim_shows_a_mark_and_goes_on(shown):
    assert shown(claims.holds, 2 > 1, "Two is more") == (
        "✓ Two is more",
        {"claim": "Two is more", "holds": True},
    )
    text, data = shown(claims.holds, 2 < 1, "Two is less")
    assert text == "✗ Two is less"
    assert not data["holds"]


def test_a_check_says_yes_no_and_why(shown):
    assert shown(turn.check, lambda: True, "Look at the sign.") == ("✓ Right.", {"solved": True})
    assert shown(turn.check, lambda: False, "Look at the sign.") == (
        "✗ Look at the sign.",
        {"solved": False},
    )
    text, data = shown(turn.check, lambda: ... + 1, "Look at the sign.")
    assert text.startswith("✗ Look at the sign. (TypeError")
    assert not data["solved"]


VERDICTS = {True: [True, np.True_, np.array(True)], False: [False, np.False_, np.array(False)]}
NO_VERDICTS = [
    (0.1, -0.5, 0.7, 5),
    float("nan"),
    [False],
    "False",
    1,
    np.array([True]),
    pd.Series([True]),
    lambda: True,
    None,
]


@pytest.mark.parametrize("value", NO_VERDICTS, ids=lambda value: type(value).__name__)
def test_what_is_no_bool_is_neither_a_claim_nor_a_solution(shown, outputs, value):
    with pytest.raises(TypeError, match=f"'Ours is better' got {type(value).__name__}"):
        claims.holds(value, "Ours is better")
    assert not outputs
    text, data = shown(turn.check, lambda: value, "Look at the sign.")
    assert text == f"✗ Look at the sign. (no bool came, but {type(value).__name__})"
    assert data == {"solved": False}


@pytest.mark.parametrize("expected", VERDICTS)
def test_bools_of_every_kind_are_verdicts(shown, expected):
    for value in VERDICTS[expected]:
        assert shown(claims.holds, value, "It is so")[1]["holds"] is expected
        assert shown(turn.check, lambda value=value: value, "Look.")[1]["solved"] is expected


class Speechless(Exception):
    def __str__(self):
        raise ValueError("no words")


@pytest.mark.parametrize("error", [SystemExit("bye"), Speechless()], ids=["exit", "speechless"])
def test_a_check_outlives_what_its_hole_raises(shown, error):
    def solved():
        raise error

    text, data = shown(turn.check, solved, "Look at the sign.")
    assert text.startswith(f"✗ Look at the sign. ({type(error).__name__}")
    assert not data["solved"]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((3, 4.5, "%"), "· You predicted 3 %. What came out: 4.5 %. Difference: +1.5 %."),
        (("hard", "soft"), "· You predicted hard. What came out: soft."),
        (("soft", "soft"), "✓ You predicted soft. What came out: soft."),
        ((..., 0.25), "· No prediction. What came out: 0.25."),
        ((1000, 1234), "· You predicted 1,000. What came out: 1,234. Difference: +234."),
        ((0.5, 12345.6), "· You predicted 0.5. What came out: 12,346. Difference: +12,345."),
        ((True, True), "✓ You predicted True. What came out: True."),
        (("Soft ", "soft"), "✓ You predicted Soft. What came out: soft."),
        ((np.array([1, 2]), 3), "· You predicted [1 2]. What came out: 3."),
        ((["soft"], "soft"), "· You predicted ['soft']. What came out: soft."),
    ],
)
def test_a_prediction_stands_beside_what_came_out(shown, arguments, text):
    assert shown(predictions.beside, *arguments) == (text,)


def test_what_is_shown_is_escaped(outputs):
    claims.holds(True, "a < b & c")
    assert "a &lt; b &amp; c" in outputs[0]["text/html"]
