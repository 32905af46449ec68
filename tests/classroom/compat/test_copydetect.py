"""copydetect's two functions still do what the comparison of submissions builds on."""

import numpy as np

from classroom.compat.copydetect import filter_code, winnow


def test_copydetect_leaves_no_names_no_comments_and_no_white_space():
    first = filter_code(
        "def area(width, height):\n    return width * height  # of it", "", "python"
    )
    second = filter_code("def f(a,b):\n\n    return a*b", "", "python")
    assert first[0] == second[0]
    assert filter_code("def f(a, b):\n    return a + b", "", "python")[0] != second[0]


def test_copydetect_keeps_a_fingerprint_of_each_window():
    hashes = np.array([9, 3, 7, 5, 8, 6, 4, 2, 1])
    kept, _ = winnow(hashes, 4)
    assert set(kept) <= set(hashes)
    assert 0 < len(kept) < len(hashes)
    assert 3 in kept
