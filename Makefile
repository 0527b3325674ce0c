# Everything needs only Python >= 3.11 with pip, git and make; each target makes the environment it needs.
PYTHON ?= python3
VENV ?= .venv
RUN = $(VENV)/bin/

.PHONY: demo test lint bench verify lock clean

# The environment: pinned and hashed dependencies, then wardround itself.
$(VENV)/.ready: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("wardround needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(RUN)python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(RUN)python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

# Examine the bundled evidence of a fictional hospital and say where the report is.
demo: $(VENV)/.ready
	$(RUN)wardround demo --out demo-round

test: $(VENV)/.ready
	$(RUN)python -m pytest -q -n auto

lint: $(VENV)/.ready
	$(RUN)ruff check .
	$(RUN)ruff format --check .
	$(RUN)mypy
	$(RUN)python tests/structure.py

# Speeds, beside the peers' where they are installed; see benchmarks/README.md.
bench: $(VENV)/.ready
	$(RUN)python benchmarks/run.py

# The long proofs against the shared corpora; see docs/verification.md.
verify: $(VENV)/.ready
	$(RUN)python benchmarks/verify.py

# Renew the pinned dependencies (needs uv).
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	  --group dev pyproject.toml --output-file requirements.lock

clean:
	rm -rf $(VENV) demo-round .pytest_cache .mypy_cache .ruff_cache
