import numpy as np
import pytest


@pytest.fixture
def answers():
    """Classes of six rows, and logits of three modalities for four classes."""
    rng = np.random.default_rng(0)
    return rng.integers(4, size=6), rng.normal(0, 2, (6, 3, 4)).astype("float32")
