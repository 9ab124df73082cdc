"""axe-core finds nothing on the built pages, but for what the theme brings."""

import pytest
from paths import ROOT

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
OF_THE_THEME = ["label-content-name-mismatch", "region"]
RUN = """(rules) => axe.run(document, {
    rules: Object.fromEntries(rules.map((rule) => [rule, { enabled: false }])),
}).then(({ violations }) => violations.flatMap((v) =>
    v.nodes.map((n) => `${v.id}: ${n.target} ${n.failureSummary}`)))"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(visit, server, name, scheme):
    page = visit(f"{server}/{name}.html", scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    page.add_script_tag(path=AXE)
    assert page.evaluate(RUN, OF_THE_THEME) == []


def test_axe_sees_a_planted_violation(visit, server):
    page = visit(f"{server}/book/intro.html")
    page.evaluate("document.querySelector('article').append(document.createElement('img'))")
    page.evaluate(
        "document.querySelector('article img').src = 'data:image/gif;base64,R0lGODlhAQABAAAAACw='"
    )
    page.add_script_tag(path=AXE)
    assert any(v.startswith("image-alt") for v in page.evaluate(RUN, OF_THE_THEME))
