"""The file in which `check` notes what is solved."""

import json
import os
from pathlib import Path
from typing import Any

from .checking import Verdict

PROGRESS = Path("pybackprop-progress.json")
"""Where it stands: beside the notebook, readable, deleted without harm. It has the form of the
file that the progress page exports, and that page imports it."""

STATUSES = ("solved", "tried")


def read_progress(path: Path | None = None) -> dict[str, str]:
    """Return id -> "solved" or "tried" of what was checked here; empty where nothing is noted."""
    found = {name: status_of(state) for name, state in (states_in(path or PROGRESS) or {}).items()}
    return {name: status for name, status in found.items() if status}


def note_progress(verdict: Verdict, path: Path | None = None) -> None:
    """Note a verdict in the progress file, and leave all else that stands there.

    What was solved once stays solved. A file that cannot be read is set aside, as ``.json.bak``.
    """
    target = path or PROGRESS
    if verdict.status == "not attempted":
        return
    states = states_in(target)
    old = (states or {}).get(verdict.exercise)
    if status_of(old) == "solved":
        return
    kept = old if isinstance(old, dict) else {}
    state = kept | {"status": "solved" if verdict else "tried"}
    text = json.dumps((states or {}) | {verdict.exercise: state}, indent=1)
    half_written = target.with_suffix(".tmp")
    try:
        if states is None and target.exists():
            os.replace(target, target.with_suffix(".json.bak"))
        half_written.write_text(text, encoding="utf-8")
        os.replace(half_written, target)
    except OSError:
        return  # a folder that cannot be written to is no reason to withhold the verdict


def states_in(path: Path) -> dict[str, Any] | None:
    """Return what stands in a progress file; None where there is none, or it is no such file."""
    try:
        states = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return states if isinstance(states, dict) else None


def status_of(state: Any) -> str:
    """Return the status in an entry of the file; "" where it has none."""
    status = state.get("status") if isinstance(state, dict) else None
    return status if isinstance(status, str) and status in STATUSES else ""
