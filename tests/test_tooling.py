"""The repository's own tools: the lock, the hooks, rounding jitter, the places of make portable."""

import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def requirements(*extras):
    """Return what the package and extras ask for, those of the extras they name included."""
    found = list(PROJECT["project"]["dependencies"])
    for extra in extras:
        for line in PROJECT["project"]["optional-dependencies"][extra]:
            if inner := re.fullmatch(r"pybackprop\[(.*)\]", line):
                found += requirements(*inner[1].split(","))
            else:
                found.append(line)
    return found


def unmet(lock, asked):
    """Return the requirements that no pin of a lock meets."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    pins = re.findall(r"^([\w.-]+)==([\w.!+]+)", lock, re.M)
    bad = []
    for requirement in map(Requirement, asked):
        name = canonicalize_name(requirement.name)
        versions = [v for n, v in pins if canonicalize_name(n) == name]
        if not versions or not all(map(requirement.specifier.contains, versions)):
            bad.append(str(requirement))
    return bad


def unlocked(lock):
    """Return the lines of a lock that pin nothing by hash, or name a place."""
    entries = re.sub(r"\\\n\s*", "", lock).splitlines()
    pin = r"[\w.-]+==[\w.!+]+( ; [\w. <>!='\"()-]+)?( --hash=sha256:[0-9a-f]{64})+"
    return [e for e in entries if not e.startswith("#") and not re.fullmatch(pin, e)]


@pytest.mark.parametrize(("name", "extras"), [("book", ["book"]), ("test", ["book", "test"])])
def test_the_lock_pins_what_is_asked_for_by_hash_and_names_no_place(name, extras):
    lock = (ROOT / f"lock/{name}.txt").read_text(encoding="utf-8")
    asked = requirements(*extras) + PROJECT["dependency-groups"]["build"]
    assert len(asked) > 10
    assert unmet(lock, asked) == []
    assert unlocked(lock) == []
    assert not re.search(r"://|^-|@ |/", re.sub(r"^#.*", "", lock, flags=re.M), re.M)


def test_what_is_built_from_is_in_both_locks_at_the_same_version():
    pins = [
        set(re.findall(r"^\S+==\S+", (ROOT / f"lock/{name}.txt").read_text("utf-8"), re.M))
        for name in ("book", "test")
    ]
    assert pins[0] < pins[1]


def test_a_lock_that_is_behind_or_not_hashed_is_seen():
    digest = "0" * 64
    good = f"numpy==2.4.6 ; python_full_version < '3.12' \\\n    --hash=sha256:{digest}\n"
    assert unmet(good, ["numpy>=2.0"]) == unlocked(good) == []
    assert unmet(good, ["numpy>=2.5", "tqdm"]) == ["numpy>=2.5", "tqdm"]
    for bad in ("numpy==2.4.6", "--index-url https://example.org/simple", "-e ."):
        assert unlocked(bad) == [bad]


def test_the_hooks_run_the_formatter_that_is_locked():
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    (pinned,) = set(re.findall(r"ruff==[\d.]+", hooks))
    assert pinned in PROJECT["project"]["optional-dependencies"]["test"]


def test_actions_are_pinned_by_commit_and_have_least_rights():
    workflows = list((ROOT / ".github/workflows").glob("*.yml"))
    assert workflows
    for path in workflows:
        text = path.read_text(encoding="utf-8")
        used = re.findall(r"uses: (\S+)( # v[\d.]+)?", text)
        assert used
        assert [u for u, v in used if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", u) or not v] == []
        assert re.search(r"^permissions:\n  contents: read\n\n", text, re.M)


def test_only_the_job_that_needs_a_right_to_write_has_it():
    for path in (ROOT / ".github/workflows").glob("*.yml"):
        jobs = re.split(
            r"^  (?=\w+:$)", path.read_text(encoding="utf-8").split("\njobs:\n")[1], flags=re.M
        )
        for job in filter(None, jobs):
            if re.search(r": write$", job, re.M):
                assert "run: bash" not in job
                assert "checkout" not in job


def test_the_citation_has_the_version_of_the_package():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {PROJECT['project']['version']}\n" in citation


PROJECT_FILE = '[project]\nversion = "1.2.3"\n[project.urls]\nRepository = "x"\n'


@pytest.mark.parametrize(
    ("tag", "project", "citation", "changelog", "says"),
    [
        ("v1.2.3", PROJECT_FILE, "\nversion: 1.2.3\n", "## 1.2.3 (2026-12-01)", None),
        ("v1.2.4", PROJECT_FILE, "\nversion: 1.2.3\n", "## 1.2.3 (2026-12-01)", "tag v1.2.3"),
        ("v1.2.3", PROJECT_FILE, "\nversion: 1.2\n", "## 1.2.3 (2026-12-01)", "CITATION"),
        ("v1.2.3", PROJECT_FILE, "\nversion: 1.2.3\n", "## 1.2.3, not released", "CHANGELOG"),
        (
            "v1.2.3",
            PROJECT_FILE[:27],
            "\nversion: 1.2.3\n",
            "## 1.2.3 (2026-12-01)",
            "make address",
        ),
    ],
)
def test_a_release_is_refused_with_the_reason(tag, project, citation, changelog, says):
    wrong = load("tests/release.py").what_is_wrong(tag, project, citation, changelog)
    assert (wrong == []) if says is None else (len(wrong) == 1 and says in wrong[0])


def load(path):
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# Rounding jitter


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.complex128, np.complex64])
def test_jitter_changes_the_last_bits_of_most_results_and_always_the_same_way(dtype):
    disturb = load("tests/jitter/sitecustomize.py").disturbance(1)
    product = np.random.default_rng(0).normal(size=(40, 25)).astype(dtype)
    once, twice = product.copy(), product.copy()
    assert disturb(once) is once
    disturb(twice)
    np.testing.assert_array_equal(once, twice)
    assert (once != product).mean() > 0.5
    np.testing.assert_allclose(once, product, rtol=8 * np.finfo(dtype).eps)
    assert (disturb(product[::2, ::-3].copy()) == once[::2, ::-3]).all()
    other = load("tests/jitter/sitecustomize.py").disturbance(2)(product.copy())
    assert (other != once).any()


def test_jitter_leaves_what_is_exact_on_every_machine():
    disturb = load("tests/jitter/sitecustomize.py").disturbance(1)
    for exact in (0.0, 1.0, -0.5, 11.0, np.inf, np.nan, 1797.0, np.float32(3.0)):
        np.testing.assert_array_equal(disturb(np.array([exact])), [exact])
    assert disturb(3) == 3
    assert disturb(np.float64(1 / 3)) == pytest.approx(1 / 3, rel=1e-15)
    assert type(disturb(np.float64(1 / 3))) is np.float64
    np.testing.assert_array_equal(disturb(np.arange(3)), np.arange(3))


PRODUCTS = """
import sys
import numpy as np, pybackprop as pb
from pybackprop import graph
x = np.random.default_rng(0).normal(size=(6, 5))
net = pb.Network([5, 4, 3], "tanh", "softmax", "cross_entropy", rng=0)
trace = pb.backprop(net, x, pb.one_hot([0, 1, 2, 0, 1, 2], 3))
h = pb.train(net, x, trace.y, optimizer=pb.Adam(0.1), epochs=3, batch_size=4, rng=0)
shown = [trace.z[1], trace.delta[1], trace.grad.theta, net.params.theta]
shown += [np.matmul(x, x.T), np.dot(x, x.T), np.einsum("ij,kj", x, x)]
node = graph.Node([], x)
shown += graph.gradient(np.sum(np.tanh(node @ x.T) @ node), [node])
print([a.ravel().tolist() for a in shown])"""


def test_jitter_reaches_every_product_of_the_package_and_of_numpy():
    def run(seed):
        path = os.pathsep.join([str(ROOT / "tests/jitter"), str(ROOT)])
        env = os.environ | {"PYTHONPATH": path, "JITTER": seed}
        done = subprocess.run(
            [sys.executable, "-c", PRODUCTS], env=env, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    plain, once, again = run(""), run("1"), run("1")
    assert once == again
    for before, after in zip(plain, once, strict=True):
        assert before != after
        np.testing.assert_allclose(after, before, rtol=1e-9, atol=1e-12)


CHAOS = """
X = np.random.default_rng(0).normal(size=(8, 2))
Y = np.sin(3 * X[:, :1])
net = pb.Network([2, 3, 1], hidden="tanh", output="identity", loss="half_sse", rng=0)
pb.train(net, X, Y, optimizer=pb.SGD({rate}), epochs=2000, batch_size=None)
print(f"{{pb.evaluate(net, X, Y):.3e}}")"""


@pytest.mark.slow
def test_a_planted_chaotic_cell_is_caught_and_a_stable_one_is_not(tmp_path):
    import nbclient
    import nbformat

    cells = ["import numpy as np, pybackprop as pb", *(CHAOS.format(rate=r) for r in (0.5, 0.8))]
    cells.append("x = np.array([[0.3]])\nfor _ in range(300): x = 3.9 * x @ (1 - x)\nx.round(3)")
    notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, cells)))
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbclient.NotebookClient(notebook).execute()
    nbformat.write(notebook, tmp_path / "planted.ipynb")
    portable = load("tests/portable.py")
    result = {}
    for name in ("native", "jitter-1"):
        _, result[name] = portable.run(name, [str(tmp_path), "-n0"])
    assert result["native"] == []
    assert [re.search(r"Cell \d", line)[0] for line in result["jitter-1"]] == ["Cell 2", "Cell 3"]


def test_a_place_that_this_machine_is_not_is_skipped_with_the_reason(monkeypatch):
    portable = load("tests/portable.py")
    monkeypatch.setattr(portable, "ask", lambda *_, **__: "Haswell")
    assert portable.kernel("Haswell").variables == {"OPENBLAS_CORETYPE": "Haswell"}
    line, failed = portable.run("SkylakeX", [])
    assert failed == []
    assert "skipped: this processor runs Haswell instead" in line


# make on other machines


FOLDER = "my 反向传播 book"
"""Where people keep a clone: its path has spaces, and letters of their own."""


def make(folder, python=None):
    """Run make in a copy that has no .venv, on a PATH that has this python3 and no other."""
    programs = folder / "bin"
    programs.mkdir(parents=True)
    for name in ("rm", "touch"):
        (programs / name).symlink_to(shutil.which(name))
    if python:
        (programs / "python3").write_text(f"#!/bin/sh\n{python}\n")
        (programs / "python3").chmod(0o755)
    for name in ("Makefile", "pyproject.toml", "lock/book.txt"):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    env = {"PATH": str(programs), "HOME": "/nowhere"}
    command = [shutil.which("make"), "book"]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)


needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="no make on PATH")


@needs_make
@pytest.mark.parametrize("python", [None, "exit 1"])
def test_without_a_python_that_will_do_make_says_which_will(tmp_path, python):
    done = make(tmp_path / FOLDER, python)
    assert done.returncode
    assert "Python 3.11 to 3.14 is needed; none was found on PATH." in done.stdout
    assert "make PYTHON=/path/to/python3.13 book" in done.stdout


@needs_make
def test_without_venv_make_says_what_is_missing_and_leaves_nothing_half_made(tmp_path):
    half = (
        'case $* in *venv*) /bin/mkdir -p .venv/bin; echo "No module named venv" >&2; exit 1;; esac'
    )
    done = make(tmp_path / FOLDER, half)
    assert done.returncode
    assert "No module named venv" in done.stderr
    assert "python3 could not make .venv: see above." in done.stdout
    assert "the package python3-venv is needed" in done.stdout
    assert not (tmp_path / FOLDER / ".venv").exists()


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no signal that is ignored by a parent")
@pytest.mark.parametrize("fixtures", [True, False])
def test_interrupts_reach_training_where_the_run_itself_ignores_them(fixtures):
    """As in `nohup make test`. Without the fixture of conftest.py they would not."""
    pytest_ = "-m pytest -p no:cacheprovider -q tests/test_training.py -k interrupt"
    command = f"trap '' INT; exec {shlex.quote(sys.executable)} {pytest_}"
    done = subprocess.run(
        ["sh", "-c", command if fixtures else command + " --noconftest"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode == 0) == fixtures, done.stdout
    assert re.search(r"\b[3-9] (passed|failed)", done.stdout)


def test_binder_has_a_supported_python_and_what_readers_need():
    """Without a runtime its default is a Python that this package may not support."""
    runtime = (ROOT / ".binder" / "runtime.txt").read_text(encoding="utf-8").strip()
    version = runtime.removeprefix("python-")
    classifiers = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f"Programming Language :: Python :: {version}" in classifiers
    assert "-e .[notebooks]" in (ROOT / ".binder" / "requirements.txt").read_text(encoding="utf-8")
