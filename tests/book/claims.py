"""The rule Claims: what is measured names its cell, and keeps to the cell's numbers.

A Markdown cell's metadata says what its claims rest on, ``"from": [...]``. An entry is the id of a
code cell of any notebook, the tag of an equation, ``references.md#heading``, or a reason of three
words or more. Of the cells one shows something (others may be the settings of a run). Where cells
alone are named, the claims' numbers stand in their outputs, their code or the text's own formulas.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import rules
from rules import DISPLAY, NUMBER, TAG, Notebook

SMALL = "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
WORDS = {word: str(n) for n, word in enumerate(SMALL.split(), 2)} | {"twenty": "20", "thirty": "30"}
N = rf"(?:\d[\d,.]*|{'|'.join(WORDS)})"
COUNTS = (
    rf"\b{N} (?:out )?of (?:the |all |its |these |those |our )?{N}\b",
    rf"\b(?!two ){N} (?:\w+ )?(?:seeds|starts|runs)\b",
)
"""Patterns in which a number in words is held to its cell as one in digits is."""
CLAIMS = (
    *COUNTS,
    r"\d\s*(?:\\?%|percent)",
    r"\b(?:every|each|no) (?:seed|start|run)\b|\b(?:all|both|half of) (?:the |its )?seeds\b",
    rf"\b(?:{N}|a hundred|a thousand) times (?:as|too|more|less|fewer|\w+er)\b",
    r"\b(?:twice|half) as \w+ as\b",
    rf"\b(?:takes?|needs?|after|within) {N} (?:steps|epochs|updates)\b",
    r"\b(?:faster|slower|(?:fewer|more) steps)\b.*(?<![\w.])\d",
    r"(?<![\w.])\d.*\b(?:faster|slower|(?:fewer|more) steps)\b",
    r"\b(?:wins|beats|falls? (?:by|to|from|in)|drops|diverges|learns)\b.*(?<![\w.])\d",
)
"""How sentences look that tell what somebody has measured."""


def sentences(cell: dict[str, Any]) -> list[str]:
    """Return what a Markdown cell states: no question, heading or display; links as their words."""
    words = DISPLAY.sub("\n\n", rules.prose({"cells": [cell]}))
    words = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", words)
    words = re.sub(r"<[^<>\n]*>|^#.*$", "", words, flags=re.MULTILINE)
    words = re.sub(r"^>[ ]?", "", words, flags=re.MULTILINE)
    parts = re.split(r"(?<=[.?!:])\**\s+|\n\s*\n|\n(?=\s*[-|])", words)
    found = [" ".join(part.split()) for part in parts]
    return [part for part in found if part and not part.endswith("?")]


def without_formulas(words: str) -> str:
    """Drop formulas; a number that stands alone between dollars is none."""
    words = re.sub(r"\$\s*([\d.,{}]+)(?:\\,)?(\\?%?)\s*\$", r"\1\2", words).replace("{,}", ",")
    return re.sub(r"\$[^$]*\$", "...", words)


def claims_of(cell: dict[str, Any]) -> list[str]:
    """Return the sentences of a Markdown cell that look like the result of a computation."""
    plain = [without_formulas(sentence) for sentence in sentences(cell)]
    return [words for words in plain if any(re.search(p, words, re.IGNORECASE) for p in CLAIMS)]


def numbers_of(claim: str) -> set[str]:
    """Return a claim's numbers as written, percentages with their sign; counts in words, too."""
    claim = re.sub(r"(?i)\b(?:chapter|layer)s? \d+(?: and \d+)?|\b(?:19|20)\d\d\b", "", claim)
    for pattern in COUNTS:
        for match in re.findall(pattern, claim, re.IGNORECASE):
            claim += " " + " ".join(WORDS.get(word, "") for word in match.lower().split())
    claim = re.sub(r"(\d)\s*(?:\\?%|percent)", r"\1%", claim)
    return {
        number.replace(",", "") for number in re.findall(NUMBER.pattern + "%?", claim, re.I)
    } - {"0", "1"}


def stands_in(number: str, values: set[float]) -> bool:
    """Tell whether a value, rounded to the digits that the number has, is the number."""
    places = number.rstrip("%").lower().split("e")[0].partition(".")[2]
    near = 0.5001 * 10.0 ** -len(places)
    said = float(number.rstrip("%"))
    scales = (1.0, 100.0) if number.endswith("%") else (1.0,)
    if "e" in number.lower():
        near *= 10.0 ** int(number.lower().split("e")[1])
    return any(abs(scale * value - said) <= near for value in values for scale in scales)


def values_in(words: str) -> set[float]:
    """Return the numbers of a text; those of words such as ``W1`` are none."""
    found = re.findall(r"(?<![\w.])\d[\d,_]*\.?\d*(?:e[+-]?\d+)?", words.replace("{,}", ","), re.I)
    return {float(re.sub(r"[,_]", "", number)) for number in found}


def without_widths(program: str) -> str:
    """Drop how wide numbers are printed: the 5 of ``{batch:5}`` is nobody's result."""
    return re.sub(r":[<>^]?[\d.,]+[a-z%]?\}", "}", program)


def shows(cell: dict[str, Any]) -> bool:
    return any(output.get("data") or output.get("text") for output in cell["outputs"])


def claims_name_their_cells(
    notebook: Notebook, book: Mapping[str, Notebook], headings: set[str]
) -> list[str]:
    """Each claim names what it rests on: it exists, shows something, and shows the numbers."""
    everywhere = [notebook, *book.values()]
    code = {cell["id"]: cell for one in everywhere for cell in rules.cells(one, "code")}
    tags = {tag for one in everywhere for tag in TAG.findall(rules.prose(one))}
    broken = []
    for cell in rules.cells(notebook, "markdown"):
        name, claims = cell["id"], claims_of(cell)
        named = cell["metadata"].get("from")
        if named is None:
            broken += [f"{name}: names no cell, {claim!r}" for claim in claims[:1]]
            continue
        if not isinstance(named, list) or not named:
            broken.append(f'{name}: "from" is {named!r}, not a list of what the claims rest on')
            continue
        cited = [code[entry] for entry in named if entry in code]
        others = [entry for entry in named if entry not in code]
        if cited and not any(map(shows, cited)):
            broken.append(f"{name}: {', '.join(named)} shows nothing")
        broken += [
            f"{name}: {entry!r} is no code cell, equation, heading or reason"
            for entry in others
            if entry not in tags | headings and len(entry.split()) < 3
        ]
        if not others:
            own = re.findall(r"\$[^$]*\$", DISPLAY.sub(" ", rules.prose({"cells": [cell]})))
            own += DISPLAY.findall(rules.source(cell))
            parts = [without_widths(rules.source(one)) + "\n" + rules.shown(one) for one in cited]
            formulas = [f for f in own if not re.fullmatch(r"\$\s*[\d.,{}]+\s*\$", f)]
            values = values_in("\n".join([*parts, *formulas]))
            broken += [
                f"{name}: {number} stands in none of {', '.join(named)}: {claim!r}"
                for claim in claims
                for number in sorted(numbers_of(claim))
                if not stands_in(number, values)
            ]
    return broken


def headings_of(path: Path) -> set[str]:
    """Return the headings of a page as links to them: ``references.md#training``."""
    titles = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    slugs = [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles]
    return {f"{path.name}#{slug}" for slug in slugs}
