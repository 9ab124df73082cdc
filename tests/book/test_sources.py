"""The rules of rules.py, held to every notebook of the book."""

import json
import subprocess
import tokenize
from collections import Counter

import address
import claims
import pytest
import rules
from paths import BOOK, ROOT

from pybackprop.course.palette import ROLES

NOTEBOOKS = sorted(BOOK.glob("*.ipynb"))
CHAPTERS = [path for path in NOTEBOOKS if path.name[:2].isdigit()]
RULES = [
    rules.outputs_are_stored,
    rules.outputs_are_clean,
    rules.metadata_is_stable,
    rules.lines_fit,
    rules.markdown_is_plain,
    rules.equations_are_checked,
]


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_notebooks_keep_the_rules(notebook, rule):
    assert rule(load(notebook)) == []


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_first_cell_follows_the_address(notebook):
    expected = address.first_cell(address.PROJECT.read_text(encoding="utf-8"))
    assert rules.first_cell_is(load(notebook), expected) == []


def test_no_file_installs_the_package_by_its_name():
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    assert len(names) > 100
    for name in filter(None, names):
        if (ROOT / name).is_file():
            assert rules.installs_by_name((ROOT / name).read_bytes().decode(errors="ignore")) == []


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_formulas_use_the_colors_of_roles(notebook):
    assert rules.role_colors_only(load(notebook), {light for light, _ in ROLES.values()}) == []


@pytest.mark.parametrize("notebook", CHAPTERS, ids=lambda path: path.stem)
def test_numbers_in_a_chapter_stand_in_its_outputs(notebook):
    constants = rules.read_constants(ROOT / "tests" / "book" / "constants.txt")
    assert rules.numbers_are_computed(load(notebook), constants) == []


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_claims_name_their_cells(notebook):
    book = {path.name: load(path) for path in NOTEBOOKS}
    headings = claims.headings_of(BOOK / "references.md")
    assert claims.claims_name_their_cells(book[notebook.name], book, headings) == []


def test_an_id_names_one_cell_of_the_book():
    ids = Counter(cell["id"] for path in NOTEBOOKS for cell in load(path)["cells"])
    assert [name for name, count in ids.items() if count > 1] == []


@pytest.mark.parametrize("notebook", CHAPTERS, ids=lambda path: path.stem)
def test_no_sitting_is_longer_than_an_hour(notebook):
    assert rules.sittings_are_short(load(notebook)) == []


def test_every_page_of_the_table_of_contents_exists_and_every_notebook_is_in_it():
    toc = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    listed = [line.split(":")[1].strip() for line in toc.splitlines() if "file:" in line]
    assert [f for f in listed if not list(ROOT.glob(f"{f}.*"))] == []
    assert [path.stem for path in NOTEBOOKS if f"book/{path.stem}" not in listed] == []


def told(path):
    """Return what a file says in words: a page's text, a program's strings and comments."""
    if path.suffix == ".md":
        return path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        notebook = load(path)
        images = [c["metadata"].get("mystnb", {}) for c in rules.cells(notebook, "code")]
        alts = [image.get("image", {}).get("alt", "") for image in images]
        return "\n\n".join([rules.prose(notebook), *alts])
    with path.open("rb") as file:
        kinds = tokenize.STRING, tokenize.COMMENT
        words = [token.string for token in tokenize.tokenize(file.readline) if token.type in kinds]
    return "\n\n".join(text for text in words if " " in text)


PAGES = [*NOTEBOOKS, *BOOK.glob("*.md"), *(ROOT / "pybackprop" / "course").rglob("*.py")]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_one_thing_has_one_word(path):
    assert rules.one_word_for_one_thing(told(path)) == []
