import gzip
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from course_lib import datasets
from course_lib.datasets import DataError
from course_lib.datasets.chemistry import chembl, molecules, tox21
from course_lib.datasets.chemistry.molecules import MoleculeData

LOGISTIC = LogisticRegression(C=0.1, class_weight="balanced", max_iter=500)
ROWS = (
    "toxic,mild,mol_id,smiles",
    "1,,M1,OCC",  # ethanol
    "0,0,M2,Cc1ccccc1",  # toluene
    ",1,M3,C(C)O",  # ethanol, spelt otherwise
    ",,M4,CCc1ccccc1",
    "1,1,M5,c1ccncc1",
)


@pytest.fixture
def write(tmp_path):
    """Function that writes lines as a file of the real layout."""

    def write(*lines):
        path = tmp_path / "molecules.csv.gz"
        path.write_bytes(gzip.compress("\n".join(lines).encode()))
        return path

    return write


@pytest.fixture
def table(write):
    return molecules.read(write(*ROWS))


@pytest.fixture(scope="module")
def drawn():
    return datasets.load("tox21")


def grouped(molecule, scaffold):
    """Data of nothing but molecules' and scaffolds' numbers."""
    size = len(molecule)
    x = np.zeros((size, 1), "uint8")
    return MoleculeData(x, x.astype("float32"), ("t",), molecule, scaffold, None, "synthetic")


def test_reading_keeps_rows_labels_and_spelling(table):
    assert table.tasks == ("toxic", "mild")
    expected = [[1, np.nan], [0, 0], [np.nan, 1], [np.nan, np.nan], [1, 1]]
    assert np.array_equal(table.y, np.float32(expected), equal_nan=True)
    assert table.smiles == ("OCC", "Cc1ccccc1", "C(C)O", "CCc1ccccc1", "c1ccncc1")
    assert (table.x.shape, table.x.dtype, table.y.dtype) == ((5, 1024), np.uint8, np.float32)
    assert (table.source, table.skipped) == ("real", ())


def test_a_molecule_spelt_twice_is_one(table):
    assert table.molecule[0] == table.molecule[2]
    assert len(set(table.molecule)) == 4
    assert np.array_equal(table.x[0], table.x[2])


def test_scaffolds_are_rings_without_side_chains(table):
    ethanol, toluene, _, ethylbenzene, pyridine = table.scaffold
    assert toluene == ethylbenzene
    assert len({ethanol, toluene, pyridine}) == 3


def test_bits_count_the_kinds_of_neighbourhoods(write):
    """Ethanol: CH3, CH2 and OH; with one bond around each, three more; with two, all is seen."""
    path = write("t,smiles", "1,CCO")
    bits = {r: molecules.read(path, bits=4096, radius=r).x.sum() for r in (0, 1, 2)}
    assert bits == {0: 3, 1: 6, 2: 6}


def test_fingerprints_have_the_wanted_length(write):
    assert molecules.read(write(*ROWS), bits=256).x.shape == (5, 256)


def test_a_limit_counts_rows(write):
    assert molecules.read(write(*ROWS), limit=2).smiles == ("OCC", "Cc1ccccc1")


def test_unreadable_smiles_are_reported_and_skipped(write, capfd):
    path = write(*ROWS[:3], "1,1,M9,C1CC", "0,1,M10,CN", "0,1,M11,")
    with pytest.warns(UserWarning, match=r"molecules\.csv\.gz: skipped .*: C1CC, $"):
        table = molecules.read(path)
    assert table.skipped == ("C1CC", "")
    assert table.smiles[-1] == "CN"
    assert table.y[-1].tolist() == [0, 1]
    assert len(table) == len(table.y) == len(table.molecule) == len(table.scaffold) == 3
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["t,structure", "1,C"], r"a column 'smiles', but has \['t', 'structure'\]"),
        (["t,smiles", "1,C", "yes,C"], r"for each task, but row 2 does not: .*'yes'"),
        (["t,smiles", "1"], r"for each task, but row 1 does not"),
        ([], r"a column 'smiles', but has \[\]"),
        (["t,smiles", "1,C1CC"], r"no SMILES that RDKit reads in 1 rows"),
    ],
)
def test_other_contents_are_named(write, lines, reason):
    with pytest.raises(DataError, match=r"molecules\.csv\.gz.*" + reason):
        molecules.read(write(*lines))


@pytest.mark.parametrize(
    "content",
    [b"t,smiles\n1,C", gzip.compress(b"t,smiles\n1,C")[:-9]],
    ids=["not packed", "cut off"],
)
def test_a_damaged_file_is_named(tmp_path, content):
    path = tmp_path / "damaged.csv.gz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"damaged\.csv\.gz cannot be read as a gzipped CSV"):
        molecules.read(path)


def test_only_real_data_need_rdkit():
    code = (
        "import sys; from course_lib import datasets; datasets.load('tox21', molecules=50);"
        "assert not {'rdkit', 'tensorflow', 'keras'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_rdkit_computes_is_kept(write, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    path = write(*ROWS)
    first = molecules.read(path)
    monkeypatch.setitem(sys.modules, "rdkit", None)  # as on a machine without it
    again = molecules.read(path)
    for name in ("x", "molecule", "scaffold"):
        assert np.array_equal(getattr(first, name), getattr(again, name))
    with pytest.raises(ImportError):
        molecules.read(path, bits=512)
    with pytest.raises(ImportError):
        molecules.read(write(*ROWS, "1,1,M6,CCCC"))


@pytest.mark.parametrize("kind", ["random", "scaffold"])
@pytest.mark.parametrize("name", ["tox21", "chembl"])
def test_parts_hold_each_row_once_and_no_molecule_twice(name, kind):
    data = datasets.load(name)
    parts = data.split(kind)
    assert sorted(np.concatenate(parts)) == list(range(len(data)))
    assert [len(part) / len(data) for part in parts] == pytest.approx([0.8, 0.1, 0.1], abs=0.01)
    groups = [set(data.molecule[part]) for part in parts]
    assert sum(map(len, groups)) == len(set.union(*groups))


def test_a_scaffold_is_in_one_part(drawn):
    scaffolds = [set(drawn.scaffold[part]) for part in drawn.split("scaffold")]
    assert sum(map(len, scaffolds)) == len(set.union(*scaffolds))


def test_the_largest_scaffolds_are_trained_on():
    """Ten rows: scaffolds of 5, 2, 1, 1 and 1 rows; of the single ones the last comes first."""
    scaffold = np.array([3, 0, 2, 0, 1, 0, 1, 0, 4, 0])
    train, valid, test = grouped(np.arange(10), scaffold).split("scaffold")
    assert train.tolist() == [1, 3, 4, 5, 6, 7, 8, 9]
    assert (valid.tolist(), test.tolist()) == ([2], [0])


def test_a_group_that_does_not_fit_goes_to_a_later_part():
    """Of 20 rows 12 train, 6 validate: 10 fit, 7 do not and validate, 2 still fit, 1 is left."""
    scaffold = np.repeat([0, 1, 2, 3], [7, 2, 1, 10])
    data = grouped(np.arange(20), scaffold)
    parts = data.split("scaffold", (0.6, 0.3, 0.1))
    assert [set(scaffold[part]) for part in parts] == [{1, 3}, {0}, {2}]


def test_a_random_split_comes_from_its_seed(drawn):
    first, same, other = (drawn.split(seed=seed)[2] for seed in (1, 1, 2))
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


def test_fractions_may_be_nought(drawn):
    assert [len(part) for part in drawn.split(fractions=(0.7, 0.3, 0))] == [1050, 450, 0]


@pytest.mark.parametrize("fractions", [(0.8, 0.2), (0.8, 0.3, -0.1), (0.5, 0.3, 0.1)])
def test_other_fractions_are_refused(drawn, fractions):
    with pytest.raises(ValueError, match="three, none negative, with a sum of 1, but got"):
        drawn.split(fractions=fractions)


def test_another_kind_of_split_is_refused(drawn):
    with pytest.raises(ValueError, match="'random' or 'scaffold', but got 'time'"):
        drawn.split("time")


@pytest.mark.parametrize("seed", range(5))
def test_drawn_assays_are_like_the_real_ones(seed):
    """Real: 17.3 % missing, 2.9 to 16.2 % positive, 30 bits set, 2.2 % of the rows repeated."""
    data = datasets.load("tox21", seed=seed, molecules=3000)
    assert (data.x.shape, data.x.dtype, data.y.dtype) == ((3000, 512), np.uint8, np.float32)
    assert data.tasks == tuple(tox21.ASSAYS)
    assert np.isnan(data.y).mean() == pytest.approx(0.173, abs=0.01)
    positive = [share for share, _ in tox21.ASSAYS.values()]
    assert np.nanmean(data.y, axis=0) == pytest.approx(positive, abs=0.015)
    assert set(np.unique(data.y[~np.isnan(data.y)])) == {0, 1}
    assert 25 < data.x.sum(axis=1).mean() < 50
    assert len(set(data.molecule)) == 2940


def test_repeated_molecules_agree(drawn):
    again = [number for number, rows in Counter(drawn.molecule).items() if rows > 1]
    assert len(again) == 30
    for number in again:
        first, second = np.flatnonzero(drawn.molecule == number)
        assert np.array_equal(drawn.x[first], drawn.x[second])
        assert drawn.scaffold[first] == drawn.scaffold[second]
        difference = drawn.y[first] - drawn.y[second]
        assert np.all(difference[~np.isnan(difference)] == 0)


def mean_auc(data, train, test):
    """Mean area under the curve of logistic regressions, one for each assay."""
    areas = []
    for y in data.y.T:
        known, asked = (rows[~np.isnan(y[rows])] for rows in (train, test))
        score = LOGISTIC.fit(data.x[known], y[known]).decision_function(data.x[asked])
        areas.append(roc_auc_score(y[asked], score))
    return np.mean(areas)


@pytest.mark.parametrize("seed", range(3))
def test_drawn_assays_can_be_learnt_and_new_scaffolds_are_harder(seed):
    data = datasets.load("tox21", seed=seed)
    random, scaffold = (
        mean_auc(data, *data.split(kind, (0.7, 0, 0.3))[::2]) for kind in ("random", "scaffold")
    )
    assert 0.72 < random < 0.88
    assert 0.65 < scaffold < random - 0.01


def test_drawn_proteins_are_like_the_real_ones():
    """Real: 99.4 % missing, 3 or more labels a row, mean 6.8 and standard deviation 1.4 (4–11)."""
    data = datasets.load("chembl")
    assert data.y.shape == (2000, 96)
    assert np.isnan(data.y).mean() >= 0.95
    assert np.sum(~np.isnan(data.y), axis=1).min() == 3
    labels = data.y[~np.isnan(data.y)]
    assert 4 <= labels.min() < labels.max() <= 11
    assert labels.mean() == pytest.approx(6.8, abs=0.5)
    assert labels.std() == pytest.approx(1.35, abs=0.2)
    measured = np.sum(~np.isnan(data.y), axis=0)
    assert measured.max() > 5 * np.median(measured)


@pytest.mark.parametrize("options", [{"molecules": 49}, {"bits": 63}, {"tasks": 0}, {"tasks": 13}])
def test_sizes_without_sense_are_refused(options):
    with pytest.raises(ValueError, match=rf"but got .*{min(options.values())}"):
        tox21.synthesize(**options)
    if "tasks" in options:
        with pytest.raises(ValueError, match="At least 80 tasks"):
            chembl.synthesize(**options)


def test_the_smallest_sizes_work():
    data = tox21.synthesize(molecules=50, bits=64, tasks=1)
    assert (data.x.shape, data.y.shape, data.tasks) == ((50, 64), (50, 1), ("NR-AR",))


def test_real_tox21(real_data):
    with pytest.warns(UserWarning, match="AlH3"):
        data = datasets.load("tox21", source="real")
    assert (data.x.shape, data.y.shape) == ((8006, 1024), (8006, 12))
    assert data.tasks == tuple(tox21.ASSAYS)
    assert (len(data.skipped), len(set(data.molecule))) == (8, 7823)
    assert np.isnan(data.y).mean() == pytest.approx(0.173, abs=0.001)
    positive, missing = np.transpose(list(tox21.ASSAYS.values()))
    assert np.nanmean(data.y, axis=0) == pytest.approx(positive, abs=0.001)
    assert np.isnan(data.y).mean(axis=0) == pytest.approx(missing, abs=0.006)
    parts = [set(data.molecule[part]) for part in data.split()]
    assert not parts[0] & parts[2]


def test_real_chembl(real_data):
    data = datasets.load("chembl", source="real", limit=300)
    assert (data.x.shape, data.y.shape) == ((300, 1024), (300, 691))
    assert np.isnan(data.y).mean() > 0.99
    assert 4 <= np.nanmin(data.y) <= np.nanmax(data.y) <= 11
