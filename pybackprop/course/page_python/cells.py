"""Which cells of a chapter can run on a page: told from their code."""

import ast
import builtins
import sys
from collections.abc import Collection, Iterator, Sequence
from symtable import SymbolTable, symtable

PACKAGES = {"numpy", "pybackprop", "matplotlib"}
NOT_ON_A_PAGE = {"concurrent", "multiprocessing", "subprocess", "threading", "tkinter"}
"""Of the standard library; a page is one process with one thread."""

OF_IPYTHON = {"display", "get_ipython"}
"""Wherever IPython is imported, it puts these among the built-in names."""

DATASETS = ("load_breast_cancer", "load_diabetes", "load_digits", "load_iris", "load_wine")
"""What a page can have of scikit-learn: small sets of data, packed while building."""

TIME = "more time than a page has"
"""What a cell lacks that would take ten minutes or more."""


def lacking(sources: Sequence[str], endless: Collection[int] = ()) -> list[str]:
    """Return for each cell of a chapter what a page lacks to run it; "" where that is nothing.

    A cell that uses a name of one that cannot run cannot run either. ``endless`` are the numbers
    of those that take too long for a page.

    >>> lacking(["import numpy as np", "import torch", "torch.ones(2)", "np.ones(2)", "%time 1"])
    ['', 'torch', 'torch', '', 'IPython']
    """
    reasons = [TIME if k in endless else packages(source) for k, source in enumerate(sources)]
    parts = [names(source) for source in sources]
    for _ in sources:  # what a cell that cannot run makes is missing in others, and so on
        known = set(dir(builtins)) - OF_IPYTHON
        makers: dict[str, str] = {}
        for (bound, _), reason in zip(parts, reasons, strict=True):
            makers |= dict.fromkeys(bound, reason)
            known |= set() if reason else bound
        for k, (_, used) in enumerate(parts):
            for name in sorted(used - known):
                reasons[k] = reasons[k] or makers.get(name, name)
    return reasons


def packages(source: str) -> str:
    """Return the packages that a cell imports and a page has not; several workers need Dask.

    >>> packages("import json, torch"), packages("from sklearn.datasets import load_iris")
    ('torch', '')
    >>> packages("pb.train(net, X, Y, workers=2)")
    'distributed'
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a line that begins with % or !
        return "IPython"
    return ", ".join(sorted({name for name in imports(tree) if not on_page(name)}))


def imports(tree: ast.AST) -> Iterator[str]:
    """Yield the packages that code imports, and in their place the sets of data of scikit-learn."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "sklearn.datasets":
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]
        elif isinstance(node, ast.keyword) and node.arg == "workers":
            yield "distributed"


def on_page(name: str) -> bool:
    """Whether a page has a package, or a set of data."""
    standard = sys.stdlib_module_names - NOT_ON_A_PAGE
    return name in PACKAGES or name in DATASETS or name in standard


def names(source: str) -> tuple[set[str], set[str]]:
    """Return the names that a cell gives a value, and those that it asks of others.

    >>> names("def f(x): return x + y")
    ({'f'}, {'y'})
    """
    try:
        top = symtable(source, "cell", "exec")
    except SyntaxError:
        return set(), set()
    bound = {
        symbol.get_name()
        for symbol in top.get_symbols()
        if symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()
    }
    return bound, set(asked(top)) - bound


def asked(table: SymbolTable) -> Iterator[str]:
    """Yield the global names that code uses, its functions' among them."""
    for symbol in table.get_symbols():
        if symbol.is_referenced() and (table.get_type() == "module" or symbol.is_global()):
            yield symbol.get_name()
    for inner in table.get_children():
        yield from asked(inner)
