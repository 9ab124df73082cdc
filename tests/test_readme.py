"""The example of README.md runs as it stands and learns what it says."""

import re
from pathlib import Path

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_example_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", README, re.S)
    space: dict = {}
    exec(code, space)
    assert space["history"].reason == "loss below 0.01"
    assert (space["pb"].predict(space["net"], space["X"]).round() == space["Y"]).all()
    loaded = space["pb"].load(tmp_path / "xor.npz")
    assert (loaded.net.params.theta == space["net"].params.theta).all()


def test_named_files_exist():
    root = Path(__file__).parents[1]
    named = re.findall(r"`((?:pybackprop|book)/[\w/.]*)`", README)
    assert len(named) >= 8
    assert [name for name in named if not (root / name).exists()] == []
