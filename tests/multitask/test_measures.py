import numpy as np
import pytest

from course_lib.multitask.measures import limits_of_agreement


def test_limits_of_agreement():
    found = limits_of_agreement([11, 23, 32], [10, 20, 30])
    assert found.difference.tolist() == [1, 3, 2]
    assert found.mean.tolist() == [10.5, 21.5, 31]
    assert found[2:] == pytest.approx((2, 0.04, 3.96))


def test_limits_of_agreement_hold_95_percent_of_normal_differences():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, 20000))
    found = limits_of_agreement(first, second)
    inside = (found.difference > found.lower) & (found.difference < found.upper)
    assert inside.mean() == pytest.approx(0.95, abs=0.005)
