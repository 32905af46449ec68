"""Molecules with one label a task, many of them missing: schema, reading, splits, drawing.

A molecule is given by its ECFP4 fingerprint (Rogers and Hahn, "Extended-connectivity fingerprints",
Journal of Chemical Information and Modeling 50, 2010): a bit for each kind of neighbourhood, up to
two bonds around an atom, that the molecule holds.
"""

import csv
import gzip
import warnings
from dataclasses import dataclass
from itertools import islice

import joblib
import numpy as np

from course_lib.datasets.files import UNPACKING_ERRORS, DataError, storage

NO_TASKS = {"smiles", "mol_id"}
DUPLICATES = 0.02
KINSHIP = 0.3


@dataclass(frozen=True)
class MoleculeData:
    """Molecules, one row each measurement of one; some molecules have several rows.

    Attributes:
        x: Fingerprints, `(rows, bits)` uint8, 0 or 1.
        y: A label for each task, `(rows, tasks)` float32, NaN where it is missing.
        tasks: Names of the tasks.
        molecule: Number of the molecule, `(rows,)` int32; its duplicates have the same.
        scaffold: Number of the molecule's scaffold, `(rows,)` int32.
        smiles: The rows' SMILES as the file has them, or None if the data are synthetic.
        source: `"real"` or `"synthetic"`.
        skipped: SMILES that RDKit does not read, whose rows are left out.
    """

    x: np.ndarray
    y: np.ndarray
    tasks: tuple[str, ...]
    molecule: np.ndarray
    scaffold: np.ndarray
    smiles: tuple[str, ...] | None
    source: str
    skipped: tuple[str, ...] = ()

    def __len__(self):
        return len(self.x)

    def split(self, kind="random", fractions=(0.8, 0.1, 0.1), seed=0):
        """Splits the rows in three, so that no molecule is in two parts.

        Whole groups of rows go to the training part while they fit, then to the validation part
        while they fit, the others to the test part. Groups are the molecules in random order, or
        the scaffolds from the largest to the smallest, as in Wu et al., "MoleculeNet", Chemical
        Science 9, 2018: then small and unique scaffolds are tested.

        Args:
            kind: `"random"` or `"scaffold"`.
            fractions: Fractions of the rows for training, validation and test.
            seed: Seed of the random split. The scaffold split has none.

        Returns:
            Three arrays of row numbers, ascending: training, validation, test.

        Raises:
            ValueError: for an unknown kind, or fractions that are not three with a sum of 1.
        """
        if kind not in ("random", "scaffold"):
            raise ValueError(f"kind is 'random' or 'scaffold', but got {kind!r}.")
        if len(fractions) != 3 or min(fractions) < 0 or not np.isclose(sum(fractions), 1):
            raise ValueError(
                f"fractions are three, none negative, with a sum of 1, but got {fractions}."
            )
        _, first, group, sizes = np.unique(
            self.molecule if kind == "random" else self.scaffold,
            return_index=True,
            return_inverse=True,
            return_counts=True,
        )
        if kind == "random":
            order = np.random.default_rng(seed).permutation(len(sizes))
        else:
            order = np.lexsort([-first, -sizes])  # of equal ones the last first, as in DeepChem
        train_end, valid_end, _ = np.round(np.cumsum(fractions) * len(self))
        train = valid = 0
        part = np.full(len(sizes), 2)
        for number in order:
            if train + sizes[number] <= train_end:
                part[number] = 0
                train += sizes[number]
            elif train + valid + sizes[number] <= valid_end:
                part[number] = 1
                valid += sizes[number]
        return tuple(np.flatnonzero(part[group] == number) for number in range(3))


def read(path, bits=1024, radius=2, limit=None):
    """Reads a table of SMILES and labels, and computes fingerprints and scaffolds with RDKit.

    What RDKit computes of a table is kept in the folder `computed` of the user's cache (see
    `files.storage`), so that only the first call takes long, and a machine that was given this
    folder needs no RDKit.

    Duplicates are rows with the same canonical SMILES. Scaffolds are those of Bemis and Murcko,
    "The properties of known drugs", Journal of Medicinal Chemistry 39, 1996: rings and what links
    them. Molecules without a ring share the empty scaffold.

    Args:
        path: The file, a gzipped CSV: column `smiles`, perhaps `mol_id`, and a column for each
            task, empty where the label is missing.
        bits: Length of the fingerprints; more neighbourhoods than bits share them.
        radius: Bonds around an atom that its largest neighbourhood reaches; 2 is ECFP4.
        limit: Number of rows to read, the first of the file; all if None.

    Returns:
        A `MoleculeData`.

    Raises:
        DataError: if the file cannot be read, has no column `smiles`, a label is not a number, or
            no row holds a molecule that RDKit reads.
    """
    tasks, smiles, y = _read_table(path, limit)
    memory = joblib.Memory(storage().path / "computed", verbose=0, compress=True)
    found = memory.cache(_describe)(tuple(smiles), bits, radius)
    readable = [row for row, molecule in enumerate(found) if molecule is not None]
    skipped = tuple(text for text, molecule in zip(smiles, found) if molecule is None)
    if not readable:
        raise DataError(f"{path} holds no SMILES that RDKit reads in {len(smiles)} rows.")
    if skipped:
        warnings.warn(
            f"{path}: skipped what RDKit reads as no molecule: {', '.join(skipped)}", stacklevel=4
        )
    fingerprints, canonical, scaffolds = zip(*(found[row] for row in readable))
    return MoleculeData(
        x=np.stack(fingerprints),
        y=y[readable],
        tasks=tasks,
        molecule=_number(canonical),
        scaffold=_number(scaffolds),
        smiles=tuple(smiles[row] for row in readable),
        source="real",
        skipped=skipped,
    )


def _read_table(path, limit):
    """Returns names of tasks, SMILES, and labels, `(rows, tasks)`."""
    smiles, labels = [], []
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            table = csv.reader(file)
            header = next(table, [])
            if "smiles" not in header:
                raise DataError(f"{path} should have a column 'smiles', but has {header}.")
            columns = [number for number, name in enumerate(header) if name not in NO_TASKS]
            for row in islice(table, limit):
                smiles.append(row[header.index("smiles")])
                numbers = [float(row[c]) if row[c] else np.nan for c in columns]
                labels.append(np.array(numbers, "float32"))
    except (*UNPACKING_ERRORS, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read as a gzipped CSV file: {error}") from error
    except (IndexError, ValueError) as error:
        raise DataError(
            f"{path} should hold a number or nothing for each task, but row {len(labels) + 1} "
            f"does not: {error}"
        ) from error
    return tuple(header[c] for c in columns), smiles, np.reshape(labels, (-1, len(columns)))


def _describe(smiles, bits, radius):
    """Returns fingerprint, canonical SMILES and scaffold of each molecule, None if unreadable."""
    from rdkit import Chem, rdBase
    from rdkit.Chem import rdFingerprintGenerator
    from rdkit.Chem.Scaffolds import MurckoScaffold

    generator = rdFingerprintGenerator.GetMorganGenerator(radius=radius, fpSize=bits)
    described = []
    with rdBase.BlockLogs():
        for text in smiles:
            molecule = Chem.MolFromSmiles(text) if text else None
            described.append(
                None
                if molecule is None
                else (
                    generator.GetFingerprintAsNumPy(molecule),
                    Chem.MolToSmiles(molecule),
                    MurckoScaffold.MurckoScaffoldSmiles(mol=molecule),
                )
            )
    return described


def _number(names):
    """Numbers equal names alike, `(names,)` int32."""
    return np.unique(names, return_inverse=True)[1].astype("int32")


@dataclass(frozen=True)
class Drawn:
    """Fingerprints and activities of drawn molecules.

    Attributes:
        x: As in `MoleculeData`.
        molecule: As in `MoleculeData`.
        scaffold: As in `MoleculeData`.
        activity: What the fragments of each row's molecule and chance make of it in each task,
            `(rows, tasks)`, of mean 0 and standard deviation 1.
    """

    x: np.ndarray
    molecule: np.ndarray
    scaffold: np.ndarray
    activity: np.ndarray


def draw(rng, molecules, bits, groups, noise):
    """Draws molecules made of fragments, some of which are active.

    Each fragment sets a few bits together. Each scaffold brings fragments of its own, rare in other
    molecules. A part of the fragments acts on all tasks alike, a part on the tasks of a group, and
    a part on one task only: bits shared by tasks, and private ones. A scaffold as a whole acts on a
    group as well, which new scaffolds do not tell.

    Args:
        rng: A `numpy.random.Generator`.
        molecules: Number of rows; 2 % are duplicates of others.
        bits: Length of the fingerprints.
        groups: Number of the group that each task belongs to, `(tasks,)`.
        noise: Share of the activities' variance that is chance.

    Returns:
        A `Drawn`.

    Raises:
        ValueError: for fewer than 50 molecules or 64 bits.
    """
    if molecules < 50 or bits < 64:
        raise ValueError(
            f"At least 50 molecules and 64 bits are needed, but got {molecules} and {bits}."
        )
    distinct = molecules - round(DUPLICATES * molecules)
    scaffolds, fragments = distinct // 3, bits // 4
    shares = 1 / np.arange(3, scaffolds + 3)
    scaffold = rng.choice(scaffolds, distinct, p=shares / shares.sum())

    chance = np.tile(np.minimum(0.6, 1.5 / np.arange(1, fragments + 1)), (scaffolds, 1))
    own = rng.random((scaffolds, fragments)).argsort(axis=1)[:, :5]
    np.put_along_axis(chance, own, 0.85, axis=1)
    held = rng.random((distinct, fragments)) < chance[scaffold]
    sets = np.zeros((fragments, bits), bool)
    np.put_along_axis(sets, rng.integers(0, bits, (fragments, 4)), True, axis=1)

    kinds = max(groups) + 1
    activity = sum(
        _standardize(held @ _draw_effects(rng, fragments, tasks))[:, which]
        for tasks, which in [
            (1, np.zeros(len(groups), int)),
            (kinds, groups),
            (len(groups), np.arange(len(groups))),
        ]
    )
    parts = [
        (1 - KINSHIP - noise, activity),
        (KINSHIP, rng.standard_normal((scaffolds, kinds))[scaffold][:, groups]),
        (noise, rng.standard_normal(activity.shape)),
    ]
    activity = sum(np.sqrt(share) * _standardize(part) for share, part in parts)

    molecule = np.r_[:distinct, rng.choice(distinct, molecules - distinct, replace=False)]
    molecule = rng.permutation(molecule)
    return Drawn(
        (held @ sets).astype("uint8")[molecule],
        molecule.astype("int32"),
        scaffold[molecule].astype("int32"),
        _standardize(activity)[molecule],
    )


def _draw_effects(rng, fragments, tasks):
    """Effects of fragments on tasks, `(fragments, tasks)`, a fifth of them other than 0."""
    active = rng.random((fragments, tasks)).argsort(axis=0) < fragments // 5
    return active * rng.standard_normal((fragments, tasks))


def _standardize(values):
    return (values - values.mean(axis=0)) / values.std(axis=0)
