"""Light pages: the style rules, scripts and letters that the book uses, and no others.

The theme and the extensions bring 460 kB of rules and 1.5 MB of icons as a script, KaTeX 100 kB of
fonts for a page. What a page here loads of them is a fraction.
"""

import logging
import re
from collections.abc import Iterator
from html import unescape
from itertools import pairwise
from pathlib import Path
from typing import Any

import tinycss2
from fontTools import subset
from katex_math import KATEX
from sphinx.application import Sphinx

# What pages load, of all the scripts that the extensions add.
SCRIPTS = {
    "_static/documentation_options.js",
    "_static/doctools.js",
    "_static/sphinx_highlight.js",
    "_static/clipboard.min.js",
    "_static/copybutton.js",
    "_static/scripts/sphinx-book-theme.js",
    "_static/book.js",
    "_static/interactive.js",
    "_static/python.js",
    "_static/cells.js",
    "_static/numbers.js",
}
# What waits until the first view is there (book.js); the theme's layout adds two at its end.
LATER = {
    "_static/clipboard.min.js",
    "_static/copybutton.js",
    "_static/scripts/sphinx-book-theme.js",
}
# What becomes the one style sheet, in this order; ours last and whole.
SHEETS = [
    "basic.css",
    "styles/pydata-sphinx-theme.css",
    "pygments.css",
    "styles/sphinx-book-theme.css",
    "copybutton.css",
    "mystnb.*.css",
]
OURS = ["roles.css", "style.css"]

NOWHERE = {"accordion", "carousel", "modal", "offcanvas", "popover", "toast"}
"""Parts of Bootstrap that no page has; its script knows them all."""

CONDITIONAL = {"media", "supports", "layer", "container"}


def purge(css: str, used: set[str]) -> str:
    """Keep the rules that can apply to a page whose classes and ids are all in `used`.

    >>> purge("a, .x .y {top:0} .z:not(.w) {left:0} @media print {.y {top:0}}", {"x", "z"})
    'a{top:0}.z:not(.w){left:0}'
    """
    return "".join(kept(tinycss2.parse_stylesheet(css, True, True), used))


def kept(rules: list[Any], used: set[str]) -> Iterator[str]:
    """Yield the text of the rules that can apply."""
    for rule in rules:
        if rule.type == "error":
            raise ValueError(f"line {rule.source_line} of a style sheet: {rule.message}")
        body = rule.content and tinycss2.serialize(rule.content).strip()
        if rule.type == "qualified-rule":
            selectors = [selector for selector in split(rule.prelude) if applies(selector, used)]
            texts = [tinycss2.serialize(selector).strip() for selector in selectors]
            if texts:
                yield f"{','.join(texts)}{{{body or ''}}}"
        elif body is None:
            continue  # @charset, and @import of a sheet that is in the list
        elif rule.lower_at_keyword in CONDITIONAL:
            inner = "".join(kept(tinycss2.parse_rule_list(rule.content, True, True), used))
            head = tinycss2.serialize(rule.prelude).rstrip()
            if inner:
                yield f"@{rule.lower_at_keyword}{head}{{{inner}}}"
        elif rule.lower_at_keyword != "font-face" or "Font Awesome" not in body:
            yield rule.serialize()


def split(prelude: list[Any]) -> list[list[Any]]:
    """Split the selectors of a rule at their commas."""
    selectors: list[list[Any]] = [[]]
    for token in prelude:
        if token == ",":
            selectors.append([])
        else:
            selectors[-1].append(token)
    return selectors


def applies(selector: list[Any], used: set[str]) -> bool:
    """Whether all classes and ids of a selector are used; those inside :not(...) do not matter."""
    classes = {b.value for a, b in pairwise(selector) if a == "." and b.type == "ident"}
    ids = {token.value for token in selector if token.type == "hash"}
    return classes | ids <= used


def names_in(site: Path) -> set[str]:
    """Return the classes and ids of all pages, and every word of all scripts, which may set them.

    The icons are ours (style.css): the theme's rules for them would draw with fonts that we drop.
    """
    names: set[str] = set()
    for page in site.rglob("*.html"):
        for value in re.findall(r'\b(?:class|id)="([^"]*)"', page.read_text(encoding="utf-8")):
            names.update(value.split())
    for script in SCRIPTS | {
        "_static/scripts/bootstrap.js",
        "_static/scripts/pydata-sphinx-theme.js",
    }:
        path = site / script
        names.update(
            re.findall(r"[\w-]+", path.read_text(encoding="utf-8")) if path.exists() else []
        )
    return {name for name in names - NOWHERE if not re.match(r"fa[srb]?(-|$)", name)}


def write_style_sheet(app: Sphinx, exception: Exception | None) -> None:
    site = Path(app.outdir)
    static = site / "_static"
    if exception or app.builder.format != "html" or not (static / "basic.css").exists():
        return
    names = names_in(site)
    theirs = [path for pattern in SHEETS for path in sorted(static.glob(pattern))]
    theirs.append(KATEX / "katex.min.css")
    sheets = [purge(path.read_text(encoding="utf-8"), names) for path in theirs]
    sheets += [(static / name).read_text(encoding="utf-8") for name in OURS]
    sheet = without_idle_variables(woff2_only("\n".join(sheets)), variables_in(site))
    (static / "book.css").write_text(sheet, encoding="utf-8")
    write_fonts(site)
    drop_unused(site)


def variables_in(site: Path) -> set[str]:
    """Return the variables that pages, scripts and the sheets of single pages name."""
    kinds = (".html", ".js", ".css")
    files = [path for path in site.rglob("*") if path.suffix in kinds and path.name != "book.css"]
    theirs = {path for pattern in SHEETS for path in (site / "_static").glob(pattern)}
    named: set[str] = set()
    for path in set(files) - theirs:
        named.update(re.findall(r"--[a-zA-Z][\w-]*", path.read_text(encoding="utf-8")))
    return named


def without_idle_variables(css: str, elsewhere: set[str]) -> str:
    """Drop the variables of a sheet that nothing reads, here or elsewhere.

    >>> without_idle_variables("a{--x:1;--y:var(--x);--z:2;top:var(--z)}", {"--u"})
    'a{--z:2;top:var(--z)}'
    """
    used: set[str] = set()
    while used != (used := elsewhere | set(re.findall(r"var\(\s*(--[\w-]+)", css))):
        for name in set(re.findall(r"(?<=[{;])(--[\w-]+):", css)) - used:
            css = re.sub(rf"(?<=[{{;]){name}:[^;{{}}]*(;|(?=}}))", "", css)
    return css


def woff2_only(css: str) -> str:
    """Drop the older formats of fonts from a sheet; every browser in use reads woff2."""
    return re.sub(r',url\([^)]*\) format\("(woff|truetype)"\)', "", css)


def write_fonts(site: Path) -> None:
    """Write KaTeX's fonts, reduced to the characters that occur on the book's pages."""
    pages = "".join(page.read_text(encoding="utf-8") for page in (site / "book").rglob("*.html"))
    letters = "".join(set(unescape(re.sub(r"<[^>]*>", "", pages))))
    folder = site / "_static" / "fonts"
    folder.mkdir(exist_ok=True)
    logging.getLogger("fontTools").setLevel(logging.WARNING)  # else a page of INFO for each font
    options = subset.Options(flavor="woff2", layout_features=["*"])
    for path in (KATEX / "fonts").glob("*.woff2"):
        font = subset.load_font(path, options)
        subsetter = subset.Subsetter(options)
        subsetter.populate(text=letters)
        subsetter.subset(font)
        subset.save_font(font, folder / path.name, options)


def drop_unused(site: Path) -> None:
    """Remove the static files that no page, script or sheet of the book names."""
    static = site / "_static"
    pages = [page for page in site.rglob("*.html") if static not in page.parents]
    texts = [*pages, static / "book.css"]
    named = "".join(path.read_text(encoding="utf-8") for path in texts)
    for path in static.rglob("*"):
        if path.is_file() and path.name not in named:
            path.unlink()
    for folder in sorted((p for p in static.rglob("*") if p.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()


def choose_scripts(app: Sphinx, page: str, template: str, context: dict[str, Any], _: Any) -> None:
    scripts = [s for s in context["script_files"] if s.filename in SCRIPTS]
    for script in scripts:
        script.attributes.pop("defer", None)
        if script.filename in LATER:
            script.attributes.update({"type": "text/plain", "data-later": ""})
        elif page != "search":  # its own scripts use doctools at once
            script.attributes["defer"] = "defer"
    context["script_files"][:] = scripts


def silence_thebe(app: Sphinx) -> None:
    """Jupyter Book loads sphinx-thebe always; it writes a script for a button that is not there."""
    for listeners in app.events.listeners.values():
        listeners[:] = [x for x in listeners if x.handler.__module__ != "sphinx_thebe"]


def setup(app: Sphinx) -> dict[str, bool]:
    silence_thebe(app)
    app.add_js_file("book.js", priority=950)  # after interactive.js, before printing, too
    app.connect("html-page-context", choose_scripts, priority=950)
    app.connect("build-finished", write_style_sheet, priority=950)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
