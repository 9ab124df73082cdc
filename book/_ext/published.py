"""What stands beside the book's pages: its wheel, and what hosts and search engines look for."""

import subprocess
import sys
from html import escape
from pathlib import Path
from typing import Any

import address
from docutils import nodes
from sphinx.application import Sphinx

PACKAGE = Path(__file__).resolve().parents[2]
LONGEST = 200  # letters of a description that search engines show

INDEX = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>{title}</title>
<meta http-equiv="refresh" content="0; url={first}">
<a href="{first}">{title}</a>
</html>
"""
NOT_FOUND = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>There is no such page: {title}</title>
<style>
body {{ font: 1.1rem/1.6 system-ui, sans-serif; max-width: 36rem; margin: 4rem auto; }}
body {{ padding: 0 1rem; }}
:root {{ color-scheme: light dark; }}
</style>
<h1>There is no such page</h1>
<p>It may have moved. <a href="{first}">{title}</a> begins here.</p>
</html>
"""


def describe(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Give a page its description: the first paragraph that has no formula."""
    if doctree is None:
        return
    plain = (p for p in doctree.findall(nodes.paragraph) if p.next_node(nodes.math) is None)
    context["description"] = shortened(next((p.astext() for p in plain), ""))
    context["html_baseurl"] = app.config.html_baseurl


def shortened(text: str) -> str:
    """Return whole words of a text, as many as search engines show.

    >>> shortened("word " * 100)[-8:], shortened("A  first\\nsentence.")
    ('word ...', 'A first sentence.')
    """
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[:LONGEST].rsplit(" ", 1)[0] + " ..."


def write_beside(app: Sphinx, exception: Exception | None) -> None:
    if exception or app.builder.format != "html":
        return
    site, root = Path(app.outdir), app.config.root_doc
    where = app.config.html_baseurl
    first, title = f"{root}.html", escape(app.config.project)
    (site / ".nojekyll").touch()  # else GitHub's own generator drops _static
    (site / "index.html").write_text(INDEX.format(title=title, first=first), encoding="utf-8")
    absolute = f"{where}{first}" if where else f"/{first}"  # it answers for addresses of any depth
    missing = NOT_FOUND.format(title=title, first=absolute)
    (site / "404.html").write_text(missing, encoding="utf-8")
    if where:
        pages = sorted(app.env.found_docs)
        entries = "".join(f"<url><loc>{where}{page}.html</loc></url>\n" for page in pages)
        space = "http://www.sitemaps.org/schemas/sitemap/0.9"
        text = (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="{space}">\n{entries}</urlset>'
        )
        (site / "sitemap.xml").write_text(text, encoding="utf-8")
    write_wheel(site / "_static")


def write_wheel(folder: Path) -> Path:
    """Build the package, as the first cell of the notebooks installs it from beside the book."""
    for old in folder.glob("pybackprop-*.whl"):
        old.unlink()
    command = [
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "-t",
        "wheel",
        "-d",
        str(folder.resolve()),
    ]
    subprocess.run(command, cwd=PACKAGE, check=True, capture_output=True)
    name = address.wheel_of((PACKAGE / "pyproject.toml").read_text(encoding="utf-8"))
    return folder / name


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("html-page-context", describe)
    app.connect("build-finished", write_beside, priority=960)  # lean.py drops what no page names
    return {"parallel_read_safe": True, "parallel_write_safe": True}
