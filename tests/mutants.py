"""Change the package at one place, and its tests fail: what they do not notice is printed.

    python tests/mutants.py [--lines TEXT] [--tests FILE] [NAME ...]
    make mutants NAMES="losses network"

Signs, transposes, comparisons, constants, operands, factors, terms, sums, slices: each change of a
core module is one mutant. It runs in a forked process, with the tests that reach its line. A mutant
that cannot be imported counts for nothing. What no test can notice is in equivalent.txt, with the
reason. The table goes to the standard output, and what survives to the standard error.
"""

import argparse
import ast
import copy
import importlib.abc
import importlib.machinery
import importlib.util
import os
import pickle
import resource
import signal
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "pybackprop"
EQUIVALENT = Path(__file__).with_name("equivalent.txt")
SECONDS = 30
"""So much longer, and ten times its own time, no test may take: it hangs, and that is noticed."""

PYTEST = ("-c", "pyproject.toml", "-o", "addopts=--import-mode=importlib", "--assert=plain")
PLUGINS = ("no:cacheprovider", "no:terminal", "no:faulthandler", "no:unraisableexception")
NOT_OF_THE_CORE = {f"test_{name}.py" for name in ("mutations", "package", "readme", "tooling")}

SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip
NAMES = {"sum": "mean", "mean": "sum", "maximum": "minimum", "minimum": "maximum", "max": "min",
         "min": "max", "any": "all", "all": "any"}  # fmt: skip


def changes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what may stand in the place of a node.

    >>> [ast.unparse(x) for x in changes(ast.parse("a - b").body[0].value)]
    ['a + b', 'b - a', 'a', 'b']
    """
    if isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in SWAPPED:
        yield changed(node, op=SWAPPED[type(node.op)]())
    if isinstance(node, ast.BinOp):
        if isinstance(node.op, ast.Sub | ast.Div | ast.MatMult):
            yield changed(node, left=node.right, right=node.left)
        if isinstance(node.op, ast.Add | ast.Sub | ast.Mult | ast.Div):
            yield from (node.left, node.right)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not):
        yield node.operand
    elif isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        yield changed(node, ops=[SWAPPED[type(node.ops[0])]()])
    elif isinstance(node, ast.BoolOp):
        yield changed(node, op=SWAPPED[type(node.op)]())
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        yield ast.Constant(node.value + 1)
    elif isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute) and node.func.attr in NAMES:
            yield changed(node, func=changed(node.func, attr=NAMES[node.func.attr]))
        elif isinstance(node.func, ast.Name) and node.func.id in NAMES and node.func.id != "sum":
            yield changed(node, func=ast.Name(NAMES[node.func.id], ast.Load()))
    elif isinstance(node, ast.Slice):
        one = ast.Constant(1)
        if node.lower is not None:
            yield changed(node, lower=ast.BinOp(node.lower, ast.Add(), one))
        if node.upper is not None:
            yield changed(node, upper=ast.BinOp(node.upper, ast.Sub(), one))


def changed(node: Any, **fields: Any) -> Any:
    new = copy.copy(node)
    vars(new).update(fields)
    return new


@dataclass(frozen=True)
class Mutant:
    """One change of one module."""

    module: str
    place: str
    old: ast.AST
    new: ast.AST
    same: int = 1

    @property
    def name(self) -> str:
        """Say what becomes what, and where; the second such change of a function is no. 2."""
        number = f" (no. {self.same})" if self.same > 1 else ""
        return f"{self.place}: {ast.unparse(self.old)} -> {ast.unparse(self.new)}{number}"

    @property
    def lines(self) -> range:
        first = getattr(self.old, "lineno", 0)
        if isinstance(self.old, ast.Slice):
            first = (self.old.lower or self.old.upper).lineno  # type: ignore[union-attr]
        return range(first, (getattr(self.old, "end_lineno", None) or first) + 1)

    def tree(self, path: Path) -> ast.Module:
        """Return the module with this change."""
        tree = ast.parse(path.read_text(encoding="utf-8"))
        (node,) = (node for i, (_, node) in enumerate(places(tree)) if i == NUMBER[id(self.old)])
        put(tree, node, copy.deepcopy(self.new))
        return ast.fix_missing_locations(tree)


NUMBER: dict[int, int] = {}
"""The position of a mutant's node among the places of its module."""


def places(tree: ast.AST, qualname: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Yield the expressions that do something, and the function that each is in."""
    yield qualname, tree
    for field, child in ast.iter_fields(tree):
        if field in ("annotation", "returns", "format_spec"):
            continue
        for node in child if isinstance(child, list) else [child]:
            inner = qualname
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                inner = f"{qualname}.{node.name}"
            ours = not isinstance(node, ast.Raise | ast.JoinedStr | ast.ImportFrom | ast.Import)
            if isinstance(node, ast.AST) and ours:
                yield from places(node, inner)


def put(tree: ast.AST, old: ast.AST, new: ast.AST) -> None:
    class Swap(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> Any:
            return ast.copy_location(new, old) if node is old else self.generic_visit(node)

    Swap().visit(tree)


def modules() -> dict[str, Path]:
    """Return the core's modules: every one outside of course/."""
    paths = [p.relative_to(PACKAGE) for p in sorted(PACKAGE.rglob("[a-z]*.py"))]
    return {".".join(p.with_suffix("").parts): PACKAGE / p for p in paths if p.parts[0] != "course"}


def mutants(module: str) -> Iterator[Mutant]:
    tree = ast.parse(modules()[module].read_text(encoding="utf-8"))
    KEPT.append(tree)
    seen: Counter[str] = Counter()
    for number, (qualname, node) in enumerate(places(tree)):
        NUMBER[id(node)] = number
        for new in changes(node):
            mutant = Mutant(module, module + qualname, node, new)
            seen[mutant.name] += 1
            yield replace(mutant, same=seen[mutant.name])


KEPT: list[ast.AST] = []  # a node's id is its own as long as it lives


class Finder(importlib.abc.MetaPathFinder):
    """Imports a mutant in the place of its module."""

    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != f"pybackprop.{self.mutant.module}":
            return None
        mutant = self.mutant

        class Loader(importlib.machinery.SourceFileLoader):
            def get_code(self, fullname: str) -> CodeType:
                return compile(mutant.tree(Path(self.path)), self.path, "exec", dont_inherit=True)

        file = str(modules()[mutant.module])
        return importlib.util.spec_from_file_location(fullname, file, loader=Loader(fullname, file))


def pytest_run(arguments: Sequence[str], plugins: Sequence[object] = ()) -> int:
    flags = [word for name in PLUGINS for word in ("-p", name)]
    return int(pytest.main([*PYTEST, *flags, *arguments], plugins=plugins))


def name_of(item: pytest.Item) -> str:
    """Return what pytest.main takes; an id of pytest's has no path outside of the repository."""
    return f"{item.path}::{item.nodeid.partition('::')[2]}"


def file_of(test: str) -> str:
    return test.partition("::")[0]


class Reach:
    """A pytest plugin that notes which tests run which lines of the core, and for how long."""

    def __init__(self) -> None:
        self.failed: set[str] = set()
        self.tests: dict[tuple[str, int], set[str]] = defaultdict(set)
        self.seconds: dict[str, float] = {}
        self.names: dict[str, str] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        name = self.names[item.nodeid] = name_of(item)
        tests, names = self.tests, {str(path): name for name, path in modules().items()}

        def trace(frame: Any, event: str, _: Any) -> Any:
            module = names.get(frame.f_code.co_filename)
            if module is None:
                return None
            tests[module, frame.f_lineno].add(name)
            return trace

        sys.settrace(trace)
        try:
            return (yield)
        finally:
            sys.settrace(None)

    def beside(self, module: str) -> list[str]:
        """Return the tests for what runs when a module is imported, and so in none of them.

        They are those of every file in which one reaches the module, its own file's first.
        """
        reaching = {t for (m, _), tests in self.tests.items() if m == module for t in tests}
        files = {file_of(t) for t in reaching}
        own = f"test_{module.partition('.')[0]}.py"
        return sorted(
            (t for t in self.seconds if file_of(t) in files),
            key=lambda t: (Path(file_of(t)).name != own, self.seconds[t]),
        )

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = self.names.get(report.nodeid, report.nodeid)
        self.seconds[name] = self.seconds.get(name, 0) + report.duration
        if report.failed:
            self.failed.add(name)


class Limits:
    """A pytest plugin that ends the process of a test that hangs."""

    def __init__(self, seconds: dict[str, float]) -> None:
        self.seconds = seconds

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        signal.alarm(SECONDS + round(10 * self.seconds[name_of(item)]))
        try:
            return (yield)
        finally:
            signal.alarm(0)


def judge(mutant: Mutant, tests: Sequence[str], seconds: dict[str, float]) -> str:
    """Run a mutant's tests, the shortest first; this process is its own."""
    signal.alarm(SECONDS)  # until the first test
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
    sys.meta_path.insert(0, Finder(mutant))
    try:
        importlib.import_module("pybackprop")
        importlib.import_module(f"pybackprop.{mutant.module}")
    except Exception:
        return "not importable"
    for some in (tests[:30], tests[30:]):
        if some and (code := pytest_run(["-x", *some], [Limits(seconds)])):
            return "caught" if code == pytest.ExitCode.TESTS_FAILED else "not importable"
    return "survives"


VERDICTS = ("survives", "caught", "not importable")


def judge_all(
    work: list[tuple[Mutant, list[str]]], seconds: dict[str, float]
) -> Iterator[tuple[Mutant, str]]:
    """Judge mutants side by side, each in a process that is forked for it."""
    running: dict[int, Mutant] = {}
    waiting = list(reversed(work))
    while waiting or running:
        if waiting and len(running) < (os.cpu_count() or 1):
            mutant, tests = waiting.pop()
            if (pid := os.fork()) == 0:
                null = os.open(os.devnull, os.O_RDWR)
                for stream in (0, 1, 2):
                    os.dup2(null, stream)
                os._exit(VERDICTS.index(judge(mutant, tests, seconds)))
            running[pid] = mutant
        else:
            pid, status = os.wait()
            code = os.waitstatus_to_exitcode(status)
            verdict = VERDICTS[code] if 0 <= code < len(VERDICTS) else "caught"  # it hung, or died
            yield running.pop(pid), verdict


def libraries() -> list[str]:
    """Return what the tests import that is not ours."""
    names = sorted({name.partition(".")[0] for name in sys.modules} - set(sys.builtin_module_names))
    files = {name: getattr(sys.modules.get(name), "__file__", None) or "" for name in names}
    return [name for name, file in files.items() if "site-packages" in file]


def reach(files: Sequence[Path]) -> Reach:
    """Run tests on the package as it is, in a process of their own: ours imports no package yet."""
    plugin = Reach()
    with tempfile.TemporaryFile() as file:
        if (pid := os.fork()) == 0:
            pytest_run(list(map(str, files)), [plugin])
            known = (dict(plugin.tests), plugin.seconds, plugin.failed, libraries())
            file.write(pickle.dumps(known))
            file.flush()
            os._exit(0)
        os.waitpid(pid, 0)
        file.seek(0)
        plugin.tests, plugin.seconds, plugin.failed, names = pickle.loads(file.read())
    for name in names:  # once here, in place of in the process of each mutant
        with suppress(ImportError):  # some go by another name in sys.modules
            importlib.import_module(name)
    if not plugin.seconds:
        print("no test runs: what could be seen?")
    for name in sorted(plugin.failed):
        print(f"left out, it fails on the package as it is: {name}")
    return plugin


def equivalent() -> dict[str, str]:
    """Return the mutants that no test can notice, with the reason."""
    pairs: dict[str, str] = {}
    for line in EQUIVALENT.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith(("#", " ")):
            mutant, _, reason = line.partition("   # ")
            pairs[mutant.strip()] = reason
    return pairs


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lines", default="", metavar="TEXT", help="only lines that contain it")
    parser.add_argument(
        "--tests", action="append", type=Path, metavar="FILE", help="not all of the core's"
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(modules()))
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(modules()):
        parser.error(f"no module of the core: {', '.join(unknown)}")
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # most of a mutant's time is pytest's start
    files = asked.tests and [path.resolve() for path in asked.tests]
    os.chdir(ROOT)
    every = sorted(Path("tests").glob("test_*.py"))
    found = reach(files or [path for path in every if path.name not in NOT_OF_THE_CORE])
    known = equivalent()
    alive = 0
    print("| module | mutants | caught | equivalent | survive |\n|---|--:|--:|--:|--:|", flush=True)
    for module in asked.names or modules():
        text = modules()[module].read_text(encoding="utf-8").splitlines()
        elsewhere = found.beside(module)
        work: list[tuple[Mutant, list[str]]] = []
        counts: Counter[str] = Counter()
        for mutant in mutants(module):
            if asked.lines not in text[mutant.lines[0] - 1]:
                continue
            near = {t for line in mutant.lines for t in found.tests.get((module, line), ())}
            tests = sorted(near, key=lambda t: found.seconds[t]) or elsewhere
            tests = [t for t in tests if t not in found.failed]
            if mutant.name in known:
                counts["equivalent"] += 1
            else:
                work.append((mutant, tests))
        for mutant, verdict in judge_all(work, found.seconds):
            counts[verdict] += 1
            if verdict == "survives":
                print(f"{mutant.lines[0]:4} {mutant.name}", file=sys.stderr, flush=True)
        total = counts["caught"] + counts["equivalent"] + counts["survives"]
        row = (total, *(counts[verdict] for verdict in ("caught", "equivalent", "survives")))
        print(f"| `{module}` |", *(f"{number} |" for number in row), flush=True)
        alive += counts["survives"]
    return bool(alive or found.failed)


if __name__ == "__main__":
    sys.exit(main())
