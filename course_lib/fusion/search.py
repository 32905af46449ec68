"""Genetic search: sample, evaluate, keep the best, cross, mutate, repeat.

Real, Moore, Selle, Saxena, Suematsu, Tan, Le and Kurakin, "Large-scale evolution of image
classifiers", ICML 2017; for fusion, Pérez-Rúa, Vielzeuf, Pateux, Baccouche and Jurie, "MFAS:
multimodal fusion architecture search", CVPR 2019.
"""

import itertools
import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed


class Space:
    """All that can be chosen.

    Args:
        **choices: For each gene a sequence of at least two values that JSON can hold.
    """

    def __init__(self, **choices):
        for gene, values in choices.items():
            if len(values) < 2:
                raise ValueError(f"{gene} is no choice: give at least two values, not {values}.")
        self.choices = choices

    def __len__(self):
        return math.prod(map(len, self.choices.values()))

    def __iter__(self):
        return itertools.product(*self.choices.values())

    def named(self, genome):
        """Returns a genome, one value for each gene, as a dictionary."""
        return dict(zip(self.choices, genome))

    def draw(self, rng):
        """Returns a genome, all values by chance."""
        return tuple(values[rng.integers(len(values))] for values in self.choices.values())

    def cross(self, first, second, rng):
        """Returns a genome with each gene of either parent."""
        return tuple(pair[rng.integers(2)] for pair in zip(first, second))

    def mutate(self, genome, rng):
        """Returns a genome in which one gene has another value."""
        place = rng.integers(len(genome))
        others = [value for value in list(self.choices.values())[place] if value != genome[place]]
        return (*genome[:place], others[rng.integers(len(others))], *genome[place + 1 :])


@dataclass(frozen=True)
class Trial:
    """One evaluation.

    Attributes:
        genome: What was evaluated.
        score: Its score on validation rows, the higher the better.
        parents: What it descends from, the better one first; empty if drawn by chance.
        generation: Number of its generation, from 0.
    """

    genome: tuple
    score: float
    parents: tuple[tuple, ...]
    generation: int


def read(journal):
    """Reads the scores that a search has written down.

    Args:
        journal: File with a trial in each line, as JSON; half a line at its end does not count.

    Returns:
        Dictionary from genomes to scores.
    """
    lines = Path(journal).read_text(encoding="utf-8").rpartition("\n")[0].splitlines()
    trials = map(json.loads, lines)
    return {tuple(trial["genome"]): trial["score"] for trial in trials}


class Evaluations:
    """Evaluates genomes, several at a time, and remembers every score.

    Args:
        evaluate: A function of a genome and its parents that returns a score, the higher the
            better. It must not look at test rows: what is chosen by them cannot be tested by them.
        journal: File to which each trial is written when it is done. What it holds already is not
            evaluated again, so a search that was interrupted goes on where it was.
        jobs: Evaluations at a time, each in a process of its own if more than 1.
    """

    def __init__(self, evaluate, journal=None, jobs=1):
        self.evaluate, self.journal, self.jobs = evaluate, journal and Path(journal), jobs
        self.trials, self.known = {}, {}
        if self.journal and self.journal.exists():
            self.known = read(self.journal)
            # A process that was killed while writing leaves half a line, in the way of the next.
            with self.journal.open("r+", encoding="utf-8") as file:
                file.truncate(file.read().rfind("\n") + 1)

    def __call__(self, proposals, generation):
        """Evaluates genomes of one generation.

        Args:
            proposals: Dictionary from genomes to their parents.
            generation: Its number.
        """
        new = {genome: parents for genome, parents in proposals.items() if genome not in self.known}
        scores = Parallel(n_jobs=self.jobs, return_as="generator")(
            delayed(self.evaluate)(genome, parents) for genome, parents in new.items()
        )
        for (genome, parents), score in zip(new.items(), scores):
            self.known[genome] = float(score)
            if self.journal:
                trial = asdict(Trial(genome, float(score), parents, generation))
                with self.journal.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(trial) + "\n")
        for genome, parents in proposals.items():
            self.trials[genome] = Trial(genome, self.known[genome], parents, generation)

    def best(self, number):
        """Returns the best trials, the best one first."""
        return sorted(self.trials.values(), key=lambda trial: -trial.score)[:number]


def genetic(space, evaluations, budget, population=8, survivors=4, seed=0):
    """Genetic search: each generation descends from the best of all before it.

    No genome is evaluated twice. With as much budget as the space has genomes it is exhaustive.

    Args:
        space: A `Space`.
        evaluations: `Evaluations`, fresh or with a journal.
        budget: Genomes to evaluate.
        population: Genomes of a generation.
        survivors: The best trials so far, from which parents are drawn.
        seed: Seed of all draws. With the same scores the search is always the same.

    Returns:
        List of `Trial`s in the order of evaluation.
    """
    rng = np.random.default_rng(seed)
    budget = min(budget, len(space))
    generation = 0
    while len(evaluations.trials) < budget:
        parents = evaluations.best(survivors)
        wanted = min(population, budget - len(evaluations.trials))
        proposals = {}
        while len(proposals) < wanted:
            genome, ancestors = _propose(space, parents, rng)
            for _ in range(50):
                if genome not in evaluations.trials and genome not in proposals:
                    break
                genome = space.mutate(genome, rng)
            else:
                genome, ancestors = space.draw(rng), ()
            if genome not in evaluations.trials:
                proposals.setdefault(genome, ancestors)
        evaluations(proposals, generation)
        generation += 1
    return list(evaluations.trials.values())


def _propose(space, parents, rng):
    if len(parents) < 2:
        return space.draw(rng), ()
    better, other = (parents[i] for i in sorted(rng.choice(len(parents), 2, replace=False)))
    child = space.mutate(space.cross(better.genome, other.genome, rng), rng)
    return child, (better.genome, other.genome)


def at_random(space, evaluations, budget, seed=0):
    """Random search without repetition, which every other search must beat.

    Bergstra and Bengio, "Random search for hyper-parameter optimization", JMLR 13, 2012.

    Args:
        space: A `Space`.
        evaluations: `Evaluations`.
        budget: Genomes to evaluate; as many as the space has make an exhaustive search.
        seed: Seed of the order.

    Returns:
        List of `Trial`s in the order of evaluation.
    """
    genomes = list(space)
    order = np.random.default_rng(seed).permutation(len(genomes))[:budget]
    evaluations({genomes[i]: () for i in order}, 0)
    return list(evaluations.trials.values())


def until(trials, score):
    """How many evaluations a search needed.

    Args:
        trials: List of `Trial`s in the order of evaluation.
        score: Score to reach.

    Returns:
        Number of trials until one has at least that score; infinite if none has.
    """
    reached = (number for number, trial in enumerate(trials, start=1) if trial.score >= score)
    return next(reached, math.inf)


def draw(axes, trials):
    """Draws a search: a dot for each trial, lines from parents to children, the best so far.

    Args:
        axes: Matplotlib axes.
        trials: List of `Trial`s in the order of evaluation.
    """
    places = {trial.genome: (n, trial.score) for n, trial in enumerate(trials, start=1)}
    for trial in trials:
        for parent in trial.parents:
            line = zip(places[parent], places[trial.genome])
            axes.plot(*line, "-", color="0.8", linewidth=0.8, zorder=1)
    numbers, scores = np.transpose(list(places.values()))
    best = np.maximum.accumulate(scores)
    axes.step(numbers, best, "-", where="post", color="C1", label="best so far")
    generations = [trial.generation for trial in trials]
    dots = axes.scatter(numbers, scores, c=generations, s=36, cmap="viridis", zorder=2)
    axes.figure.colorbar(dots, ax=axes, label="generation")
    axes.set(xlabel="evaluation", ylabel="score on validation rows")
    axes.legend()
