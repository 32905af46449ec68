"""What lectures show below their cells: claims, exercises, predictions."""

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


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((3, 4.5, "%"), "· You predicted 3 %. What came out: 4.5 %. Difference: +1.5 %."),
        (("hard", "soft"), "· You predicted hard. What came out: soft."),
        (("soft", "soft"), "✓ You predicted soft. What came out: soft."),
        ((..., 0.25), "· No prediction. What came out: 0.25."),
    ],
)
def test_a_prediction_stands_beside_what_came_out(shown, arguments, text):
    assert shown(predictions.beside, *arguments) == (text,)


def test_what_is_shown_is_escaped(outputs):
    claims.holds(True, "a < b & c")
    assert "a &lt; b &amp; c" in outputs[0]["text/html"]
