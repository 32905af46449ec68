"""Pages from the templates in `templates/`: whole in one file, without addresses of others."""

from datetime import datetime
from pathlib import Path

import jinja2


def write_points(points):
    """Points as people read them: at most two decimals; a dash for None."""
    return "–" if points is None else f"{points:.2f}".rstrip("0").rstrip(".")


def write_time(text):
    """A time in ISO 8601 as people read it, in this machine's zone."""
    return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M %Z")


ENVIRONMENT = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=jinja2.StrictUndefined,
)
ENVIRONMENT.filters["points"] = write_points
ENVIRONMENT.filters["time"] = write_time


def write(path, page):
    """Writes a page; it replaces the one before as a whole, so that readers never see a part.

    Args:
        path: Path of the page. Its folder is made if it is missing.
        page: The page, a string.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(page, encoding="utf-8")
    new.replace(path)


def render(template, **values):
    """Fills a template in; what comes from students is escaped.

    Args:
        template: Name of the template.
        **values: What it uses.

    Returns:
        The page, which can be written in UTF-8 whatever students called themselves.
    """
    page = ENVIRONMENT.get_template(template).render(values)
    return page.encode("utf-8", "replace").decode("utf-8")
