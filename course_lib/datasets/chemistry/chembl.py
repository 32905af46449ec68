"""ChEMBL: how strongly 23,871 molecules act on 691 proteins, with 99.4 % of the labels missing.

Gaulton et al., "ChEMBL: a large-scale bioactivity database for drug discovery", Nucleic Acids
Research 40, 2012; DeepChem's selection.
"""

import numpy as np

from course_lib.datasets.chemistry import molecules as molecule_data
from course_lib.datasets.chemistry.molecules import MoleculeData

FILES = ("molecules/chembl_5thresh.csv.gz",)
NOISE = 0.2
FAMILY = 8


def read(paths, bits=1024, radius=2, limit=None):
    """Reads the real data.

    Args:
        paths: The file `chembl_5thresh.csv.gz`.
        bits: As for `molecules.read`.
        radius: As for `molecules.read`.
        limit: As for `molecules.read`.

    Returns:
        A `MoleculeData`; a label is the negative decimal logarithm of the concentration, in mol/l,
        at which the molecule acts on the protein: from 4, weak, to 11, strong.

    Raises:
        DataError: if the file cannot be read.
    """
    return molecule_data.read(*paths, bits=bits, radius=radius, limit=limit)


def synthesize(seed=0, molecules=2000, bits=512, tasks=96):
    """Draws molecules and labels with mean, spread and range of the real ones.

    Proteins come in families of eight, which share active fragments. A scaffold was mostly measured
    on one family, each molecule on three proteins or a few more, and some proteins far more often
    than others.

    Args:
        seed: Seed of all draws.
        molecules: Number of rows, at least 50; 2 % of them repeat a molecule.
        bits: Length of the fingerprints, at least 64.
        tasks: Number of proteins, at least 80, so that 95 % of the labels are missing.

    Returns:
        A `MoleculeData`.

    Raises:
        ValueError: for fewer molecules, bits or tasks.
    """
    if tasks < 80:
        raise ValueError(f"At least 80 tasks are needed, but got tasks={tasks}.")
    rng = np.random.default_rng(seed)
    families = np.arange(tasks) // FAMILY
    drawn = molecule_data.draw(rng, molecules, bits, families, NOISE)
    activity = 6.8 + 0.9 * rng.standard_normal(tasks) + drawn.activity
    y = np.where(_draw_measured(rng, drawn.scaffold, families), activity, np.nan)
    return MoleculeData(
        x=drawn.x,
        y=np.clip(np.round(y, 2), 4, 11).astype("float32"),
        tasks=tuple(f"protein_{number}" for number in range(1, tasks + 1)),
        molecule=drawn.molecule,
        scaffold=drawn.scaffold,
        smiles=None,
        source="synthetic",
    )


def _draw_measured(rng, scaffold, families):
    """Draws which proteins each molecule was measured on, `(rows, tasks)` bool."""
    shape = len(scaffold), len(families)
    popularity = rng.normal(0, 1.5, len(families))
    family = rng.choice(families, scaffold.max() + 1)[scaffold]
    score = popularity + 3 * (families == family[:, None]) + rng.gumbel(size=shape)
    rank = (-score).argsort(axis=1).argsort(axis=1)
    return rank < 2 + rng.geometric(0.6, len(scaffold))[:, None]
