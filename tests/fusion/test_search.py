import sys
from statistics import median

import cloudpickle
import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_lib.fusion import search
from course_lib.fusion.search import (
    Evaluations,
    Space,
    Trial,
    at_random,
    draw,
    genetic,
    read,
    until,
)

SPACE = Space(a=(0, 1, 2, 3), b=(None, 0), c=("add", "multiply", "low_rank"), d=(0, 1, 2, 3))


def score(genome, parents=()):
    """Best is (3, None, "multiply", 3)."""
    a, b, c, d = genome
    return a + d + (b is None) + 2 * (c == "multiply")


def test_a_space_holds_every_combination_once():
    assert len(SPACE) == 96
    assert len(set(SPACE)) == 96
    assert SPACE.named((1, None, "add", 2)) == {"a": 1, "b": None, "c": "add", "d": 2}
    with pytest.raises(ValueError, match="b is no choice"):
        Space(a=(0, 1), b=(0,))


def test_a_child_has_its_genes_from_its_parents():
    rng = np.random.default_rng(0)
    first, second = (0, None, "add", 0), (3, 0, "low_rank", 0)
    children = {SPACE.cross(first, second, rng) for _ in range(200)}
    assert len(children) == 8
    assert all(gene in pair for child in children for gene, pair in zip(child, zip(first, second)))


def test_a_mutation_changes_one_gene():
    rng = np.random.default_rng(0)
    genome = (0, None, "add", 0)
    mutants = {SPACE.mutate(genome, rng) for _ in range(300)}
    assert all(sum(a != b for a, b in zip(genome, mutant)) == 1 for mutant in mutants)
    assert len(mutants) == 3 + 1 + 2 + 3
    assert mutants <= set(SPACE)


@pytest.mark.parametrize("seed", range(5))
def test_with_budget_for_all_it_is_exhaustive(seed):
    tiny = Space(a=(0, 1, 2), b=(None, 0), c=("add", "multiply"), d=(0, 3))
    found = genetic(tiny, Evaluations(score), 1000, population=5, seed=seed)
    exhaustive = at_random(tiny, Evaluations(score), len(tiny))
    assert len(found) == len({trial.genome for trial in found}) == len(tiny)
    assert {t.genome: t.score for t in found} == {t.genome: t.score for t in exhaustive}


def test_it_needs_fewer_evaluations_than_chance_where_genes_add_up():
    def needed(method):
        return median(
            until(method(SPACE, Evaluations(score), 96, seed=seed), 9) for seed in range(20)
        )

    assert needed(genetic) <= needed(at_random) / 2


def test_each_child_descends_from_the_best_before_it():
    found = genetic(SPACE, Evaluations(score), 40, population=8, survivors=4, seed=1)
    for trial in found:
        before = [other for other in found if other.generation < trial.generation]
        best = [other.genome for other in sorted(before, key=lambda t: -t.score)[:4]]
        assert set(trial.parents) <= set(best)
    assert all(not trial.parents for trial in found if trial.generation == 0)


def test_an_interrupted_search_goes_on_where_it_was(tmp_path):
    journal, calls = tmp_path / "journal.jsonl", []

    def counted(genome, parents):
        calls.append(genome)
        if len(calls) == 21:
            raise KeyboardInterrupt
        return score(genome)

    with pytest.raises(KeyboardInterrupt):
        genetic(SPACE, Evaluations(counted, journal), 40, seed=3)
    with journal.open("a", encoding="utf-8") as file:
        file.write('{"genome": [0, nu')  # killed while writing
    resumed = genetic(SPACE, Evaluations(counted, journal), 40, seed=3)
    assert resumed == genetic(SPACE, Evaluations(score), 40, seed=3)
    assert len(calls) == 41
    assert read(journal) == {trial.genome: trial.score for trial in resumed}


def test_several_at_a_time_find_the_same():
    # Worker processes cannot import this file.
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    together = genetic(SPACE, Evaluations(score, jobs=2), 24, seed=2)
    assert together == genetic(SPACE, Evaluations(score), 24, seed=2)


def test_until_counts_evaluations():
    trials = [Trial((n,), value, (), 0) for n, value in enumerate([0.1, 0.5, 0.3, 0.9])]
    assert [until(trials, score) for score in (0.0, 0.4, 0.9, 1.0)] == [1, 2, 4, np.inf]


def test_a_search_is_drawn_with_its_lines_of_descent():
    found = genetic(SPACE, Evaluations(score), 24, seed=0)
    figure, axes = plt.subplots()
    draw(axes, found)
    assert len(axes.lines) == sum(len(trial.parents) for trial in found) + 1
    assert np.max(axes.lines[-1].get_ydata()) == max(trial.score for trial in found)
    plt.close(figure)


def test_a_proposal_has_genes_of_both_parents_and_one_of_its_own():
    space = Space(**{gene: (0, 1, 2) for gene in "abcdefgh"})
    parents = [Trial((value,) * 8, 1.0 - value, (), 0) for value in (0, 1)]
    rng = np.random.default_rng(0)
    changed, crossed = [], []
    for _ in range(100):
        child, ancestors = search._propose(space, parents, rng)
        assert ancestors == ((0,) * 8, (1,) * 8), "the better one first"
        changed.append(child.count(2))
        crossed.append(child.count(0) >= 2 and child.count(1) >= 2)
    assert np.mean(crossed) > 0.8
    assert set(changed) == {0, 1}


def test_parents_are_the_survivors_and_any_two_of_them():
    trials = [Trial((n,) * 4, -n, (), 0) for n in range(4)]
    space, rng = Space(**{gene: range(9) for gene in "abcd"}), np.random.default_rng(0)
    pairs = {search._propose(space, trials, rng)[1] for _ in range(200)}
    assert len(pairs) == 6
    assert all(first < second for first, second in pairs)
    assert search._propose(space, trials[:1], rng)[1] == ()


def test_the_best_come_first_and_are_so_many():
    evaluations = Evaluations(score)
    evaluations({(n, 0, "add", 0): () for n in range(4)}, 0)
    assert [trial.score for trial in evaluations.best(3)] == [3, 2, 1]


def test_generations_have_the_size_of_the_population():
    found = genetic(SPACE, Evaluations(score), 20, population=6)
    sizes = [sum(trial.generation == n for trial in found) for n in range(5)]
    assert sizes == [6, 6, 6, 2, 0]
