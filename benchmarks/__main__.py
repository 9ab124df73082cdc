"""Run benchmarks by name: ``python -m benchmarks steps epochs``."""

import sys
from importlib import import_module
from pathlib import Path

NAMES = sorted(
    path.stem for path in Path(__file__).parent.glob("[a-z]*.py") if path.stem != "timing"
)


def main(names: list[str]) -> None:
    """Run the named benchmarks, or list all with the first line of what they say they measure."""
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        sys.exit(f"unknown benchmark {unknown[0]!r}; known: {', '.join(NAMES)}")
    for name in NAMES:
        module = import_module(f"benchmarks.{name}")
        if not names:
            print(f"{name:<13}{(module.__doc__ or '').splitlines()[0]}")
        elif name in names:
            print(f"\n{module.__doc__}")
            module.main()


if __name__ == "__main__":
    main(sys.argv[1:])
