"""The local Sphinx extensions: what they make of formulas, addresses, files and style sheets."""

import json
import multiprocessing
import os
import re
import subprocess
import sys
import zipfile

import address
import katex_math
import lean
import nbformat
import pybackprop_book as book
import pytest
from docutils import nodes
from docutils.utils import new_document
from paths import ROOT

from pybackprop.course.palette import ROLES

pytestmark = pytest.mark.xdist_group("small books")  # which they share


def test_a_formula_becomes_html_and_mathml():
    html = katex_math.render(r"\delta^{[l]}")
    assert 'class="katex-html"' in html
    assert "<math" in html
    assert katex_math.render(r"\frac12", display=True) != katex_math.render(r"\frac12")


def test_a_broken_formula_is_an_error_that_names_it():
    with pytest.raises(katex_math.KatexError, match="Undefined control sequence"):
        katex_math.render(r"\notacommand{x}")
    assert "katex" in katex_math.render("x")  # the process goes on


def right_formulas(number):
    """Render formulas of its own in a process; return how many came back."""
    texts = [f"x_{{{number}{i:03}}}" for i in range(100)]
    return sum(text[3:-1] in katex_math.render(text) for text in texts)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_forked_processes_get_their_own_formulas():
    katex_math.render("x")  # the parent's process runs when they are forked
    with multiprocessing.get_context("fork").Pool(4) as pool:
        assert pool.map_async(right_formulas, range(4)).get(timeout=60) == [100] * 4


@pytest.mark.parametrize("tex", [r"\lambda_{\min}", r"x_{\max}^2"])
def test_mathml_with_a_wrong_number_of_children_is_an_error(tex):
    with pytest.raises(
        katex_math.KatexError, match=r"children, not \d; a name inside it is \\text"
    ):
        katex_math.render(tex)
    assert "<math" in katex_math.render(tex.replace(r"\m", r"\text{m").replace("}", "}}", 1))


def test_a_role_keeps_its_color_on_dark_pages():
    html = katex_math.render(f"\\textcolor{{{ROLES['delta'][0]}}}{{\\delta}}")
    assert "color:var(--pb-delta)" in html


def test_a_formula_keeps_the_punctuation_beside_it():
    doctree = new_document("page")
    words = ["so (", nodes.math(text="x"), "), then ", nodes.math(text="y"), " and ..."]
    doctree += nodes.paragraph("", "", *(nodes.Text(w) if isinstance(w, str) else w for w in words))
    katex_math.keep_punctuation(None, doctree)
    pieces = [(type(child).__name__, child.astext()) for child in doctree[0]]
    assert pieces == [
        ("Text", "so "),
        ("inline", "(x),"),
        ("Text", " then "),
        ("math", "y"),
        ("Text", " and ..."),
    ]
    assert doctree[0][1]["classes"] == ["tied"]


def test_a_digest_follows_every_file(tmp_path, monkeypatch):
    folder = tmp_path / "pybackprop"
    folder.mkdir()
    (tmp_path / "pyproject.toml").write_text("")
    (folder / "losses.py").write_text("half = 0.5")
    monkeypatch.setattr(book, "ROOT", tmp_path)
    before = book.digest("pyproject.toml", "pybackprop")
    (folder / "losses.pyc").write_text("compiled")
    assert book.digest("pyproject.toml", "pybackprop") == before
    for change in ("losses.py", "style.css"):
        (folder / change).write_text("half = 0.6")
        changed = book.digest("pyproject.toml", "pybackprop")
        assert changed != before
        before = changed


def test_a_line_that_came_in_pieces_is_one_line():
    def stream(text, name="stdout"):
        return nbformat.v4.new_output("stream", name=name, text=text)

    shown = nbformat.v4.new_output("display_data")
    pieces = [stream("a ="), stream(" 1\n"), stream("!\n", "stderr"), stream("b"), shown]
    found = [(part.get("name"), part.get("text")) for part in book.whole_streams(pieces)]
    assert sorted(found, key=str) == [("stderr", "!\n"), ("stdout", "a = 1\nb\n"), (None, None)]
    assert pieces[0].text == "a ="


def test_role_colors_are_light_and_dark():
    css = book.role_colors()
    for role, (light, dark) in ROLES.items():
        assert f"--pb-{role}:{light};" in css.splitlines()[0]
        assert f"--pb-{role}:{dark};" in css.splitlines()[1]


def test_rules_of_unused_icons_and_fonts_go():
    css = '@font-face{font-family:"Font Awesome";src:url(x)} .fa-sun:before{content:"x"} .a{top:0}'
    assert lean.purge(css, {"a"}) == ".a{top:0}"


def test_conditional_rules_keep_what_is_used():
    css = "@media (min-width: 1px){.a{top:0}.b{top:0}} @supports (x:y){.b{top:0}}"
    assert lean.purge(css, {"a"}) == "@media (min-width: 1px){.a{top:0}}"


def test_nested_rules_and_escaped_names_are_read():
    nested = ".a{color:red;&:hover{top:0} .b &{left:0}}"
    assert lean.purge(f"{nested} .b{{top:0}}", {"a"}) == nested
    css = r""".sm\:a,.b\,c{top:0}.d::after{content:"};"}.e{background:url(data:x;y{z)}"""
    assert lean.purge(css, {"sm:a", "d"}) == r""".sm\:a{top:0}.d::after{content:"};"}"""


def test_a_style_sheet_that_cannot_be_read_is_an_error():
    with pytest.raises(ValueError, match="line 2 of a style sheet"):
        lean.purge("a{top:0}\nb", {"a"})


NOTEBOOK = [
    (
        "markdown",
        "# A page\n\nIt is $x$.\n\nA first sentence.\n\n"
        "$$a = b \\tag{T1}$$\n\n$$c = d \\tag{T2}$$\n\nInline $x$.",
        [],
    ),
    ("code", "print('T1: largest error 1.1e-16')", ["check-T1"]),
    ("code", "print('nothing')", ["check-T2"]),
    ("markdown", "## One unit per layer", []),
    ("code", "import os\nprint('static', os.environ.get('PYBACKPROP_STATIC'))", []),
]
HTML = """from IPython.display import HTML
HTML('<div class="pybackprop-interactive" data-kind="x"><p class="pb-poster">still</p></div>')"""


def build(folder, cells, repository=""):
    """Build a book of one notebook with this book's configuration; return (exit code, log)."""
    notebook = nbformat.v4.new_notebook()
    for kind, source, tags in cells:
        cell = getattr(nbformat.v4, f"new_{kind}_cell")(source)
        cell.metadata["tags"] = tags
        notebook.cells.append(cell)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    (folder / "book").mkdir()
    for name in ("_ext", "_static", "_templates"):
        (folder / "book" / name).symlink_to(ROOT / "book" / name)
    nbformat.write(notebook, folder / "book" / "page.ipynb")
    (folder / "_toc.yml").write_text("format: jb-book\nroot: book/page\n")
    (folder / "_config.yml").symlink_to(ROOT / "_config.yml")
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    project = re.sub(r"^\[project\.urls\]\n(?:.+\n)*\n", "", project, flags=re.M)
    if repository:
        project = address.written(project, address.on_github(repository))
    (folder / "pyproject.toml").write_text(project, encoding="utf-8")
    main = "from jupyter_book.cli.main import main; main()"
    command = [sys.executable, "-c", main, "build", ".", "-W", "-n", "--keep-going"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def page_site(tmp_path_factory):
    """The site of a book whose address is known."""
    folder = tmp_path_factory.mktemp("small")
    code, log = build(folder, [*NOTEBOOK, ("code", HTML, [])], "https://github.com/ada/pybackprop")
    assert code == 0, log
    return folder / "_build/html"


@pytest.fixture(scope="module")
def page(page_site):
    return (page_site / "book/page.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A site without an address and interactive parts: its folder and what its build said."""
    folder = tmp_path_factory.mktemp("plain")
    code, log = build(folder, NOTEBOOK)
    assert code == 0, log
    return folder / "_build/html", log


def test_a_checked_equation_carries_its_mark_and_an_unchecked_one_none(page):
    assert 'href="#check-T1" title="checked: largest error 1.1e-16 (see the cell below)"' in page
    assert 'id="check-T1"' in page
    assert "#check-T2" not in page
    assert "(T2)" in page


def test_a_renamed_heading_keeps_its_former_address(page):
    assert 'id="one-unit-per-layer"' in page
    assert 'id="one-neuron-a-layer"' in page


def test_kernels_are_asked_for_static_displays(page):
    assert "static 1" in page


def test_a_page_with_an_interactive_part_loads_the_front_end(page):
    assert "_static/interactive.js" in page
    assert "_static/interactive.css" in page


def test_a_notebook_has_working_launch_buttons(page):
    there = "ada/pybackprop"
    assert f"https://mybinder.org/v2/gh/{there}/main?urlpath=lab/tree/book/page.ipynb" in page
    assert f"https://colab.research.google.com/github/{there}/blob/main/book/page.ipynb" in page


def test_a_page_without_interactive_parts_and_address_has_neither(plain):
    site, log = plain
    html = (site / "book/page.html").read_text(encoding="utf-8")
    assert 'class="pybackprop-interactive' not in html
    assert "interactive." not in (site / "search.html").read_text(encoding="utf-8")
    assert "mybinder.org" not in html
    assert "launch buttons: none" in log


def test_what_stands_beside_the_book(plain, page_site):
    for site in (plain[0], page_site):
        wheel = address.wheel_of((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
        with zipfile.ZipFile(site / "_static" / wheel) as archive:
            assert "pybackprop/course/stage/stepper.js" in archive.namelist()
        assert (site / ".nojekyll").exists()
        assert "book/page.html" in (site / "index.html").read_text(encoding="utf-8")
        assert "There is no such page" in (site / "404.html").read_text(encoding="utf-8")
    assert not (plain[0] / "sitemap.xml").exists()
    there = "https://ada.github.io/pybackprop/book/page.html"
    assert f"<loc>{there}</loc>" in (page_site / "sitemap.xml").read_text(encoding="utf-8")
    assert f'href="{there}"' in (page_site / "404.html").read_text(encoding="utf-8")


def test_a_page_says_what_it_is_and_shows_a_picture_where_it_is_linked_to(plain, page):
    for html in (page, (plain[0] / "book/page.html").read_text(encoding="utf-8")):
        assert '<meta name="description" content="A first sentence.">' in html
        assert '<meta property="og:title" content="A page">' in html
    assert 'property="og:url" content="https://ada.github.io/pybackprop/book/page.html"' in page
    assert 'content="https://ada.github.io/pybackprop/_static/stepper.png"' in page
    assert "og:url" not in (plain[0] / "book/page.html").read_text(encoding="utf-8")


def test_a_broken_formula_stops_the_build_with_file_and_formula(tmp_path):
    code, log = build(tmp_path, [("markdown", "# A page\n\n$\\notacommand$", [])])
    assert code == 1
    assert "page.ipynb" in log
    assert r"\\notacommand" in log


def test_a_failing_cell_stops_the_build(tmp_path):
    code, log = build(tmp_path, [("markdown", "# A page", []), ("code", "1 / 0", [])])
    assert code == 1
    assert "ZeroDivisionError" in log


def test_the_lock_file_names_no_registry():
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    assert [name for name, package in lock["packages"].items() if "resolved" in package] == []
