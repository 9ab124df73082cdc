"""The rules for the sources of the book: each function takes a notebook, returns what breaks it."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

Notebook = dict[str, Any]

TAG = re.compile(r"\\tag\{([^{}]*)\}")
DISPLAY = re.compile(r"\$\$(.+?)\$\$", re.DOTALL)
NUMBER = re.compile(
    r"(?<![\w.])(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:e[+-]?\d+)?(?!\w)", re.IGNORECASE
)
HTML_TAGS = {"details", "summary", "br", "sub", "sup"}


def cells(notebook: Notebook, kind: str) -> list[dict[str, Any]]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == kind]


def source(cell: dict[str, Any]) -> str:
    return text(cell["source"])


def text(value: str | list[str]) -> str:
    return value if isinstance(value, str) else "".join(value)


def tags(cell: dict[str, Any]) -> list[str]:
    return cell["metadata"].get("tags", [])


def prose(notebook: Notebook) -> str:
    """Return the Markdown of a notebook without its code."""
    joined = "\n\n".join(source(cell) for cell in cells(notebook, "markdown"))
    joined = re.sub(r"^(```|~~~).*?^\1", "", joined, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"`[^`\n]*`", "", joined)


def shown(cell: dict[str, Any]) -> str:
    """Return what a cell shows as text: printed, plain, and HTML without its scripts and tags."""
    parts = []
    for output in cell["outputs"]:
        data = output.get("data", {})
        html = re.sub(
            r"<(script|style)\b.*?</\1>", " ", text(data.get("text/html", "")), flags=re.S
        )
        parts += [text(output.get("text", "")), re.sub(r"<[^>]*>", " ", html)]
        parts += [text(data.get(kind, "")) for kind in ("text/plain", "text/markdown")]
    return "\n".join(parts)


# Outputs


def outputs_are_stored(notebook: Notebook) -> list[str]:
    """Strict comparison passes by itself where nothing is stored: every cell has been executed."""
    code = [cell for cell in cells(notebook, "code") if source(cell).strip()]
    broken = [f"{cell['id']}: not executed" for cell in code if not cell["execution_count"]]
    if not any(cell["outputs"] for cell in code):
        broken.append("no cell has an output; run: make refresh")
    for cell in code:
        if re.search(r"^(print|verify|pb\.verify)\(", source(cell), re.M) and not cell["outputs"]:
            broken.append(f"{cell['id']}: prints, and no output is stored; run: make refresh")
    return broken


def outputs_are_clean(notebook: Notebook) -> list[str]:
    """No errors, warnings, widget views, memory addresses or paths of one machine."""
    broken = []
    for cell in cells(notebook, "code"):
        for output in cell["outputs"]:
            if output["output_type"] == "error":
                broken.append(f"{cell['id']}: an error, {output['ename']}")
            if output.get("name") == "stderr":
                broken.append(f"{cell['id']}: text on stderr")
            kinds = [kind for kind in output.get("data", {}) if "widget" in kind]
            broken += [f"{cell['id']}: {kind}; run: make refresh" for kind in kinds]
        for pattern, what in (
            (r"\b0x[0-9a-f]{6,}", "a memory address"),
            (r"(?<![\w.])/(home|root|tmp|work|usr|Users|opt|var|content)/|\b[A-Z]:\\", "a path"),
        ):
            if match := re.search(pattern, shown(cell)):
                broken.append(f"{cell['id']}: {what}, {match[0]}")
    return broken


def metadata_is_stable(notebook: Notebook) -> list[str]:
    """Cells have ids that people gave, and executing again changes nothing in the file."""
    ids = [cell.get("id", "") for cell in notebook["cells"]]
    broken = [f"the id {i} occurs {n} times" for i, n in Counter(ids).items() if n > 1]
    random = r"[0-9a-f]{8}(-[0-9a-f]{4}){0,3}(-[0-9a-f]{12})?"
    broken += [f"the id {i!r} names nothing" for i in ids if not i or re.fullmatch(random, i)]
    timed = [cell["id"] for cell in notebook["cells"] if "execution" in cell["metadata"]]
    broken += [f"{i}: the time of execution is stored; run: make refresh" for i in timed]
    kernel = notebook["metadata"].get("kernelspec", {}).get("name")
    return broken + ([f"the kernel is {kernel!r}, not 'python3'"] if kernel != "python3" else [])


def first_cell_is(notebook: Notebook, expected: str) -> list[str]:
    """The first code cell is the one that belongs to the address in pyproject.toml."""
    first = next((source(cell) for cell in cells(notebook, "code")), "")
    return [] if first == expected else [f"the first code cell differs; run: make address\n{first}"]


def installs_by_name(words: str) -> list[str]:
    """On a package index the name may be anybody's: whoever installs it names an address."""
    lines = [line for line in words.splitlines() if re.search(r"\bpip3?\b.*\binstall\b", line)]
    return [line for line in lines if re.search(r"[\s\"']pybackprop(?![\w./-]|[^\"']* @ )", line)]


def lines_fit(notebook: Notebook) -> list[str]:
    """Code and printed text fit on a page of the book without scrolling: 82 letters a line."""
    broken = []
    for cell in cells(notebook, "code"):
        printed = [text(output.get("text", "")) for output in cell["outputs"]]
        for line in "\n".join([source(cell), *printed]).splitlines():
            if len(line) > 82:
                broken.append(f"{cell['id']}: {len(line)} letters, {line!r}")
    return broken


# Markdown


def markdown_is_plain(notebook: Notebook) -> list[str]:
    """Only what reads well in the built book, in JupyterLab and in Colab."""
    broken = []
    for cell in cells(notebook, "markdown"):
        code_free = prose({"cells": [cell]})
        for pattern, what in (
            (r"^\s*(:{3,}|(`{3,}|~{3,})\{)", "a directive"),
            (r"\{[a-z:.-]+\}(?=`)", "a role"),
            (r"^\([\w-]+\)=\s*$", "a label"),
            (r"\$\$\s*\([\w-]+\)\s*$", "a labelled equation"),
            (r"\\[()\[\]]", "math in \\( or \\["),
            (r"!\[[^\]]*\]\(", "a picture (draw it in a code cell, with its alternative text)"),
        ):
            where = (
                source(cell) if what in {"a directive", "a role"} else DISPLAY.sub("", code_free)
            )
            if what == "a labelled equation":
                where = code_free
            if match := re.search(pattern, where, re.MULTILINE):
                broken.append(f"{cell['id']}: {what}, {match[0].strip()!r}")
        words = re.sub(r"\$[^$]*\$", "", DISPLAY.sub("", code_free))
        for name in re.findall(r"</?([A-Za-z][\w-]*)[^<>]*>", words):
            if name.lower() not in HTML_TAGS and not name.startswith("http"):
                broken.append(f"{cell['id']}: HTML, <{name}>")
        for formula in DISPLAY.findall(code_free):
            if TAG.search(formula) and (r"\\" in formula or r"\begin" in formula):
                broken.append(f"{cell['id']}: a tag in a formula of several lines")
        lines = code_free.splitlines()
        stray = [line for line in lines if "$$" in line and not re.match(r"[>\s]*\$\$", line)]
        broken += [f"{cell['id']}: $$ inside a line, {line.strip()!r}" for line in stray]
    return broken


def role_colors_only(notebook: Notebook, colors: set[str]) -> list[str]:
    """A color in a formula is the light color of a role; the page turns it for dark ones."""
    used = re.findall(r"\\(?:text)?color\{([^{}]*)\}", prose(notebook))
    return [f"the color {c} of a formula is no role's" for c in sorted(set(used) - colors)]


# The rule Equations


def equations_are_checked(notebook: Notebook) -> list[str]:
    """Each tag has one equation and one cell, and the cell has printed its error."""
    equations = Counter(
        tag for formula in DISPLAY.findall(prose(notebook)) for tag in TAG.findall(formula)
    )
    checks: dict[str, dict[str, Any]] = {}
    broken = [f"the tag {tag} stands {n} times" for tag, n in equations.items() if n > 1]
    for cell in cells(notebook, "code"):
        for tag in (t.removeprefix("check-") for t in tags(cell) if t.startswith("check-")):
            if tag in checks:
                broken.append(f"two cells are tagged check-{tag}")
            checks[tag] = cell
    broken += [
        f"equation {tag}: no cell is tagged check-{tag}" for tag in equations if tag not in checks
    ]
    for tag, cell in checks.items():
        if tag not in equations:
            broken.append(f"{cell['id']}: tagged check-{tag}, but no equation has \\tag{{{tag}}}")
        elif not re.search(rf"^{re.escape(tag)}: largest error \d", shown(cell), re.MULTILINE):
            broken.append(f"{cell['id']}: its output has no line '{tag}: largest error ...'")
    return broken


# The rule Numbers


def significant_digits(number: str) -> int:
    """Count digits as written; zeros at the end of a whole number do not count."""
    mantissa = number.lower().split("e")[0].replace(",", "")
    digits = mantissa.replace(".", "").lstrip("0")
    return len(digits if "." in mantissa else digits.rstrip("0"))


def numbers_in(words: str) -> set[str]:
    r"""Return the numbers of a text, without thousands separators: 1,797 and 1{,}797 are 1797."""
    words = words.replace("{,}", ",").replace(r"\,", "").replace("\N{NARROW NO-BREAK SPACE}", "")
    found = {number.replace(",", "").lower() for number in NUMBER.findall(words)}
    return found | {number.split("e")[0] for number in found}


def numbers_are_computed(notebook: Notebook, constants: set[str]) -> list[str]:
    """A number with three significant digits or more also stands in an output, digit by digit."""
    words = re.sub(r"\]\([^)]*\)|<https?:[^>]*>|https?://\S+", "] ", prose(notebook))
    words = re.sub(r"\\(?:text)?color\{[^{}]*\}|\\tag\{[^{}]*\}", " ", words)
    words = re.sub(r"\b(?:note-\d+|(?:19\d\d|20[0-2]\d))\b", " ", words)  # a source's name, a year
    known = constants | numbers_in("\n".join(shown(cell) for cell in cells(notebook, "code")))
    said = {n for n in numbers_in(words) if significant_digits(n) >= 3}
    return [f"{n} stands in no output" for n in sorted(said - known)]


def read_constants(path: Path) -> set[str]:
    """Read a list of constants: on each line a number, then what it is."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return {line.split()[0] for line in lines if line.strip() and not line.startswith("#")}


# The rule Time

WORD, LINE, PREDICTION, EXERCISE, FUNCTION = 1 / 100, 1 / 10, 2.5, 3, 2.5
"""Minutes of a slow reader, who is new to the matter; FUNCTION is the writing of one."""
SITTING = 60
NUMBERS = {"": 1, "two": 2, "three": 3, "four": 4}


def slug(heading: str) -> str:
    """Return the anchor of a heading, as the book and JupyterLab make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def read_in(cell: dict[str, Any]) -> list[tuple[int, str, float]]:
    """Return level, heading and minutes of each section of a cell; what has no heading has 0."""
    if cell["cell_type"] == "code":
        return [(0, "", run_in(cell))]
    parts = re.split(r"^(#+) +(.+?) *$", DISPLAY.sub(" x" * 5, source(cell)), flags=re.M)
    sections = [(0, "", parts[0])] if parts[0].strip() else []
    sections += [(len(a), b, c) for a, b, c in zip(*(parts[k::3] for k in (1, 2, 3)), strict=True)]
    return [
        (level, head, WORD * len(words.split()) + PREDICTION * words.count("> **Predict.**"))
        for level, head, words in sections
    ]


def run_in(cell: dict[str, Any]) -> float:
    """Return the minutes for a code cell: an exercise, a function to write, or lines to read."""
    code = source(cell)
    if shown := len(re.findall(r"^exercise\(", code, re.M)):
        return EXERCISE * shown
    if re.search(r"^check\(", code, re.M):
        return FUNCTION
    folded = {"remove-cell", "remove-input", "hide-input"} & {*tags(cell)}
    return 0 if folded else LINE * len(code.splitlines())


def sittings_are_short(notebook: Notebook) -> list[str]:
    """A page says how long a slow reader takes, and where a sitting of at most 60 minutes ends."""
    said = re.search(r"\*\*Time:\*\*.*", source(notebook["cells"][0]), re.S)
    about = said and re.search(r"about (\d+) minutes(?:.*?, in (\w+) sittings:)?", said[0], re.S)
    if not said or not about:
        return ["its first cell has no '**Time:** about ... minutes'"]
    stated, count = int(about[1]), NUMBERS[about[2] or ""]
    begins = re.findall(r"\]\(#([^)]+)\)", said[0])
    sittings = [0.0]
    for _, head, minutes in (part for cell in notebook["cells"] for part in read_in(cell)):
        if head and slug(head) == ([*begins, ""])[len(sittings) - 1]:
            sittings.append(0.0)
        sittings[-1] += minutes
    broken = []
    if len(begins) != count - 1 or len(sittings) != count:
        broken.append(f"{count} sittings, but {len(begins)} links to where one begins, {begins}")
    if stated / count > SITTING:
        broken.append(f"{stated} minutes in {count} sittings; at most {SITTING} each")
    if abs(stated - sum(sittings)) > max(10, 0.15 * stated):
        broken.append(f"{stated} minutes are stated; a slow reader takes {sum(sittings):.0f}")
    long = [f"{minutes:.0f}" for minutes in sittings if minutes > 1.15 * SITTING]
    return broken + [f"a sitting takes a slow reader {minutes} minutes" for minutes in long]


# Words

COUNTED = r"one|two|rows?|examples?|layers?|seconds|bias|numbers?|loss|updates?|bytes|lines?|once"
EACH = r"row|column|word|unit|time|week|token|step|second|layer|example|batch|number|epoch"
OTHER_WORDS = {
    r"(?<!say )(?<!say \*)(?<!\| )(?<!-one-)\b[Nn]eurons?\b": "unit",
    r"(?<![\w\"'_{#<>/.=-])relus?\b(?![\"_(=}<-])(?!'(?!s\b))": "ReLU",
    r"(?i)\bover[- ]fit\w*|\boverlearn\w*": "overfitting",
    rf"(?i)(?<!name )(?<!-)\b(?:{COUNTED})\s+an?\s+(?:{EACH})\b(?! as\b)": "per",
    r"(?i)\balong\s+a\s+way\b|\b(?:over|of)\s+(?:the\s+)?(?:two\s+)?ways\b|"
    r"\b(?<!shorter )(?<!larger )ways?\s+around\b|\b(?:first|second)\s+way\s+only\b|"
    r"\bways\s+(?:meet|add)\b|\bways\s+to\s+the\s+(?:loss|output|answer)\b": "path",
}
"""What is not written, as a pattern -> the book's one word for it. ``relu`` is code."""


def one_word_for_one_thing(words: str) -> list[str]:
    """The same thing has the same name in all chapters, exercises and steppers."""
    words = re.sub(r"^(```|~~~).*?^\1", "", words, flags=re.DOTALL | re.MULTILINE)
    words = re.sub(r"`[^`\n]*`|<code>.*?</code>", "``", words)
    return [
        f"{match[0]!r}: the book's word is {word!r}"
        for pattern, word in OTHER_WORDS.items()
        for match in re.finditer(pattern, words)
    ]
