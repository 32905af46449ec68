"""Teachers: they follow by the power of the momentum, statistics included."""

import numpy as np

from course_lib.consistency import teachers


def test_a_teacher_of_constant_weights_follows_by_powers(network):
    teacher = teachers.make(network)
    start = teacher.get_weights()
    goal = [weight + 1 for weight in start]
    network.set_weights(goal)
    for _ in range(7):
        teachers.follow(teacher, network, 0.8)
    for found, old, new in zip(teacher.get_weights(), start, goal):
        assert np.allclose(found, 0.8**7 * old + (1 - 0.8**7) * new, atol=1e-5)


def test_moving_statistics_follow_too(network):
    teacher = teachers.make(network)
    names = [weight.path.split("/")[-1] for weight in teacher.weights]
    assert {"moving_mean", "moving_variance"} <= set(names)
    network(np.full((4, 5), 3.0), training=True)
    before = teacher.get_weights()
    teachers.follow(teacher, network, 0.5)
    moved = [n for n, a, b in zip(names, before, teacher.get_weights()) if not np.allclose(a, b)]
    assert "moving_mean" in moved


def test_momentum_rises_from_nothing():
    assert teachers.momentum(0) == 0
    assert np.isclose(teachers.momentum(9), 0.9)
    assert np.isclose(teachers.momentum(10**6), 0.999)


def test_a_teacher_begins_as_its_student_with_variables_of_its_own(network):
    teacher = teachers.make(network)
    assert not {id(weight) for weight in teacher.weights} & {id(w) for w in network.weights}
    assert not teacher.trainable_weights
    for own, weight in zip(teacher.get_weights(), network.get_weights()):
        assert np.array_equal(own, weight)
