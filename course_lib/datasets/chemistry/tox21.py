"""Tox21: is a chemical toxic? Twelve assays of 7,831 molecules, 17 % of the labels missing.

Seven assays are of nuclear receptors (NR), five of a cell's response to stress (SR). Huang et al.,
"Tox21Challenge to build predictive models of nuclear receptor and stress response pathways as
mediated by exposure to environmental chemicals and drugs", Frontiers in Environmental Science 3,
2016; Mayr et al., "DeepTox", the same journal, 2016.
"""

import numpy as np

from course_lib.datasets.chemistry import molecules as molecule_data
from course_lib.datasets.chemistry.molecules import MoleculeData

FILES = ("molecules/tox21.csv.gz",)

# Of the real data: share of positive labels and share of missing labels of each assay.
ASSAYS = {
    "NR-AR": (0.042, 0.07),
    "NR-AR-LBD": (0.034, 0.14),
    "NR-AhR": (0.117, 0.17),
    "NR-Aromatase": (0.052, 0.26),
    "NR-ER": (0.126, 0.21),
    "NR-ER-LBD": (0.050, 0.11),
    "NR-PPAR-gamma": (0.029, 0.18),
    "SR-ARE": (0.162, 0.26),
    "SR-ATAD5": (0.037, 0.10),
    "SR-HSE": (0.057, 0.18),
    "SR-MMP": (0.158, 0.26),
    "SR-p53": (0.062, 0.14),
}
NOISE = 0.25


def read(paths, bits=1024, radius=2, limit=None):
    """Reads the real data.

    Args:
        paths: The file `tox21.csv.gz`.
        bits: As for `molecules.read`.
        radius: As for `molecules.read`.
        limit: As for `molecules.read`.

    Returns:
        A `MoleculeData`; label 1 says that the molecule is active in the assay, 0 that it is not.

    Raises:
        DataError: if the file cannot be read.
    """
    return molecule_data.read(*paths, bits=bits, radius=radius, limit=limit)


def synthesize(seed=0, molecules=1500, bits=512, tasks=12):
    """Draws molecules and labels, as rarely positive and as often missing as the real ones.

    The most active molecules of each assay are positive. The assays of nuclear receptors share
    active fragments, so do those of stress response, and a part is shared by all.

    Args:
        seed: Seed of all draws.
        molecules: Number of rows, at least 50; 2 % of them repeat a molecule, and agree with it
            where neither label is missing.
        bits: Length of the fingerprints, at least 64.
        tasks: Number of assays, the first of the real ones.

    Returns:
        A `MoleculeData`.

    Raises:
        ValueError: for fewer molecules or bits, or more tasks than 12.
    """
    if not 1 <= tasks <= len(ASSAYS):
        raise ValueError(f"There are 1 to {len(ASSAYS)} tasks, but got tasks={tasks}.")
    rng = np.random.default_rng(seed)
    names = tuple(ASSAYS)[:tasks]
    positive, missing = np.transpose([ASSAYS[name] for name in names])
    groups = np.array([name.startswith("SR") for name in names], int)
    drawn = molecule_data.draw(rng, molecules, bits, groups, NOISE)
    cut = [np.quantile(values, 1 - p) for values, p in zip(drawn.activity.T, positive)]
    y = np.where(rng.random(drawn.activity.shape) < missing, np.nan, drawn.activity > cut)
    return MoleculeData(
        x=drawn.x,
        y=y.astype("float32"),
        tasks=names,
        molecule=drawn.molecule,
        scaffold=drawn.scaffold,
        smiles=None,
        source="synthetic",
    )
