"""What the book asks of Sphinx beyond Jupyter Book, each in a few lines.

Outputs follow the package, interactive parts are written in their static form, checked equations
carry their mark, launch buttons appear where the repository's address is known.
"""

import hashlib
import re
import shutil
from copy import copy
from logging import WARNING, getLogger
from pathlib import Path
from typing import Any

import address
from docutils import nodes
from jupyter_cache import get_cache
from jupyter_cache.executors import load_executor
from katex_math import TAG
from myst_nb.core import render
from myst_nb.core.utils import coalesce_streams
from optional import not_run
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util import logging

from pybackprop.course.palette import ROLES
from pybackprop.course.stage.display import make_static, page_script, style, with_pictures

ROOT = Path(__file__).parents[2]
INTERACTIVE = 'class="pybackprop-interactive'
ERROR = re.compile(r"^(?P<tag>\S+): largest error (?P<error>\S+)$", re.MULTILINE)
logger = logging.getLogger(__name__)


# Rebuilding: jupyter-cache keys on a notebook's code alone. The cache's place names the package,
# too, so that a change in one chapter runs that chapter and a change in the package runs all.
# Sphinx does not look at what pages are made with: a change there reads every page again.


def digest(*places: str) -> str:
    """Return a name for the state of files and folders."""
    paths = [path for place in places for path in [ROOT / place, *(ROOT / place).rglob("*")]]
    state = hashlib.sha256()
    for path in sorted(path for path in paths if path.is_file() and path.suffix != ".pyc"):
        state.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return state.hexdigest()[:16]


def notice_changes(app: Sphinx, config: Config) -> None:
    config.nb_execution_excludepatterns = [f"book/{name}.ipynb" for name in not_run()]
    package = digest("pyproject.toml", "pybackprop")
    caches = Path(app.outdir).parent / ".jupyter_cache"
    config.nb_execution_cache_path = str(caches / package)
    for old in caches.glob("*"):
        if old.name != package:
            shutil.rmtree(old, ignore_errors=True)
    config.book_made_with = package + digest("book/_ext", "book/_static", "book/_templates")


def run_side_by_side(app: Sphinx) -> None:
    """Run the chapters that are not in the cache, one for each core; the last take the longest.

    What fails is run once more when its page is read, and stops the build there.
    """
    cache = get_cache(app.config.nb_execution_cache_path)
    for path in sorted(Path(app.srcdir, "book").glob("*.ipynb"), reverse=True):
        if path.stem not in not_run():
            cache.add_nb_to_project(str(path))
    if todo := cache.list_unexecuted():
        logger.info("running %d notebooks, side by side", len(todo))
        of_failures = getLogger(__name__)
        of_failures.setLevel(WARNING)
        executor = load_executor("local-parallel", cache, of_failures)
        executor.run_and_cache(timeout=app.config.nb_execution_timeout)


def whole_streams(outputs: list[Any]) -> list[Any]:
    """Join what a kernel sent in pieces; myst-nb ends each of them with a new line."""
    joined: list[Any] = []
    for output in outputs:
        name = output.get("name")
        if output["output_type"] == "stream" and joined and joined[-1].get("name") == name:
            joined[-1]["text"] += output["text"]
        else:
            joined.append(copy(output))
    streams: list[Any] = coalesce_streams(joined)
    return streams


# Interactive parts: kernels inherit the variable and emit static HTML. The shared script and
# style sheet go only to pages that have such a part.


def ask_for_static_displays(app: Sphinx) -> None:
    make_static()


def write_assets(app: Sphinx) -> None:
    """Write the files that come from the package: the roles' colors and the front end."""
    if app.builder.format != "html":
        return
    static = Path(app.outdir, "_static")
    static.mkdir(parents=True, exist_ok=True)
    (static / "roles.css").write_text(role_colors(), encoding="utf-8")
    (static / "interactive.css").write_text(style(), encoding="utf-8")
    (static / "interactive.js").write_text(page_script(), encoding="utf-8")


def role_colors() -> str:
    """Return the roles' colors as variables of the page: --pb-delta and so on."""
    light, dark = (
        "".join(f"--pb-{role}:{colors[shade]};" for role, colors in ROLES.items())
        for shade in (0, 1)
    )
    return f"html{{{light}}}\nhtml[data-theme=dark]{{{dark}}}\n"


def bring_to_life(app: Sphinx, page: str, template: str, context: dict[str, Any], _: Any) -> None:
    context["page_sheets"] = []
    if INTERACTIVE in context.get("body", ""):
        context["page_sheets"].append("_static/interactive.css")
        app.add_js_file("interactive.js")
        context["body"] = with_pictures(context["body"])


# A fold is named by the words that it shows; MyST-NB gives all of them one other name.

NAMED = '<summary aria-label="Toggle hidden content">'


def name_folds(app: Sphinx, page: str, template: str, context: dict[str, Any], _: Any) -> None:
    if "body" in context:
        context["body"] = context["body"].replace(NAMED, "<summary>")


# Marks: an equation tagged T carries the error that the code cell tagged check-T printed.


def mark_checked_equations(app: Sphinx, doctree: nodes.document) -> None:
    checks = {}
    for cell in doctree.findall(nodes.container):
        tags = [c.removeprefix("tag_check-") for c in cell["classes"] if c.startswith("tag_check-")]
        for tag in tags:
            errors = {m["tag"]: m["error"] for m in ERROR.finditer(cell.astext())}
            if tag in errors:
                anchor = f"check-{tag}"
                cell["ids"].append(anchor)
                checks[tag] = {"error": errors[tag], "cell": anchor}
    app.env.metadata[app.env.docname]["checks"] = checks
    for equation in doctree.findall(nodes.math_block):
        match = TAG.search(equation.astext())
        if match and match[1] in checks:
            equation["check"] = checks[match[1]]


# Headings that were renamed keep the address that others have linked to: former id -> id.
FORMER = {
    "a-batch-one-example-a-row": "a-batch-one-example-per-row",
    "deriving-delta": "backpropagation-deriving-delta",
    "one-neuron-a-layer": "one-unit-per-layer",
    "where-ways-part-effects-add": "where-paths-part-effects-add",
    "by-hand-the-2-3-1-network": "one-output-the-2-3-1-network",
    "one-neuron": "one-unit",
    "a-layer-is-several-neurons-side-by-side": "a-layer-is-several-units-side-by-side",
    "what-hidden-neurons-do": "what-hidden-units-do",
    "one-neuron-per-layer": "one-unit-per-layer",
    "two-paths-to-each-hidden-neuron": "two-paths-to-each-hidden-unit",
}


def keep_former_addresses(app: Sphinx, doctree: nodes.document) -> None:
    for section in doctree.findall(nodes.section):
        section["ids"] += [old for old, new in FORMER.items() if new in section["ids"]]


# Launch buttons: Binder and Colab need the repository's address, which stands in pyproject.toml.


def add_launch_buttons(app: Sphinx, config: Config) -> None:
    where = address.known(Path(app.srcdir, "pyproject.toml").read_text(encoding="utf-8"))
    if where is None:
        logger.info(
            "launch buttons: none, the repository's address is unknown "
            "(make address REPOSITORY=https://github.com/OWNER/NAME)"
        )
        options: dict[str, Any] = {"repository_url": "", "launch_buttons": {}}
    else:
        logger.info("launch buttons: Binder and Colab open %s", where.repository)
        config.html_baseurl = f"{where.book}/"
        options = {
            "repository_url": where.repository,
            "repository_branch": "main",
            "path_to_docs": "",
            "launch_buttons": {
                "notebook_interface": "jupyterlab",
                "binderhub_url": "https://mybinder.org",
                "colab_url": "https://colab.research.google.com",
            },
        }
    config.html_theme_options = {**config.html_theme_options, **options}


def setup(app: Sphinx) -> dict[str, bool]:
    render.coalesce_streams = whole_streams
    app.add_config_value("book_made_with", "", "env")
    app.connect("config-inited", notice_changes)
    app.connect("config-inited", add_launch_buttons)
    app.connect("builder-inited", ask_for_static_displays)
    app.connect("builder-inited", run_side_by_side, priority=600)
    app.connect("builder-inited", write_assets)
    app.connect("html-page-context", bring_to_life)
    app.connect("html-page-context", name_folds)
    app.connect("doctree-read", mark_checked_equations)
    app.connect("doctree-read", keep_former_addresses)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
