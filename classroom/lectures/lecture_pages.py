"""Lectures as pages that are whole in one file and read well without a network."""

import html
import json
import os
from copy import deepcopy
from pathlib import Path
from urllib.parse import urlsplit

import vl_convert
from bs4 import BeautifulSoup
from filelock import FileLock
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.markdown_mistune import MarkdownWithMath
from nbformat.v4 import new_markdown_cell
from traitlets import default

from classroom import pages
from classroom.markdown import MathRenderer
from course_lib import claims, messages, plots

TEMPLATES = Path(__file__).parents[1] / "templates"
VEGA = "application/vnd.vegalite.v5+json"
WIDGET = "application/vnd.jupyter.widget-view+json"


class LectureExporter(HTMLExporter):
    """nbconvert's page in JupyterLab's style, with folded code and formulas of its own."""

    @default("template_name")
    def _template_name_default(self):
        return "lecture"

    def default_filters(self):
        yield from super().default_filters()
        yield "markdown2html", self.render_markdown

    def render_markdown(self, source):
        options = {"escape": False, "embed_images": True, "path": self.notebooks}
        renderer = MathRenderer(self.faults, **options)
        return MarkdownWithMath(renderer=renderer).render(source)


def write_page(course, title, notebook, page):
    """Writes a lecture's page.

    Args:
        course: A `Course`, whose lectures the links between lectures lead to.
        title: The lecture's title.
        notebook: The lecture, run or not.
        page: Path of the page.

    Returns:
        List of sentences on formulas that could not be drawn.
    """
    notebook = deepcopy(notebook)
    _drop_widgets(notebook)
    if claimed := _list_claims(notebook.cells):
        notebook.cells.insert(1, claimed)
    sliders = _sliders(notebook.cells)
    for number, output in enumerate(sliders):
        _draw_slider(output, f"slider-{number}")
    exporter = LectureExporter(extra_template_basedirs=[str(TEMPLATES)], enable_async=False)
    exporter.notebooks = str(course.notebooks)
    exporter.faults = []
    exporter.register_preprocessor(
        "nbconvert.preprocessors.CoalesceStreamsPreprocessor", enabled=True
    )
    resources = {
        "metadata": {"name": title, "path": str(course.notebooks)},
        "vega": vl_convert.javascript_bundle(vl_version=plots.VEGA_LITE) if sliders else "",
    }
    body, _ = exporter.from_notebook_node(notebook, resources)
    pages.write(page, _follow_links(body, course, page))
    return exporter.faults


def _list_claims(cells):
    """A cell that lists what the lecture claimed on this run, or None.

    It is folded, as it answers the predictions, unless a claim failed.
    """
    found = messages.read(cells, claims.MIME)
    if not found:
        return None
    items = "\n".join(
        f"<li>{'✓' if claim['holds'] else '✗'} {html.escape(claim['claim'])}</li>"
        for claim in found
    )
    holding = sum(claim["holds"] for claim in found)
    state = "" if holding == len(found) else " open"
    summary = (
        f"<summary>Claims of this lecture: {holding} of {len(found)} hold on this run</summary>"
    )
    return new_markdown_cell(
        f'<details class="claims"{state}>{summary}\n<ul>\n{items}\n</ul>\n</details>'
    )


def _drop_widgets(notebook):
    """Leaves of widgets, such as progress bars, their texts: scripts from elsewhere draw them."""
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET, None)


def _sliders(cells):
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return [output for output in outputs if VEGA in output.get("data", {})]


def _draw_slider(output, place):
    """Puts a chart that moves in the place of an output's picture."""
    script = json.dumps(output.data[VEGA]).replace("</", "<\\/")
    output.data = {
        "text/html": f'<div id="{place}" role="figure"></div><script>vegaEmbed("#{place}", '
        f'{script}, {{"actions": false}});</script>'
    }


def _follow_links(body, course, page):
    """Turns links between notebooks into links between pages, and others to where files lie."""
    soup = BeautifulSoup(body, features="html.parser")
    for link in soup.select(".jp-Cell a[href]"):
        parts = urlsplit(link["href"])
        if parts.scheme or parts.netloc or not parts.path:
            continue
        target = (course.notebooks / parts.path).resolve()
        if target == course.notebooks / "README.md":
            path = "index.html"
        elif target.parent == course.notebooks and target.suffix == ".ipynb":
            path = f"{target.stem}.html"
        else:
            path = os.path.relpath(target, page.parent)
        link["href"] = parts._replace(path=path).geturl()
    return str(soup)


def write_index(lectures, folder):
    """Writes the page that leads to all lectures' pages.

    Lectures that run side by side write it one after another, so that none misses a page.

    Args:
        lectures: List of `Lecture`.
        folder: The folder of the pages.

    Returns:
        Path of the page.
    """
    index = folder / "index.html"
    with FileLock(folder / ".index.lock"):
        rows = [_row(lecture, folder / f"{lecture.name}.html") for lecture in lectures]
        pages.write(index, pages.render("lectures.html", lectures=rows))
    return index


def _row(lecture, page):
    """What the index says on a lecture."""
    return {
        "title": lecture.title,
        "minutes": lecture.minutes,
        "prerequisites": lecture.prerequisites,
        "page": page.name if page.exists() else "",
    }
