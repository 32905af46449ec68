import os

import numpy as np
import pytest
from scipy.io import savemat

REAL = os.environ.get("COURSE_DATA")


@pytest.fixture
def real_data(no_real_data, monkeypatch):
    """Gives a test the real data back."""
    if not REAL:
        pytest.skip("COURSE_DATA is not set")
    monkeypatch.setenv("COURSE_DATA", REAL)


@pytest.fixture(scope="session")
def write_real_files():
    """Function that writes School data in the layout of the real files."""

    def write(folder, data):
        """Writes data as the real files hold them; returns their paths in the registry's order."""
        sizes = np.bincount(data.task)
        paths = []
        for number, (train, test) in enumerate(data.splits, 1):
            paths.append(folder / f"school_{number}_indexes.mat")
            savemat(paths[-1], {"tr": train[None] + 1, "tst": test[None] + 1})
        paths.append(folder / "school_b.mat")
        starts = np.cumsum(sizes) - sizes + 1
        table = {"x": data.x.T, "y": data.y[:, None], "task_indexes": starts[:, None]}
        savemat(paths[-1], table)
        return paths

    return write
