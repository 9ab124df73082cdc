"""The API page: docstrings as the package has them, numpydoc with formulas in plain letters."""

import re
from inspect import getdoc
from itertools import groupby
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config


def readable(lines: list[str]) -> list[str]:
    """Return the lines of a docstring as reStructuredText that reads as they do.

    A bar is a bar, no substitution; formulas that stand one a line stay one a line.

    >>> readable(["m = (|a| + |b|) / 2,", "v = m^2"])
    ['| m = (\\\\|a\\\\| + \\\\|b\\\\|) / 2,', '| v = m^2']
    >>> readable([">>> a | b", "1"])
    ['>>> a | b', '1']
    """
    result: list[str] = []
    for blank, group in groupby(lines, key=lambda line: not line.strip()):
        paragraph = list(group)
        if not blank and not paragraph[0].lstrip().startswith(">>>"):
            escaped = [line.replace("|", r"\|") for line in paragraph]
            formulas = len(paragraph) > 1 and all(re.match(r"\S.* = ", x) for x in paragraph)
            paragraph = [f"| {line}" for line in escaped] if formulas else escaped
        result += paragraph
    return result


def process(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    lines[:] = readable(lines)


def undo(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Napoleon takes what stands before a colon for the type of a property."""
    if what == "property":
        lines[:] = readable((getdoc(obj) or "").splitlines())


def find_elsewhere(app: Sphinx, env: Any, node: Any, content: Any) -> Any:
    """Resolve a name that another module of the package exports."""
    if node.get("reftype") != "obj":
        return None
    name = f"pybackprop.{node['reftarget']}"
    domain = env.get_domain("py")
    return domain.resolve_xref(env, node["refdoc"], app.builder, "obj", name, node, content)


def configure(app: Sphinx, config: Config) -> None:
    config.napoleon_google_docstring = False
    # Types are words ("array of shape (m, n)"), not names to link to.
    config.napoleon_use_param = config.napoleon_use_rtype = False
    config.napoleon_custom_sections = [("Attributes", "params_style")]
    config.autodoc_typehints = "none"
    config.autodoc_preserve_defaults = True
    config.default_role = "py:obj"


def setup(app: Sphinx) -> dict[str, bool]:
    app.setup_extension("sphinx.ext.autodoc")
    app.setup_extension("sphinx.ext.napoleon")
    app.connect("config-inited", configure)
    app.connect("autodoc-process-docstring", process, priority=400)  # before napoleon
    app.connect("autodoc-process-docstring", undo, priority=600)  # after it
    app.connect("missing-reference", find_elsewhere)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
