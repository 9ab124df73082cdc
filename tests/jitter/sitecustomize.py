"""Rounding jitter: matrix products that end in other bits, as those of another processor may.

    PYTHONPATH=tests/jitter JITTER=1 python -m pytest book/05_training_loop.ipynb

Python runs a module of this name whenever it starts, so that test workers and the kernels of
notebooks have it too. It disturbs the products of the package (`@`, `.dot`, `np.matmul`) and
those in a notebook's cells from the one after `import pybackprop`. Printed digits that it moves are
not the same on every machine: the run is chaotic.
"""

import ast
import builtins
import importlib.abc
import importlib.machinery
import os
import sys
from collections.abc import Callable, Sequence
from types import CodeType, ModuleType
from typing import Any

PRODUCTS = ("dot", "einsum", "inner", "matmul", "matvec", "tensordot", "vdot", "vecdot", "vecmat")


def disturbance(seed: int) -> Callable[[Any], Any]:
    """Return the function that changes the last two bits of a product's results, in place.

    What it changes is a function of the number and the seed alone: a run that is repeated gives the
    same again, as it does on another machine. A number whose last quarter of bits is 0 stays, for
    it is exact, and so the same everywhere.
    """
    import numpy as np

    factor = 0x9E3779B97F4A7C15 * (2 * seed + 1)

    def disturb_reals(reals: Any) -> None:
        width = 8 * reals.dtype.itemsize
        word = np.dtype(f"u{reals.dtype.itemsize}").type
        bits = reals.view(word)
        change = (bits * word(factor % 2**width)) >> word(width - 2)
        bits ^= np.where(bits % word(2 ** (width // 4)) == 0, word(0), change)

    def disturb(result: Any) -> Any:
        if isinstance(result, np.floating | np.complexfloating):
            return disturb(np.array(result))[()]
        if type(result) is np.ndarray and result.dtype.char in "fdFD":
            for reals in (result.real, result.imag) if result.dtype.kind == "c" else (result,):
                disturb_reals(reals)
        return result

    return disturb


class Disturbed(ast.NodeTransformer):
    """Code whose `a @ b` is `__jitter__(a @ b)`, and whose `a.dot` is `__jitter_dot__(a)`."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        return call("__jitter__", node) if isinstance(node.op, ast.MatMult) else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        self.generic_visit(node)
        return call("__jitter_dot__", node.value) if node.attr == "dot" else node


def call(name: str, argument: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(name, ast.Load()), [argument], [])


class Loader(importlib.machinery.SourceFileLoader):
    """Loads a module from its source with its products disturbed."""

    def get_code(self, fullname: str) -> CodeType:
        tree = ast.parse(self.get_data(self.path))
        tree = ast.fix_missing_locations(Disturbed().visit(tree))
        return compile(tree, self.path, "exec", dont_inherit=True)


class Finder(importlib.abc.MetaPathFinder):
    """Finds the package, and disturbs NumPy's own products before the package is loaded."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname.partition(".")[0] != "pybackprop":
            return None
        if not hasattr(builtins, "__jitter__"):
            disturb_products(self.seed)
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, importlib.machinery.SourceFileLoader):
            spec.loader = Loader(spec.loader.name, spec.loader.path)
        return spec


def disturb_products(seed: int) -> None:
    """Disturb NumPy's products by name, and `@` in the cells of the kernel that runs, if any."""
    import numpy as np

    disturb = disturbance(seed)
    vars(builtins).update(__jitter__=disturb, __jitter_dot__=lambda a: Product(a.dot, disturb))
    for name in PRODUCTS:
        if product := getattr(np, name, None):
            setattr(np, name, Product(product, disturb))
    if "IPython" in sys.modules and (shell := sys.modules["IPython"].get_ipython()):
        shell.ast_transformers.append(Disturbed())


class Product:
    """A product of NumPy whose results are disturbed; a table of NumPy's functions finds it."""

    def __init__(self, product: Callable[..., Any], disturb: Callable[[Any], Any]) -> None:
        self.product, self.disturb = product, disturb

    def __call__(self, *args: Any, **settings: Any) -> Any:
        return self.disturb(self.product(*args, **settings))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.product, name)

    def __eq__(self, other: object) -> bool:
        return self.product == (other.product if isinstance(other, Product) else other)

    def __hash__(self) -> int:
        return hash(self.product)


if seed := os.environ.get("JITTER"):
    sys.meta_path.insert(0, Finder(int(seed)))
