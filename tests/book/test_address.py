"""The one address: what it makes of pyproject.toml and of the first cell of every notebook."""

import subprocess
import sys
import types

import address
import nbformat
import pytest
from paths import BOOK

PROJECT = """[project]
name = "pybackprop"
version = "1.2.3"

[project.optional-dependencies]
plots = []
"""
KNOWN = address.written(PROJECT, address.on_github("https://github.com/Ada/Course"))


def test_an_address_is_written_once_and_read_again():
    assert address.known(PROJECT) is None
    assert address.known(KNOWN).repository == "https://github.com/Ada/Course"
    assert address.known(KNOWN).book == "https://ada.github.io/Course"
    other = address.on_github("https://github.com/ada/other/")
    assert address.known(address.written(KNOWN, other)) == other
    assert address.written(KNOWN, other).count("[project.urls]") == 1
    assert address.written(KNOWN, address.known(KNOWN)) == KNOWN


@pytest.mark.parametrize(
    "wrong",
    [
        "github.com/ada/course",
        "https://github.com/ada",
        "https://gitlab.com/ada/course",
        "https://user:secret@github.com/ada/course",
        "https://github.com/ada/course/tree/main",
        'https://github.com/ada/x"',
        "",
    ],
)
def test_what_is_no_address_is_refused_with_the_form(wrong):
    with pytest.raises(ValueError, match="https://github.com/OWNER/NAME"):
        address.on_github(wrong)


def run(cell, monkeypatch, missing=True):
    """Run a first cell as IPython does; return what it installs."""
    from IPython.core.interactiveshell import InteractiveShell

    shell, installed = InteractiveShell(), []
    shell.register_magic_function(installed.append, magic_name="pip")
    if missing:
        spec = types.SimpleNamespace(util=types.SimpleNamespace(find_spec=lambda name: None))
        monkeypatch.setitem(sys.modules, "importlib", spec)
        monkeypatch.setitem(sys.modules, "importlib.util", spec.util)
    result = shell.run_cell(cell)
    monkeypatch.undo()
    return installed, result.error_in_exec


def test_the_first_cell_installs_the_wheel_of_the_published_book(monkeypatch):
    installed, error = run(address.first_cell(KNOWN), monkeypatch)
    wheel = "https://ada.github.io/Course/_static/pybackprop-1.2.3-py3-none-any.whl"
    assert error is None
    assert installed == [f'install -q "pybackprop[plots,interactive,progress] @ {wheel}"']
    assert run(address.first_cell(KNOWN), monkeypatch, missing=False) == ([], None)


def test_without_an_address_the_first_cell_says_how_to_get_the_package(monkeypatch):
    installed, error = run(address.first_cell(PROJECT), monkeypatch)
    assert installed == []
    assert isinstance(error, ModuleNotFoundError)
    assert "make book" in str(error)
    assert run(address.first_cell(PROJECT), monkeypatch, missing=False) == ([], None)


def test_one_command_writes_the_address_and_every_first_cell(tmp_path):
    (tmp_path / "book" / "_ext").mkdir(parents=True)
    script = tmp_path / "book" / "_ext" / "address.py"
    script.write_bytes((BOOK / "_ext" / "address.py").read_bytes())
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    for name in ("01_a", "02_b"):
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_markdown_cell("# A"), nbformat.v4.new_code_cell("old")]
        )
        nbformat.write(notebook, tmp_path / "book" / f"{name}.ipynb")
    command = [sys.executable, str(script), "https://github.com/Ada/Course"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "2 of 2 notebooks" in said
    assert (tmp_path / "pyproject.toml").read_text() == KNOWN
    for path in (tmp_path / "book").glob("*.ipynb"):
        assert nbformat.read(path, 4).cells[1].source == address.first_cell(KNOWN)
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "0 of 2 notebooks" in said
    wrong = subprocess.run([*command[:2], "ada/course"], capture_output=True, text=True)
    assert wrong.returncode == 1
    assert "is not of the form" in wrong.stderr
