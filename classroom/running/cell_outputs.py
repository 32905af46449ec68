"""What cells show, kept up to a bound."""

import asyncio

from classroom.cleaning import clean_output
from classroom.running.graded_cells import is_score, name_of

# Characters of a result from which nbgrader takes a test's points.
LONGEST_SCORE = 100


class CellOutputs:
    """Keeps what a notebook's cells show, as one after another is run.

    Args:
        bound: Characters of a cell's output that are kept, a tenth of those of a notebook.
        note: Function called with a sentence about what was cut.

    Attributes:
        flood: An `asyncio.Event`, set when a cell has sent a hundred times as many.
    """

    def __init__(self, bound, note):
        self.bound, self.note, self.flood = bound, note, asyncio.Event()
        # What the cell sent, and what is kept of it and of the notebook.
        self.sent, self.shown, self.kept = 0, 0, 0

    def begin(self):
        """Begins with another cell."""
        self.sent, self.shown = 0, 0
        self.flood.clear()

    def hear(self, cell, message):
        """Adds a message to the outputs of its cell.

        Args:
            cell: The cell; None if nothing is to be kept.
            message: The kernel's message, with its `"size"`.
        """
        before, most = self.sent, 100 * self.bound
        self.sent += message.get("size", 0)
        if before <= most < self.sent:
            self.flood.set()
        if cell is None:
            return
        if message["msg_type"] == "clear_output":
            cell.outputs.clear()
            self.kept -= self.shown
            self.shown = 0
        output = clean_output(message["msg_type"], message["content"])
        if output is not None:
            self._keep(cell, output)

    def _keep(self, cell, output):
        size = len(output.get("text", "")) or len(str(output))
        left = max(0, min(self.bound - self.shown, 10 * self.bound - self.kept))
        if size > left:
            self.note(
                f"The output of cell {name_of(cell)} was cut after {self.bound:,} characters."
            )
            if "text" in output:
                output.text = output.text[:left]
            elif is_score(cell, output):
                # nbgrader takes a part of a test's points from it.
                output.data = {"text/plain": output.data["text/plain"][:LONGEST_SCORE]}
            else:
                return
        self.shown += min(size, left)
        self.kept += min(size, left)
        _append(cell.outputs, output)


def _append(outputs, output):
    """Adds an output; what is printed piece by piece becomes one."""
    last = outputs[-1] if outputs else {}
    if output.output_type == "stream" and last.get("name") == output.name:
        last.text += output.text
    elif output.get("text") != "":
        outputs.append(output)
