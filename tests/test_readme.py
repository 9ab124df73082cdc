"""The example of README.md runs as it stands and learns what it says."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MOST_LINES = 50


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
    text = README + (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:pybackprop|book)/[\w/.]*)`", text)
    named = [name for name in named if "N" not in name]  # book/NN_name.ipynb stands for any
    linked = re.findall(r"\]\(([\w/.]+)[^)]*\)", text)
    assert len(named) >= 8
    assert len(linked) >= 5
    assert [name for name in (*named, *linked) if not (ROOT / name).exists()] == []


def test_it_fits_one_screen_with_a_picture_of_a_step_and_one_of_a_named_mistake():
    assert len(README.splitlines()) <= MOST_LINES
    pictures = re.findall(r"!\[([^]]+)\]\(([^)]+)\)", README)
    assert [path for _, path in pictures] == [
        "book/_static/stepper.png",
        "book/_static/exercise.png",
    ]
    assert all(len(words) > 20 for words, _ in pictures)
