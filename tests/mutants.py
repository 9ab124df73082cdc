"""Change the package at one place, and its tests fail: what they do not notice is printed.

    python tests/mutants.py [--lines TEXT] [--tests FILE] [NAME ...]
    make mutants NAMES="losses network"

Signs, transposes, comparisons, constants, operands, factors, terms, sums, slices: each change of a
core module is one mutant. It runs in a forked process, with the tests that reach its line: first in
place, its function with other code; then, where that cannot be or nothing was noticed, imported
anew. A mutant that cannot be imported counts for nothing. What no test can notice is in
equivalent.txt, with the reason. The table goes to the standard output, and what survives to the
standard error.
"""

import argparse
import ast
import copy
import gc
import importlib.abc
import importlib.machinery
import importlib.util
import inspect
import os
import pickle
import resource
import signal
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import hypothesis
import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "pybackprop"
EQUIVALENT = Path(__file__).with_name("equivalent.txt")
SECONDS = 30
"""So much longer, and ten times its own time, no test may take: it hangs, and that is noticed."""

PYTEST = ("-c", "pyproject.toml", "-o", "addopts=--import-mode=importlib", "--assert=plain")
PLUGINS = ("no:cacheprovider", "no:terminal", "no:faulthandler", "no:unraisableexception")
OF_EVERY_MODULE = "test_records.py"
"""It looks at all classes, and runs no line of theirs."""
NOT_OF_THE_CORE = {f"test_{name}.py" for name in ("mutations", "package", "readme", "tooling")}

SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip
NAMES = {"sum": "mean", "mean": "sum", "maximum": "minimum", "minimum": "maximum", "max": "min",
         "min": "max", "any": "all", "all": "any"}  # fmt: skip
UFUNCS = {"add": "subtract", "subtract": "add", "multiply": "divide", "divide": "multiply",
          "negative": "positive", "greater": "greater_equal"}  # fmt: skip
"""Signs and factors of what is written as calls on arrays made once."""


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
    elif isinstance(node, ast.Attribute) and ast.unparse(node.value) == "np":
        if node.attr in UFUNCS:
            yield changed(node, attr=UFUNCS[node.attr])
    elif isinstance(node, ast.Name) and node.id in UFUNCS and isinstance(node.ctx, ast.Load):
        yield ast.Attribute(ast.Name("np", ast.Load()), UFUNCS[node.id], ast.Load())
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


class SameExamples:
    """A pytest plugin: each run draws the same examples, and none looks for a simpler one."""

    def pytest_configure(self) -> None:
        phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
        hypothesis.settings.register_profile(
            "mutants", hypothesis.settings.default, derandomize=True, phases=phases
        )
        hypothesis.settings.load_profile("mutants")


def pytest_run(arguments: Sequence[str], plugins: Sequence[object] = ()) -> int:
    flags = [word for name in PLUGINS for word in ("-p", name)]
    return int(pytest.main([*PYTEST, *flags, *arguments], plugins=[SameExamples(), *plugins]))


def name_of(item: pytest.Item) -> str:
    """Return what pytest.main takes; an id of pytest's has no path outside of the repository."""
    return f"{item.path}::{item.nodeid.partition('::')[2]}"


def file_of(test: str) -> str:
    return test.partition("::")[0]


def in_a_function(code: CodeType) -> bool:
    """Return whether code runs when it is called, and not when its module is imported."""
    return bool(code.co_flags & inspect.CO_OPTIMIZED)


def tracer(note: Callable[[str, int], object]) -> Any:
    """Return what sys.settrace takes to note each line that a function of the core runs."""
    names = {str(path): name for name, path in modules().items()}

    def trace(frame: Any, event: str, _: Any) -> Any:
        module = names.get(frame.f_code.co_filename)
        if module is None or not in_a_function(frame.f_code):
            return None
        note(module, frame.f_lineno)
        return trace

    return trace


class Reach:
    """A pytest plugin that notes which tests run which lines of the core, and for how long."""

    KEPT = ("tests", "seconds", "failed", "at_import")

    def __init__(self) -> None:
        self.failed: set[str] = set()
        self.tests: dict[tuple[str, int], set[str]] = defaultdict(set)
        self.seconds: dict[str, float] = {}
        self.names: dict[str, str] = {}
        self.at_import: set[tuple[str, int]] = set()

    def import_all(self) -> None:
        """Note what runs already then: a change there may be one that cannot be imported."""
        sys.settrace(tracer(lambda *line: self.at_import.add(line)))
        for module in modules():
            importlib.import_module(f"pybackprop.{module}")
        sys.settrace(None)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        name = self.names[item.nodeid] = name_of(item)
        sys.settrace(tracer(lambda *line: self.tests[line].add(name)))
        try:
            return (yield)
        finally:
            sys.settrace(None)

    def of(self, mutant: Mutant) -> list[str]:
        """Return the tests that reach a mutant's lines, those beside its module first.

        Of each test function one case comes before any other: they differ most.

        What runs when a module is imported is reached by none of them: then those of every file in
        which one reaches the module.
        """
        module = mutant.module
        near = {t for line in mutant.lines for t in self.tests.get((module, line), ())}
        beside = (f"test_{module.partition('.')[0]}.py", OF_EVERY_MODULE)
        if not near:
            reaching = {t for (m, _), tests in self.tests.items() if m == module for t in tests}
            files = {file_of(t) for t in reaching}
            near = {
                t for t in self.seconds if file_of(t) in files or Path(file_of(t)).name in beside
            }
        cases: Counter[str] = Counter()

        def place(test: str) -> tuple[bool, int, float]:
            cases[function := test.partition("[")[0]] += 1
            return Path(file_of(test)).name not in beside, cases[function], self.seconds[test]

        return sorted(sorted(near - self.failed, key=lambda t: (self.seconds[t], t)), key=place)

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
    """Import a mutant anew, and run its tests, the shortest first; this process is its own."""
    signal.alarm(SECONDS)  # until the first test
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
Work = list[tuple[Mutant, list[str]]]


def judge_all(
    work: Work, judge: Callable[[Mutant, list[str]], str]
) -> Iterator[tuple[Mutant, str]]:
    """Judge mutants side by side, each in a process that is forked for it."""
    running: dict[int, Mutant] = {}
    waiting = list(reversed(work))
    while waiting or running:
        if waiting and len(running) < (os.cpu_count() or 1):
            mutant, tests = waiting.pop()
            if (pid := os.fork()) == 0:
                os.setpgid(0, 0)
                null = os.open(os.devnull, os.O_RDWR)
                for stream in (0, 1, 2):
                    os.dup2(null, stream)
                resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
                code = len(VERDICTS)
                try:
                    code = VERDICTS.index(judge(mutant, tests))
                finally:
                    os._exit(code)
            running[pid] = mutant
        else:
            pid, status = os.wait()
            with suppress(ProcessLookupError):  # what its tests started, and it could not end
                os.killpg(pid, signal.SIGKILL)
            code = os.waitstatus_to_exitcode(status)
            if code == len(VERDICTS):
                raise RuntimeError(f"an error of ours, not of a test: {running[pid].name}")
            verdict = VERDICTS[code] if 0 <= code < len(VERDICTS) else "caught"  # it hung, or died
            yield running.pop(pid), verdict


def differing(old: CodeType, new: CodeType) -> list[tuple[CodeType, CodeType]] | None:
    """Return the functions whose code differs; None where what runs at import does, too.

    >>> before, after = (compile(f"def f(): return {n}", "", "exec") for n in (1, 2))
    >>> [(one.co_name, two.co_consts) for one, two in differing(before, after)]
    [('f', (None, 2))]
    >>> differing(before, compile("def f(n=1): return 1", "", "exec")) is None
    True
    """
    if old == new:
        return []
    if in_a_function(old):
        return [(old, new)]
    if (old.co_code, old.co_names) != (new.co_code, new.co_names):
        return None
    found = []
    for one, two in zip(old.co_consts, new.co_consts, strict=True):
        if isinstance(one, CodeType) and isinstance(two, CodeType):
            if (inner := differing(one, two)) is None:
                return None
            found += inner
        elif repr(one) != repr(two):
            return None
    return found


class InPlace:
    """A pytest plugin that collects all tests once, and judges mutants in place of running them.

    A function goes on under its name wherever it is known, with the mutant's code.
    """

    def __init__(self, work: Work, seconds: dict[str, float]) -> None:
        self.work, self.limits = work, Limits(seconds)
        self.caught: set[str] = set()

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        session.config.pluginmanager.register(self.limits)
        session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]  # one for all
        items = {name_of(item): item for item in session.items}
        self.functions: dict[CodeType, list[FunctionType]] = defaultdict(list)
        for thing in gc.get_objects():
            if type(thing) is FunctionType:  # some objects answer isinstance with a warning
                self.functions[thing.__code__].append(thing)
        gc.freeze()  # what is forked shares it

        def judge(mutant: Mutant, tests: list[str]) -> str:
            if not self.put(mutant):
                return "survives"
            chosen = [items[test] for test in tests]
            for item, following in zip(chosen, [*chosen[1:], None], strict=True):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                if self.failed:
                    return "caught"
            return "survives"

        self.failed = False
        for mutant, verdict in judge_all(self.work, judge):
            if verdict == "caught":
                self.caught.add(mutant.name)
        return True

    def put(self, mutant: Mutant) -> bool:
        """Give the functions of a mutant their new code, or say that there are none."""
        path = modules()[mutant.module]
        old, new = (
            compile(source, str(path), "exec", dont_inherit=True)
            for source in (path.read_bytes(), mutant.tree(path))
        )
        pairs = differing(old, new) or []
        if not pairs or not all(self.functions.get(one) for one, _ in pairs):
            return False
        for one, two in pairs:
            for function in self.functions[one]:
                function.__code__ = two
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed = self.failed or report.failed


def caught_in_place(work: Work, seconds: dict[str, float]) -> set[str]:
    """Return the names of the mutants that tests notice in place."""
    files = sorted({file_of(test) for _, tests in work for test in tests})
    if not files:
        return set()
    plugin = InPlace(work, seconds)
    with tempfile.TemporaryFile() as file:
        if (pid := os.fork()) == 0:
            pytest_run(["-s", *files], [plugin])
            file.write(pickle.dumps(plugin.caught))
            file.flush()
            os._exit(0)
        os.waitpid(pid, 0)
        file.seek(0)
        caught: set[str] = pickle.loads(file.read())
    return caught


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
            plugin.import_all()
            pytest_run(list(map(str, files)), [plugin])
            known = (*(getattr(plugin, name) for name in plugin.KEPT), libraries())
            file.write(pickle.dumps(known))
            file.flush()
            os._exit(0)
        os.waitpid(pid, 0)
        file.seek(0)
        *known, names = pickle.loads(file.read())
    vars(plugin).update(zip(plugin.KEPT, known, strict=True))
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
    if strange := set(asked.names) - set(modules()):
        parser.error(f"no module of the core: {', '.join(strange)}")
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # most of a mutant's time is pytest's start
    files = asked.tests and [path.resolve() for path in asked.tests]
    os.chdir(ROOT)
    every = sorted(Path("tests").glob("test_*.py"))
    found = reach(files or [path for path in every if path.name not in NOT_OF_THE_CORE])
    known = equivalent()
    alive = 0
    work: dict[str, Work] = {}
    for module in asked.names or modules():
        text = modules()[module].read_text(encoding="utf-8").splitlines()
        work[module] = []
        for mutant in mutants(module):
            if asked.lines not in text[mutant.lines[0] - 1]:
                continue
            work[module].append((mutant, found.of(mutant)))
    quick = [
        (mutant, tests)
        for mutant, tests in (pair for pairs in work.values() for pair in pairs)
        if mutant.name not in known
        and found.at_import.isdisjoint((mutant.module, line) for line in mutant.lines)
    ]
    caught = caught_in_place(quick, found.seconds)
    print("| module | mutants | caught | equivalent | survive |\n|---|--:|--:|--:|--:|", flush=True)
    for module, pairs in work.items():
        names = {mutant.name for mutant, _ in pairs}
        counts = Counter(caught=len(names & caught), equivalent=len(names & set(known)))
        rest = [pair for pair in pairs if pair[0].name not in caught | set(known)]
        for mutant, verdict in judge_all(rest, lambda m, tests: judge(m, tests, found.seconds)):
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
