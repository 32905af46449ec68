"""nbgrader's configuration, for `nbgrader` and `course` alike."""

import os
from pathlib import Path

import classroom

c = get_config()  # noqa: F821

c.CourseDirectory.course_id = "transfer-and-multi-task-learning"
c.CourseDirectory.root = str(Path(__file__).parent)

# TensorFlow writes to stderr at the first use of many operations; nbgrader would take that for an
# error and give a correct answer no points. Errors are not lost with it: they are outputs of
# another type.
c.IgnorePattern.enabled = True
c.IgnorePattern.pattern = "."

# A submission that comes late loses points for every day that has begun: none, unless said here.
c.AssignLatePenalties.plugin_class = "classroom.results.late_penalty.LatePenalty"
c.LatePenalty.per_day = 0
c.LatePenalty.unit = "percent"

# How long a cell may take under `course grade`: ten times what the slowest cell of the lab's own
# solution takes, at least 20 s. The solution is run once for it, see `build/reference/`. A number
# here holds for all labs instead; seconds of a whole notebook are `c.Bounds.notebook = 900`.
# c.Bounds.cell = 120

# The same for plain `nbgrader autograde`.
c.Execute.timeout = 120
c.Execute.shutdown_kernel = "immediate"  # TensorFlow takes seconds to say goodbye
c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE\nraise NotImplementedError"}

# Formgrader and nbgrader's feedback show formulas without a network, and what students wrote inert.
c.HTMLExporter.filters = {"markdown2html": "classroom.markdown.markdown2html"}
c.HTMLExporter.extra_template_basedirs.prepend(
    [str(Path(classroom.__file__).parent / "templates" / "nbgrader")]
)

# Where formgrader's "Release" puts a lab. A class that works on one JupyterHub names a folder here
# that everybody may write to; nbgrader does not make it.
c.Exchange.root = str(Path(__file__).parent / "exchange")
if os.access(Path(__file__).parent, os.W_OK):
    Path(c.Exchange.root).mkdir(exist_ok=True)

# Where the hidden checks find themselves when they run in a student's kernel.
os.environ["COURSE_CHECKS"] = str(Path(__file__).parent / "checks")
