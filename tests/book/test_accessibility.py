"""axe-core finds nothing on the built pages, by all of its rules."""

import pytest
from paths import ROOT

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
# KaTeX draws a formula with hundreds of boxes that screen readers skip for its MathML; so do we.
# axe does not read MathML: a table's header that is a formula is not empty.
RUN = """() => axe.run({ exclude: [[".katex-html"]] }, { rules: {
    "label-content-name-mismatch": { enabled: true },
} }).then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes
    .filter(({ target }) => id !== "empty-table-header"
        || !document.querySelector(target[0]).querySelector("math"))
    .map(({ target, failureSummary }) => `${id}: ${target} ${failureSummary}`)))"""
# The theme makes what scrolls focusable, a moment after the page is there or has changed.
FOCUSABLE = """() => [...document.querySelectorAll(
    "pre, .cell_output > .output, .pst-scrollable-table-container",
)].every((e) => e.tabIndex === 0
    || (e.scrollWidth <= e.clientWidth && e.scrollHeight <= e.clientHeight))"""


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_axe_finds_no_violation(visit, server, name, scheme, width):
    page = visit(f"{server}/{name}.html", scheme=scheme, width=width)
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    page.wait_for_function(FOCUSABLE)
    page.add_script_tag(path=AXE)
    assert page.evaluate(RUN) == []


PLANTED = {
    "image-alt": "<img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='>",
    "label-content-name-mismatch": "<button aria-label='Go'>Search</button>",
    "region": "<p>words outside of every landmark</p>",
}


@pytest.mark.parametrize("rule", PLANTED)
def test_axe_sees_a_planted_violation(visit, server, rule):
    page = visit(f"{server}/book/intro.html")
    place = "body" if rule == "region" else "article"
    page.locator(place).evaluate(
        "(place, html) => place.insertAdjacentHTML('beforeend', html)", PLANTED[rule]
    )
    page.add_script_tag(path=AXE)
    assert any(violation.startswith(rule) for violation in page.evaluate(RUN))
