"""The computer survey: 190 people rate the same 20 personal computers.

Each person is a task: the same question (how likely would you buy it?) answered by another mind.
Lenk, DeSarbo, Green and Young, "Hierarchical Bayes conjoint analysis", Marketing Science 15, 1996.
"""

from dataclasses import dataclass, field

import numpy as np

from course_lib.datasets.schema import Column, read_matlab

PEOPLE, DESIGNS, FEATURES = 190, 20, 14

COLUMNS = (
    Column("bias", "always 1", "bias", "constant"),
    *(
        Column(name, f"{meaning}: 1 for the second, -1 for the first", name, "computer")
        for name, meaning in {
            "hot_line": "no telephone hot line, or one",
            "memory": "8 MB or 16 MB of memory",
            "screen": "14 inch or 17 inch screen",
            "processor": "50 MHz or 100 MHz",
            "disk": "340 MB or 730 MB",
            "cd_rom": "no CD-ROM, or one",
            "cache": "128 KB or 256 KB",
            "colour": "beige or black",
            "availability": "by mail order only, or in a computer store",
            "warranty": "1 year or 3 years",
            "software": "no bundled productivity software, or some",
            "guarantee": "no money-back guarantee, or one",
            "price": "2000 $ or 3500 $",
        }.items()
    ),
)

PERSON_COLUMNS = (
    Column("bias", "always 1", "bias", "constant"),
    Column("female", "1 if the person is a woman, else 0", "female", "person"),
    Column("years", "1 if the person has worked for years already, else 0", "years", "person"),
    Column("owner", "1 if the person owns or leases a computer, else 0", "owner", "person"),
    Column(
        "technical", "1 if the person works in a technical field, else 0", "technical", "person"
    ),
    Column(
        "applications", "kinds of software that the person uses, 0 to 8", "applications", "person"
    ),
    Column(
        "expertise", "the person's own estimate of their expertise, 3 to 10", "expertise", "person"
    ),
)


@dataclass(frozen=True)
class ComputerSurveyData:
    """The computer survey.

    Attributes:
        designs: The computers, `(20, 14)` float32; `columns` says what each column means.
        ratings: How likely each person would buy each computer, `(190, 20)` float32, whole numbers
            0 to 10.
        people: What is known of each person, `(190, 7)` float32; see `person_columns`.
        columns: Fourteen `Column`s.
        person_columns: Seven `Column`s.
        source: `"real"` or `"synthetic"`.
    """

    designs: np.ndarray
    ratings: np.ndarray
    people: np.ndarray
    source: str
    columns: tuple[Column, ...] = field(default=COLUMNS, repr=False)
    person_columns: tuple[Column, ...] = field(default=PERSON_COLUMNS, repr=False)

    @property
    def tasks(self):
        """Number of people."""
        return len(self.ratings)

    def rows(self, designs):
        """Lays the ratings of some designs out as one row a rating.

        All people rated the same designs, so whoever holds out a design must hold it out for
        everybody.

        Args:
            designs: Numbers of the designs, `(n,)`.

        Returns:
            Features `(190 n, 14)`, people `(190 n,)` int32 and ratings `(190 n,)`, person by
            person.
        """
        task = np.repeat(np.arange(self.tasks, dtype="int32"), len(designs))
        return (
            np.tile(self.designs[designs], (self.tasks, 1)),
            task,
            self.ratings[:, designs].ravel(),
        )


def read(paths):
    """Reads the real data.

    Args:
        paths: The file `conjointAnalysisComputerBuyers.mat`, alone in a list.

    Returns:
        A `ComputerSurveyData`.

    Raises:
        DataError: if the file cannot be read or does not hold what it should.
    """
    (path,) = paths
    shapes = {
        "designMarix": (DESIGNS, FEATURES),
        "likeBuy": (PEOPLE, DESIGNS),
        "computerDataZ": (PEOPLE, 7),
    }
    arrays = read_matlab(path, shapes)
    return ComputerSurveyData(*(arrays[name].astype("float32") for name in shapes), source="real")


# Fitted to the real data by a random-effects model: each column's mean effect on the rating, in
# points, and the standard deviation of a person's own deviation from it.
NOISE = 1.4
EFFECTS = {
    "bias": (4.7, 1.5),
    "hot_line": (0.1, 0.4),
    "memory": (0.3, 0.3),
    "screen": (0.2, 0.2),
    "processor": (0.4, 0.5),
    "disk": (0.2, 0.4),
    "cd_rom": (0.5, 0.5),
    "cache": (0.05, 0.3),
    "colour": (0.0, 0.1),
    "availability": (0.1, 0.2),
    "warranty": (0.1, 0.2),
    "software": (0.2, 0.3),
    "guarantee": (0.1, 0.3),
    "price": (-1.2, 0.9),
}


def synthesize(seed=0):
    """Draws data of the real data's schema and similar statistics.

    Args:
        seed: Seed of all draws.

    Returns:
        A `ComputerSurveyData`.
    """
    rng = np.random.default_rng(seed)
    designs = np.ones((DESIGNS, FEATURES))
    while np.linalg.matrix_rank(designs) < FEATURES:
        designs[:, 1:] = rng.permuted(
            np.tile(np.repeat([-1.0, 1.0], DESIGNS // 2), (FEATURES - 1, 1)), axis=1
        ).T
    mean, deviation = np.transpose([EFFECTS[column.name] for column in COLUMNS])
    tastes = mean + deviation * rng.standard_normal((PEOPLE, FEATURES))
    ratings = tastes @ designs.T + NOISE * rng.standard_normal((PEOPLE, DESIGNS))
    applications = rng.binomial(8, 0.36, PEOPLE)
    people = np.column_stack(
        [
            np.ones(PEOPLE),
            *(rng.random(PEOPLE) < share for share in (0.27, 0.27, 0.78, 0.84)),
            applications,
            np.clip(np.round(5 + 0.7 * applications + rng.normal(0, 1.5, PEOPLE)), 3, 10),
        ]
    )
    return ComputerSurveyData(
        designs=designs.astype("float32"),
        ratings=np.clip(np.round(ratings), 0, 10).astype("float32"),
        people=people.astype("float32"),
        source="synthetic",
    )
