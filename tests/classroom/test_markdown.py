"""Markdown of strangers as HTML: readable, with formulas, and nothing in it runs or covers."""

import time

import pytest
from bs4 import BeautifulSoup

from classroom import markdown
from classroom.markdown import render_inert

STEAL = "owned=1"
PICTURE = "data:image/png;base64,iVBORw0KGgo="


@pytest.mark.parametrize("escape", [True, False])
@pytest.mark.parametrize(
    "text",
    [
        f"<script>{STEAL}</script>",
        f'<img src=x onerror="{STEAL}">',
        f'a <img src=x onerror="{STEAL}"> b',
        f"<svg onload={STEAL}><script>{STEAL}</script></svg>",
        f"<style>* {{ display: none }}</style>{STEAL}",
        f'<form action="https://evil.example/{STEAL}"><button formaction="x">y</button></form>',
        f'<iframe srcdoc="<script>{STEAL}</script>"></iframe>',
        f'<div style="position:fixed" id="waiting" class="queue" onclick="{STEAL}">cover</div>',
        f'<math href="javascript:{STEAL}"><mtext><table><mglyph><style><!--</style>'
        f'<img title="--&gt;&lt;img src=1 onerror={STEAL}&gt;">',
        f"[a](javascript:{STEAL}) [b]( JaVaScRiPt:{STEAL}) [c](&#106;avascript:{STEAL})",
        "[a](javascript:1) [b](java\tscript:1) [c](data:text/html;base64,AAAA) [d](vbscript:1)",
        f"[a][b] <javascript:{STEAL}>\n\n[b]: javascript:{STEAL}",
        f"![a](https://evil.example/{STEAL}) ![b](data:image/svg+xml;base64,AAAA) ![c](//evil)",
        rf"$\text{{<script>{STEAL}</script>}}$",
        rf"$\text{{</mtext></math><img src=x onerror={STEAL}>}}$",
        rf"$\href{{javascript:{STEAL}}}{{x}} \style{{position:fixed}}{{x}} \class{{queue}}{{x}}$",
        f"# <a name=x></a>heading\n\n```html\n<script>{STEAL}</script>\n```",
        f"```mermaid\n<img src=x onerror={STEAL}>\n```",
        f"<!-- --!><script>{STEAL}</script> -->",
        f"<noscript><p title='</noscript><img src=x onerror={STEAL}>'>",
    ],
)
def test_nothing_of_a_stranger_runs_loads_or_covers(text, escape):
    soup = BeautifulSoup(render_inert(text, escape=escape), "html.parser")
    for tag in soup.find_all(True):
        assert tag.name in markdown.TAGS
        for name, value in tag.attrs.items():
            assert not name.startswith("on")
            assert name not in ("style", "id", "class", "name", "srcdoc", "action", "formaction")
            if name in ("href", "src"):
                assert value.startswith(("https://", "http://", "mailto:", "#", PICTURE[:22]))
                assert (tag.name, name) in {("a", "href"), ("img", "src")}


def test_what_is_not_allowed_is_shown_as_it_was_typed():
    text = BeautifulSoup(render_inert("<script>a < b</script> <b>c</b>"), "html.parser").text
    assert text.strip() == "<script>a < b</script> <b>c</b>"
    own = render_inert("See <b>c</b> and <button>d</button>.", escape=False)
    assert own == "<p>See <b>c</b> and &lt;button&gt;d&lt;/button&gt;.</p>\n"


def test_markdown_is_laid_out_with_formulas_links_tables_and_pictures():
    text = f"""# Why

See [there](https://good.example "words"), $x < y$ and [](#below).

$$\\frac{{a}}{{b}}$$

a | b
--|--
1 | 2

![drawn]({PICTURE}) ![mine](attachment:mine.png)
"""
    soup = BeautifulSoup(
        render_inert(text, {"mine.png": {"image/png": "iVBORw0KGgo="}}, below=2), "html.parser"
    )
    assert soup.h3.text == "Why"
    assert [(a["href"], a.text) for a in soup.select("a")] == [
        ("https://good.example", "there"),
        ("#below", "#below"),
    ]
    assert [cell.text for cell in soup.select("th, td")] == ["a", "b", "1", "2"]
    assert [(i["src"], i["alt"]) for i in soup.select("img")] == [
        (PICTURE, "drawn"),
        (PICTURE, "mine"),
    ]
    inline, block = soup.select("math")
    assert (inline.text, inline["display"], block["display"]) == ("x<y", "inline", "block")
    assert block.select_one("mfrac").text == "ab"


def test_a_formula_that_cannot_be_drawn_is_shown_as_typed():
    assert render_inert("$x_$") == "<p><code>x_</code></p>\n"


@pytest.mark.parametrize("piece", ["$a$ ", "[", "*", "> ", "\n\n#", "`", "&", "$\\frac{", "<a "])
def test_long_answers_take_a_bounded_time(piece):
    start = time.monotonic()
    render_inert(piece * (markdown.LONGEST_ANSWER // len(piece)))
    assert time.monotonic() - start < 10


def test_what_exceeds_the_bounds_is_shown_as_typed():
    assert render_inert("<" * 10_001) == f"<pre>{'&lt;' * 10_001}</pre>"
    assert render_inert(f"${'a' * 1001}$") == f"<p><code>{'a' * 1001}</code></p>\n"
    many = BeautifulSoup(render_inert("$a$ " * 201), "html.parser")
    assert (len(many.select("math")), len(many.select("code"))) == (200, 1)
