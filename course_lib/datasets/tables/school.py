"""The School data: exam scores of 15,362 students in 139 schools of inner London, 1985 to 1987.

Each school is a task: the same question (which score?) asked of other students. Collected by the
    Inner
London Education Authority; Goldstein, "Multilevel modelling of survey data", The Statistician 40,
1991. The ten splits are those of Evgeniou, Micchelli and Pontil, JMLR 6, 2005, and of Argyriou et
al., 2008.
"""

from dataclasses import dataclass, field

import numpy as np

from course_lib.datasets.schema import Column, Split, read_matlab

STUDENTS, SCHOOLS, FEATURES = 15362, 139, 28


def _indicators(group, level, **meanings):
    return [
        Column(name, f"1 if {meaning}, else 0", group, level) for name, meaning in meanings.items()
    ]


COLUMNS = (
    *_indicators("year", "student", y1985="examined in 1985", y1986="in 1986", y1987="in 1987"),
    Column(
        "free_meals",
        "students of the school and year who may have free meals, %",
        "free_meals",
        "school",
    ),
    Column(
        "vr_band_1",
        "students of the school and year in verbal reasoning band 1, %",
        "vr_band_1",
        "school",
    ),
    *_indicators("gender", "student", girl="a girl", boy="a boy"),
    *_indicators(
        "verbal_reasoning",
        "student",
        vr3="in verbal reasoning band 3 (lowest)",
        vr1="in band 1 (highest)",
        vr2="in band 2; all three are 0 for the 15 students without a band",
    ),
    *_indicators(
        "ethnic_group",
        "student",
        eswi="from England, Scotland, Wales or Ireland",
        african="African",
        arab="Arab",
        bangladeshi="Bangladeshi",
        caribbean="Caribbean",
        greek="Greek",
        indian="Indian",
        pakistani="Pakistani",
        south_east_asian="South-East Asian",
        turkish="Turkish",
        other="of another group",
    ),
    *_indicators(
        "school_gender",
        "school",
        mixed="a mixed school",
        boys="a boys' school",
        girls="a girls' school",
    ),
    *_indicators(
        "denomination",
        "school",
        maintained="a maintained school",
        anglican="Church of England",
        catholic="Roman Catholic",
    ),
    Column("bias", "always 1", "bias", "constant"),
)


@dataclass(frozen=True)
class SchoolData:
    """The School data, one row a student.

    Attributes:
        x: Features, `(15362, 28)` float32; `columns` says what each means.
        y: Exam score, `(15362,)` float32, whole numbers from 1 to 70.
        task: The student's school, `(15362,)` int32, 0 to 138, ascending.
        splits: Ten `Split`s of the rows, 75 % of each school's students for training and 25 % for
            test.
        columns: Twenty-eight `Column`s.
        source: `"real"` or `"synthetic"`.
    """

    x: np.ndarray
    y: np.ndarray
    task: np.ndarray
    splits: tuple[Split, ...]
    source: str
    columns: tuple[Column, ...] = field(default=COLUMNS, repr=False)

    @property
    def tasks(self):
        """Number of schools."""
        return int(self.task[-1]) + 1

    def select(self, **wanted):
        """Returns the numbers of the columns with the given values, such as `level="school"`."""
        return [
            i
            for i, c in enumerate(self.columns)
            if all(getattr(c, k) == v for k, v in wanted.items())
        ]


def read(paths):
    """Reads the real data.

    Args:
        paths: The files `school_1_indexes.mat` to `school_10_indexes.mat`, then `school_b.mat`.

    Returns:
        A `SchoolData`.

    Raises:
        DataError: if a file cannot be read or does not hold what it should.
    """
    *splits, table = paths
    arrays = read_matlab(
        table, {"x": (FEATURES, STUDENTS), "y": (STUDENTS, 1), "task_indexes": (SCHOOLS, 1)}
    )
    first = arrays["task_indexes"].ravel().astype(int) - 1  # MATLAB counts from 1
    sizes = np.diff(first, append=STUDENTS)
    return SchoolData(
        x=arrays["x"].T.astype("float32"),
        y=arrays["y"].ravel().astype("float32"),
        task=np.repeat(np.arange(SCHOOLS, dtype="int32"), sizes),
        splits=tuple(_read_split(path) for path in splits),
        source="real",
    )


def _read_split(path):
    rows = read_matlab(path, {"tr": (1, None), "tst": (1, None)})
    return Split(rows["tr"].ravel().astype(int) - 1, rows["tst"].ravel().astype(int) - 1)


# Fitted to the real data by a random-effects model, then widened by a tenth to make up for the
# clipping of scores: each column's mean effect on the score, in points, and the standard deviation
# of a school's own deviation from it. Percentages count in their own standard deviations.
NOISE = 10.4
EFFECTS = {
    "y1985": (-2.0, 0.9),
    "y1986": (-0.7, 1.1),
    "y1987": (0.6, 1.7),
    "free_meals": (-1.1, 0.8),
    "vr_band_1": (0.7, 0.6),
    "girl": (0.6, 1.1),
    "boy": (-2.6, 0.7),
    "vr3": (-1.2, 0.7),
    "vr1": (19.4, 3.4),
    "vr2": (7.5, 0.4),
    "eswi": (-4.5, 1.5),
    "african": (-0.8, 2.0),
    "arab": (-0.6, 1.9),
    "bangladeshi": (-0.2, 3.4),
    "caribbean": (-4.6, 0.7),
    "greek": (0.3, 3.1),
    "indian": (3.1, 2.3),
    "pakistani": (2.3, 3.0),
    "south_east_asian": (5.1, 3.5),
    "turkish": (-1.3, 1.5),
    "other": (-0.9, 2.2),
    "mixed": (-1.3, 0.7),
    "boys": (-0.8, 2.5),
    "girls": (0.0, 1.7),
    "maintained": (-1.8, 0.8),
    "anglican": (-0.9, 1.2),
    "catholic": (0.6, 1.3),
    "bias": (18.7, 0.7),
}
ETHNIC_SHARES = np.array(
    [0.611, 0.024, 0.006, 0.021, 0.188, 0.014, 0.024, 0.016, 0.015, 0.017, 0.064]
)


def synthesize(seed=0):
    """Draws data of the real data's schema and similar statistics.

    Each school draws its kind, its percentages and its mixture of students; a student's score is
    linear in the features, with effects that deviate from school to school and noise of the real
    size.

    Args:
        seed: Seed of all draws.

    Returns:
        A `SchoolData`.
    """
    rng = np.random.default_rng(seed)
    sizes = _draw_sizes(rng)
    task = np.repeat(np.arange(SCHOOLS, dtype="int32"), sizes)
    x = np.concatenate([_draw_students(rng, size) for size in sizes])

    scaled = x.copy()
    scaled[:, 3:5] = (x[:, 3:5] - [41.0, 22.0]) / [15.0, 7.0]
    mean, deviation = np.transpose([EFFECTS[column.name] for column in COLUMNS])
    effects = mean + deviation * rng.standard_normal((SCHOOLS, FEATURES))
    y = np.sum(scaled * effects[task], axis=1) + NOISE * rng.standard_normal(STUDENTS)
    return SchoolData(
        x=x.astype("float32"),
        y=np.clip(np.round(y), 1, 70).astype("float32"),
        task=task,
        splits=tuple(_draw_split(rng, sizes) for _ in range(10)),
        source="synthetic",
    )


def _draw_sizes(rng):
    """Sizes of the schools: from 22 to 251 students, 15,362 in all."""
    sizes = 22 + np.round(229 * rng.beta(1.1, 1.7, SCHOOLS)).astype(int)
    sizes[:2] = 22, 251
    while missing := STUDENTS - sizes.sum():
        free = 2 + np.flatnonzero((sizes[2:] > 22) & (sizes[2:] < 251))
        sizes[rng.choice(free, min(abs(missing), len(free)), replace=False)] += np.sign(missing)
    return rng.permutation(sizes)


def _draw_students(rng, size):
    """Features of one school's students, `(size, 28)`."""
    mixed, boys, girls = kind = rng.multinomial(1, [0.46, 0.24, 0.30])
    free_meals = np.clip(rng.normal(42, 14.7), 5, 85)
    vr_band_1 = np.clip(21.5 - 0.35 * (free_meals - 42) + rng.normal(0, 4.7), 3, 45)
    open_in = np.where(rng.random(3) < 0.27, 0.0, 1.0)
    year = rng.choice(3, size, p=open_in / open_in.sum() if open_in.any() else None)
    percentages = np.round([free_meals, vr_band_1] + rng.normal(0, [4.5, 2.8], (3, 2)))
    bands = np.clip([0.34 - 0.74 * vr_band_1 / 100, 0.04 + 1.01 * vr_band_1 / 100], 0.02, 0.7)
    shares = [bands[0], bands[1], 1 - bands.sum()]
    return np.column_stack(
        [
            np.eye(3)[year],
            np.clip(percentages, 1, 99)[year],
            _indicate(rng, [girls + 0.49 * mixed, boys + 0.51 * mixed], size),
            _indicate(rng, shares, size),
            _indicate(rng, rng.dirichlet(20 * ETHNIC_SHARES), size),
            np.tile(kind, (size, 1)),
            np.tile(rng.multinomial(1, [0.63, 0.12, 0.25]), (size, 1)),
            np.ones(size),
        ]
    )


def _indicate(rng, shares, size):
    """Draws one of several values for each student; returns `(size, values)` indicators."""
    return np.eye(len(shares))[rng.choice(len(shares), size, p=shares)]


def _draw_split(rng, sizes):
    """Splits each school's students 75 to 25."""
    train, test = [], []
    for start, size in zip(np.cumsum(sizes) - sizes, sizes):
        rows = start + rng.permutation(size)
        train.append(rows[: round(0.75 * size)])
        test.append(rows[round(0.75 * size) :])
    return Split(np.concatenate(train), np.concatenate(test))
