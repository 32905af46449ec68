"""Markdown as HTML that needs no network: formulas as MathML, and what strangers wrote inert."""

import html
import re

import bleach
from bs4 import BeautifulSoup
from jinja2 import pass_context
from latex2mathml.converter import convert
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

KNOWN = (  # LaTeX that latex2mathml lacks, and what it has of the same meaning
    (r"\\(begin|end)\{aligned\}", r"\\\1{align*}"),
    (r"\\arg\s*\\(max|min)(?![a-z])", r"\\arg\1"),
    (r"\\operatorname\*", r"\\operatorname"),
)
# Characters of an answer and of a formula that are laid out, and formulas of an answer. What is
# beyond that is shown as typed.
LONGEST_ANSWER = 10_000
LONGEST_FORMULA = 1000
MOST_FORMULAS = 200

MATHML = {
    *("math", "menclose", "mfrac", "mi", "mmultiscripts", "mn", "mo", "mover", "mpadded"),
    *("mphantom", "mprescripts", "mroot", "mrow", "mspace", "msqrt", "mstyle", "msub", "msubsup"),
    *("msup", "mtable", "mtd", "mtext", "mtr", "munder", "munderover", "none"),
}
TAGS = MATHML | {
    *("a", "b", "blockquote", "br", "code", "dd", "del", "details", "div", "dl", "dt", "em"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "li", "ol", "p", "pre", "s", "span"),
    *("strong", "sub", "summary", "sup", "table", "tbody", "td", "th", "thead", "tr", "u", "ul"),
}
OF_MATHML = {
    *("accent", "accentunder", "columnalign", "display", "displaystyle", "fence", "form"),
    *("linethickness", "mathcolor", "mathvariant", "notation", "scriptlevel", "stretchy"),
    *("symmetric", "xmlns"),
}
PICTURE = re.compile(r"data:image/(png|jpeg);base64,[A-Za-z0-9+/=\s]+")
LINK = re.compile(r"(https?://|mailto:|#).*", re.IGNORECASE)
SPACE = re.compile(r"-?[0-9.]{1,6}(em|ex|px|pt)?")


def draw_formula(tex, display="inline"):
    """Draws a formula as MathML.

    Args:
        tex: The formula in LaTeX, without dollars.
        display: `"inline"` or `"block"`.

    Returns:
        A MathML element. What the formula holds as text stands in it as it was typed: tags too.

    Raises:
        ValueError: if the formula is wrong, or holds what cannot be drawn.
    """
    known = tex
    for pattern, replacement in KNOWN:
        known = re.sub(pattern, replacement, known)
    try:
        drawn = convert(known, display=display)
    except Exception as error:  # latex2mathml's own errors have no base in common
        raise ValueError(f"formula {tex!r} is wrong: {type(error).__name__}") from error
    if left := re.search(r"[\\&]", BeautifulSoup(drawn, features="html.parser").text):
        raise ValueError(f"formula {tex!r} cannot be drawn: pages would show a {left[0]!r} in it")
    return drawn


class MathRenderer(IPythonRenderer):
    """Renders formulas as MathML, which browsers draw by themselves.

    Attributes:
        faults: What is wrong with formulas; these are shown as they were typed.
    """

    def __init__(self, faults, **options):
        super().__init__(**options)
        self.faults = faults

    def _draw(self, tex, display):
        try:
            return draw_formula(tex, display)
        except ValueError as error:
            self.faults.append(str(error))
            return f"<code>{html.escape(tex)}</code>"

    def block_math(self, body):
        return self._draw(body, "block")

    def inline_math(self, body):
        return self._draw(body, "inline")

    def block_html(self, html):
        # nbconvert would close each tag in its block, so that <details> folded nothing.
        return super().block_html(html) if "<img" in html else f"{html}\n"

    def latex_environment(self, name, body):
        return self._draw(rf"\begin{{{name}}}{body}\end{{{name}}}", "block")


class _StrangersRenderer(MathRenderer):
    """Renders what strangers wrote: bounded, and with headings that stand below the page's."""

    def __init__(self, below, **options):
        super().__init__([], exclude_anchor_links=True, **options)
        self.below, self.formulas = below, 0

    def _draw(self, tex, display):
        self.formulas += 1
        if len(tex) > LONGEST_FORMULA or self.formulas > MOST_FORMULAS:
            return f"<code>{html.escape(tex)}</code>"
        return super()._draw(tex, display)

    def heading(self, text, level, **attrs):
        level = min(6, level + self.below)
        return f"<h{level}>{text}</h{level}>\n"

    def link(self, text, url, title=None):
        return super().link(text or html.escape(url), url, title)

    def block_html(self, html):
        # MathRenderer's does not ask whether HTML is to be shown as it was typed.
        return IPythonRenderer.block_html(self, html)

    def block_mermaidjs(self, code):
        return f"<pre>{html.escape(code)}</pre>\n"

    def image(self, text, url, title=None):
        if url.removeprefix("attachment:") in self.attachments or PICTURE.fullmatch(url):
            return super().image(text, url, title)
        return html.escape(f"![{text}]({url})")


def render_inert(text, attachments=None, below=0, escape=True):
    """Renders Markdown of strangers: no script, style, form or foreign picture is left in it.

    `bleach` reads the result as a browser would, and keeps what `TAGS` and `_is_allowed` name; this
    is where a formula's `\\text{<script>}` ends.

    Args:
        text: Markdown, whatever it holds.
        attachments: The cell's attachments, which pictures may come from.
        below: By how many levels headings are lowered.
        escape: Whether all HTML is shown as it was typed; else only what is not allowed.

    Returns:
        HTML.
    """
    if len(text) > LONGEST_ANSWER:
        return f"<pre>{html.escape(text)}</pre>"
    renderer = _StrangersRenderer(below, attachments=attachments or {}, escape=escape)
    rendered = MarkdownWithMath(renderer=renderer).render(text)
    protocols = {"http", "https", "mailto", "data"}
    return bleach.clean(rendered, tags=TAGS, attributes=_is_allowed, protocols=protocols)


def _is_allowed(tag, name, value):
    """Whether an attribute may stay."""
    if tag in ("mspace", "mpadded"):
        return name in ("width", "height", "depth") and bool(SPACE.fullmatch(value))
    if tag in MATHML:
        return name in OF_MATHML
    if tag == "img":
        return name in ("alt", "title") or (name == "src" and bool(PICTURE.fullmatch(value)))
    if (tag, name) == ("a", "href"):  # bleach takes "javascript:1" for a computer's name and a port
        return bool(LINK.fullmatch(value))
    return (tag, name) in {("a", "title"), ("details", "open"), ("ol", "start"), ("th", "scope")}


@pass_context
def markdown2html(context, source):
    """nbconvert's filter of this name, for pages that show students' notebooks, as formgrader does.

    Args:
        context: What the template knows; the cell may hold attachments.
        source: The cell's Markdown.

    Returns:
        HTML.
    """
    return render_inert(source, context.get("cell", {}).get("attachments"), escape=False)
