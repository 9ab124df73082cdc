"""What a release needs before it is built: python tests/release.py v1.2.3

One version everywhere, a dated entry in CHANGELOG.md, and the address, for the first cells.
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def what_is_wrong(tag: str, project: str, citation: str, changelog: str) -> list[str]:
    """Return what keeps a tag from being a release, from the texts of the files named."""
    parsed = tomllib.loads(project)["project"]
    version, wrong = parsed["version"], []
    if tag != f"v{version}":
        wrong.append(f"the tag is {tag}; pyproject.toml has version {version}: tag v{version}")
    if f"\nversion: {version}\n" not in citation:
        wrong.append(f"CITATION.cff has another version than {version}")
    if not re.search(rf"^## {re.escape(version)} \(\d{{4}}-\d\d-\d\d\)$", changelog, re.M):
        wrong.append(f"CHANGELOG.md has no heading '## {version} (YYYY-MM-DD)'")
    if "urls" not in parsed:
        wrong.append(
            "the address is unknown: make address REPOSITORY=https://github.com/OWNER/NAME"
        )
    return wrong


def main(tag: str) -> None:
    names = ("pyproject.toml", "CITATION.cff", "CHANGELOG.md")
    wrong = what_is_wrong(tag, *((ROOT / name).read_text(encoding="utf-8") for name in names))
    sys.exit("\n".join(wrong) or None)


if __name__ == "__main__":
    main(sys.argv[1])
