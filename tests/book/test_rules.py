"""Each rule sees a violation that is planted for it, and is content without."""

import copy

import claims
import pytest
import rules
from paths import BOOK

FIRST = "import pybackprop as pb"


def markdown(source, name="text"):
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": source}


def code(source, name="code", tags=(), outputs=(), count=1):
    return {
        "cell_type": "code",
        "id": name,
        "metadata": {"tags": list(tags)},
        "source": source,
        "execution_count": count,
        "outputs": list(outputs),
    }


def printed(text, name="stdout"):
    return {"output_type": "stream", "name": name, "text": text}


def displayed(**data):
    bundle = {kind.replace("_", "/", 1): value for kind, value in data.items()}
    return {"output_type": "display_data", "data": bundle, "metadata": {}}


GOOD = {
    "metadata": {"kernelspec": {"name": "python3"}},
    "cells": [
        markdown(
            "# Title\n\nThe loss is $0.4125$, of 1,797 pictures, $a < b$. <br>\n\n"
            "**Time:** about 5 minutes. **You need:** nothing.",
            "title",
        ),
        code(FIRST, "setup"),
        markdown(
            "$$\\textcolor{#b05506}{\\delta^{[l]}} = z \\tag{BP2}$$\n\n"
            "$$\n\\begin{aligned} a &= b \\\\ c &= d \\end{aligned}\n$$\n\n"
            "> **Note.** See [the next](04_x.ipynb#part).\n\n"
            "<details><summary>Why</summary>\n\nSo.\n\n</details>\n\n"
            "```python\nx = {'a': 1.2345}\n```",
            "equation",
        ),
        code(
            'pb.verify("BP2", a, b)',
            "bp2",
            ["check-BP2"],
            [printed("BP2: largest error 2.2e-16\n")],
        ),
        code("loss", "loss", outputs=[displayed(text_plain="0.4125 (1797 pictures)")]),
    ],
}


def planted(**changes):
    """Return the good notebook with some of a cell's fields replaced: name={"source": ...}."""
    notebook = copy.deepcopy(GOOD)
    for cell in notebook["cells"]:
        cell.update(changes.get(cell["id"], {}))
    return notebook


def with_text(text):
    return planted(title={"source": text})


TIME = "**Time:** about {} minutes{}. **You need:** [chapter 1](01_x.ipynb).\n\n"
BREAK = ", in two sittings: the second begins at [B, *b*](#b-b)"


def lasting(said, first=1, second=0):
    """Return a page that says how long it takes; its two sections take so many minutes."""
    sections = [markdown("word " * 100 * n, f"part-{n}") for n in (first, second)]
    sections[1]["source"] = f"## B, *b*\n\n{sections[1]['source']}"
    quick = code("x = 1", "quick", ["hide-input"])
    return {**GOOD, "cells": [markdown(f"# Title\n\n{said}", "title"), quick, *sections]}


CHECKS = {
    "stored": rules.outputs_are_stored,
    "clean": rules.outputs_are_clean,
    "stable": rules.metadata_is_stable,
    "first": lambda notebook: rules.first_cell_is(notebook, FIRST),
    "fit": rules.lines_fit,
    "plain": rules.markdown_is_plain,
    "colors": lambda notebook: rules.role_colors_only(notebook, {"#b05506"}),
    "equations": rules.equations_are_checked,
    "numbers": lambda notebook: rules.numbers_are_computed(notebook, {"784"}),
    "sittings": rules.sittings_are_short,
}

PLANTED = [
    ("stored", planted(loss={"execution_count": None}), "not executed"),
    ("stored", planted(loss={"outputs": []}, bp2={"outputs": []}), "no cell has an output"),
    ("stored", planted(bp2={"outputs": []}), "no output is stored"),
    (
        "clean",
        planted(loss={"outputs": [{"output_type": "error", "ename": "NameError"}]}),
        "NameError",
    ),
    ("clean", planted(loss={"outputs": [printed("careful", "stderr")]}), "stderr"),
    (
        "clean",
        planted(loss={"outputs": [displayed(**{"application_vnd.jupyter.widget-view+json": {}})]}),
        "widget",
    ),
    ("clean", planted(loss={"outputs": [printed("<Net at 0x7f3a2b1c>")]}), "memory address"),
    ("clean", planted(loss={"outputs": [printed("saved to /home/ada/x.npz")]}), "a path"),
    ("stable", planted(loss={"id": "bp2"}), "occurs 2 times"),
    ("stable", planted(loss={"id": "1f0c9a2b"}), "names nothing"),
    (
        "stable",
        planted(loss={"metadata": {"execution": {"iopub.status.busy": "x"}}}),
        "time of exec",
    ),
    ("stable", {**GOOD, "metadata": {"kernelspec": {"name": "conda"}}}, "conda"),
    ("first", planted(setup={"source": FIRST + "\nimport os"}), "differs"),
    ("fit", planted(setup={"source": FIRST + "  # " + 56 * "x"}), "83 letters"),
    ("fit", planted(loss={"outputs": [printed(83 * "x")]}), "83 letters"),
    ("fit", planted(loss={"outputs": [printed(82 * "x" + "\n" + 82 * "x")]}), None),
    ("plain", with_text(":::{note}\nx\n:::"), "a directive"),
    ("plain", with_text("```{note}\nx\n```"), "a directive"),
    ("plain", with_text("see {eq}`BP2`"), "a role"),
    ("plain", with_text("(part)=\n## Part"), "a label"),
    ("plain", with_text("$$\na = b\n$$ (eq-a)"), "labelled equation"),
    ("plain", with_text(r"so \(a\) is"), "math in"),
    ("plain", with_text("![a plot](plot.png)"), "a picture"),
    ("plain", with_text("<div>x</div>"), "<div>"),
    ("plain", with_text("so $$a = b$$ holds"), "inside a line"),
    ("plain", with_text("$$\na = b \\\\ c = d \\tag{X1}\n$$"), "several lines"),
    ("colors", with_text(r"$\textcolor{red}{\delta}$"), "red"),
    ("equations", planted(bp2={"metadata": {"tags": []}}), "no cell is tagged check-BP2"),
    ("equations", planted(equation={"source": "$$a = b$$"}), "no equation has"),
    ("equations", planted(bp2={"outputs": []}), "no line 'BP2"),
    ("equations", planted(bp2={"outputs": [printed("BP1: largest error 1e-16")]}), "no line 'BP2"),
    ("equations", with_text(r"$$a = b \tag{BP2}$$"), "stands 2 times"),
    ("equations", planted(loss={"metadata": {"tags": ["check-BP2"]}}), "two cells"),
    ("numbers", with_text("it falls to 0.4126"), "0.4126"),
    ("numbers", with_text("it falls to 0.41"), None),
    ("numbers", with_text("of 784 pixels, in 2014, by note-004, at 100"), None),
    ("numbers", with_text("of $1{,}797$ or 1797 pictures"), None),
    ("numbers", with_text("since 1986, or 2026"), None),
    ("numbers", with_text("by a factor of 2048"), "2048 stands in no output"),
    ("numbers", with_text("of 1,798 pictures"), "1798"),
    ("numbers", with_text("is $1.234 \\times 10^{-5}$"), "1.234"),
    ("sittings", with_text("# Title"), "has no '**Time:**"),
    ("sittings", lasting(TIME.format(60, ""), 60), None),
    ("sittings", lasting(TIME.format(70, ""), 66), "70 minutes in 1 sittings; at most 60"),
    ("sittings", lasting(TIME.format(130, BREAK), 60, 64), "130 minutes in 2 sittings"),
    ("sittings", lasting(TIME.format(110, BREAK), 60, 50), None),
    ("sittings", lasting(TIME.format(110, BREAK), 35, 75), "takes a slow reader 75 minutes"),
    ("sittings", lasting(TIME.format(60, ""), 100), "a slow reader takes 100"),
    ("sittings", lasting(TIME.format(110, BREAK.replace("#b", "#c")), 60, 50), "but 1 links"),
    ("sittings", lasting(TIME.format(110, BREAK.split(":")[0] + ": x"), 60, 50), "but 0 links"),
    ("numbers", with_text("for $(1,2,3)$ see [12.345](https://x.org/12.345)"), "12.345"),
]


@pytest.mark.parametrize("extras", ["", "[plots]", "==0.1.0"])
def test_installing_by_name_is_seen(extras):
    for words in (
        f"%pip install -q {{}}pybackprop{extras}",
        f"uv pip install {{}}pybackprop{extras}",
    ):
        for quote in ("", '"', "'"):
            bare = words.format(quote) + quote
            assert rules.installs_by_name(f"First\n{bare}\n") == [bare]
    good = "pip install 'pybackprop[plots] @ https://example.org/x.whl'"
    assert rules.installs_by_name(f"{good}\npip install -e .\npip install anywidget\n") == []


@pytest.mark.parametrize("rule", CHECKS)
def test_a_good_notebook_breaks_no_rule(rule):
    assert CHECKS[rule](GOOD) == []


@pytest.mark.parametrize(("rule", "notebook", "says"), PLANTED)
def test_a_planted_violation_is_seen(rule, notebook, says):
    broken = CHECKS[rule](notebook)
    if says is None:
        assert broken == []
    else:
        assert any(says in line for line in broken), broken


def claim(words, *named, shown="wins on 8 of 10 seeds, loss 0.4125"):
    """Return what the rule Claims finds in a cell with these words that names these cells."""
    cell = markdown(words, "claim")
    if named:
        cell["metadata"]["from"] = list(named)
    run = code(
        "for seed in range(10): print(f'{run(rate=0.03):12}')", "run", outputs=[printed(shown)]
    )
    silent = code("rates = 0.1, 0.3", "rates")
    there = {"cells": [markdown("$$a = b \\tag{OP9}$$", "equation"), run]}
    return claims.claims_name_their_cells(
        {"cells": [cell, silent]}, {"other.ipynb": there}, {"references.md#training"}
    )


CLAIMS = [
    "Momentum wins on 8 of 10 seeds.",
    "Eight of ten starts learn.",
    "That is 86 % of the test set.",
    "That is $86\\,\\%$ of it.",
    "It learns with every seed.",
    "Both learn, from all ten starts.",
    "The step is ten times as long.",
    "The error is 100 times smaller.",
    "Adam is twice as fast as SGD.",
    "It takes 506 steps.",
    "Adam is 3.4 seconds faster.",
    "The loss falls from 2.30 to 2.29.",
    "> **Predict.** Three of the five\n> runs fail. Which?",
    "- **Adam** wins at 0.01.",
]


@pytest.mark.parametrize("words", CLAIMS)
def test_a_claim_without_its_cell_is_seen(words):
    (found,) = claim(f"First a sentence. {words}" if words[0] not in ">-" else words)
    assert found.startswith("claim: names no cell")


@pytest.mark.parametrize(
    "words",
    [
        "Does momentum win on 8 of 10 seeds?",
        "### 8 of 10 seeds",
        "```python\n8 of 10 seeds\n```",
        "$$8 \\% = 0.08$$",
        "One of the three terms is gone. The weights start at 0. Layer 2 comes later.",
        "See [the next](09_when_learning_stalls.ipynb), with step 3.",
    ],
)
def test_what_claims_nothing_needs_no_cell(words):
    assert claim(words) == []


@pytest.mark.parametrize(
    ("words", "named", "says"),
    [
        ("It wins on 8 of 10 seeds.", ["gone"], "'gone' is no code cell, equation"),
        ("It wins on 8 of 10 seeds.", ["claim"], "'claim' is no code cell"),
        ("It wins on 8 of 10 seeds.", ["rates"], "rates shows nothing"),
        ("It wins on 9 of 10 seeds.", ["run"], "9 stands in none of run"),
        ("It wins on $9$ of 10 seeds.", ["run"], "9 stands in none of run"),
        ("It wins on nine of ten seeds.", ["run"], "9 stands in none of run"),
        ("It wins from all twelve starts.", ["run"], "12 stands in none of run"),
        ("On 42 % the loss falls to 0.41.", ["run"], "42% stands in none"),
        ("It takes 506 steps.", ["run"], "506 stands in none"),
    ],
)
def test_a_claim_that_its_cell_does_not_bear_is_seen(words, named, says):
    found = claim(words, *named)
    assert any(says in line for line in found), found


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("It wins on 8 of 10 seeds, eight of ten, at rate 0.03.", ["run"]),
        ("The loss falls to 0.41, by 41 %.", ["run"]),
        ("With a rate of 0.3 it learns from all 10 starts.", ["run", "rates"]),
        ("With $\\eta = 0.5$ it falls by 0.5 with every seed.", ["run"]),
        ("The rate is 77 times as large.", ["OP9"]),
        ("They saw it in 77 % of their runs.", ["references.md#training"]),
        ("Say that 77 % fall ill.", ["premise of the question"]),
    ],
)
def test_a_claim_that_stands_on_what_it_names_is_seen_as_such(words, named):
    assert claim(words, *named) == []


def test_a_claim_notices_that_its_cell_has_changed():
    assert claim("It wins on 8 of 10 seeds.", "run", shown="wins on 7 of 10 seeds") == [
        "claim: 8 stands in none of run: 'It wins on 8 of 10 seeds.'"
    ]


def test_what_is_no_list_names_nothing():
    cell = markdown("It learns with every seed.", "claim")
    cell["metadata"]["from"] = "run"
    (found,) = claims.claims_name_their_cells({"cells": [cell]}, {}, set())
    assert "not a list" in found


def test_headings_are_read():
    assert "references.md#training-and-what-stalls-it" in claims.headings_of(BOOK / "references.md")


def test_constants_are_read(tmp_path):
    path = tmp_path / "constants.txt"
    path.write_text("# comment\n784 pixels\n\n0.999 beta2\n", encoding="utf-8")
    assert rules.read_constants(path) == {"784", "0.999"}


@pytest.mark.parametrize(
    ("number", "count"), [("0.0012", 2), ("100", 1), ("1797", 4), ("0.120", 3), ("1.5e-8", 2)]
)
def test_significant_digits(number, count):
    assert rules.significant_digits(number) == count


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("A hidden neuron", "'neuron': the book's word is 'unit'"),
        ("two Neurons", "'Neurons'"),
        ("a layer of relus", "'ReLU'"),
        ("relu's kink", "'ReLU'"),
        ("it is over-fitted", "'overfitting'"),
        ("one example a row", "'per'"),
        ("one bias\na layer", "'per'"),
        ("add over the ways", "'path'"),
        ("a way around the block", "'path'"),
        ("where ways meet", "'path'"),
        ("two ways to the loss", "'path'"),
    ],
)
def test_another_word_for_the_same_thing_is_seen(words, says):
    (found,) = rules.one_word_for_one_thing(f"First. {words}, then.")
    assert says in found


@pytest.mark.parametrize(
    "words",
    [
        "A **unit** (other books say *neuron*) takes some numbers",
        "`relu` and <code>relu</code>, `one_neuron(x)`, $\\text{relu}(z)$",
        "the way back, on the way, two ways to write it, Six ways to start",
        "a column times a row, an index may name a row twice",
        "one per row; ReLU; overfitting; the exercise 'relu'",
    ],
)
def test_the_books_own_words_are_seen_as_such(words):
    assert rules.one_word_for_one_thing(words) == []
