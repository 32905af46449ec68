"""A method of the library as the contract suite sees it."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from keras import tree


def take_all(x, rows):
    """The rows of every array of a model's inputs, in the order given."""
    return tree.map_structure(lambda array: np.asarray(array)[rows], x)


@dataclass(frozen=True, eq=False)
class Case:
    """A method, and what is to be known to hold it to the promises of `promises`.

    Networks of cases are tiny, answer each row by itself (no batch normalization), and their data
    are float32.

    Args:
        name: The method's name, a row of the table.
        make: Function that returns a new `keras.Model`, not compiled, with the same weights at each
            call.
        data: Function from a number of rows to the first that many rows of the same data, a pair of
            inputs and labels: NumPy arrays, or dictionaries of them. A dictionary of labels has the
            name of each task.
        compile: What `compile` gets beside the optimizer.
        refuses: Dictionary from promises, or backends, that the method refuses in words to a
            regular expression of these words.
        draws: Whether training draws random numbers.
        draws_by_row: Whether it draws them for each labelled row, as dropout does, so that a row
            that is given twice is not the same twice.
        take: Function from inputs and numbers of rows to the inputs of these rows. Whatever belongs
            to no labels, as views of unlabelled rows do, stays as it is.
        one_task: Function that returns the same method with its first task alone, a model with an
            attribute `network`; or None.
    """

    name: str
    make: Callable
    data: Callable
    compile: dict = field(default_factory=dict)
    refuses: dict = field(default_factory=dict)
    draws: bool = False
    draws_by_row: bool = False
    take: Callable = take_all
    one_task: Callable | None = None

    @property
    def tasks(self):
        """Names of the tasks; none where labels are not a dictionary."""
        y = self.data(1)[1]
        return tuple(y) if isinstance(y, dict) else ()
