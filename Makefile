# `make demo`, `make test` and `make lint` do all of their own set-up, in .venv.

SHELL := /bin/bash
PYTHON ?= python3.11
CORES ?= all
VENV := .venv
BIN := $(VENV)/bin
# Real benchmark data for the tests that can use it; they are skipped, with the reason, without.
LIMBECK_TEST_DATA ?= $(if $(wildcard ../shared/data),$(abspath ../shared/data))
export LIMBECK_TEST_DATA
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: demo real reproduce-classification test test-long test-fast fuzz lint format lock audit generated clean help

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/:.*##/\t/' | expand -t 14

demo: $(VENV)/ready ## From the word "Swahili" to a scored GGUF and results/index.html
	snakemake --cores $(CORES)

real: $(VENV)/ready ## From real parts to a small model of Esperanto: docs/real-run.md
	@command -v apertium > /dev/null || { echo "error: Apertium is needed; on Debian: apt-get install apertium apertium-eo-en"; exit 1; }
	python -m limbeck.sources.parts $(if $(LIMBECK_TEST_DATA),--data $(LIMBECK_TEST_DATA)) \
		--output resources/laptop/parts.yaml
	snakemake --cores $(CORES) --configfile config/presets/laptop.yaml resources/laptop/parts.yaml

reproduce-classification: $(VENV)/ready ## Small classifiers on published data: KINIT=folder
	python -m limbeck.classification.reproduce $(if $(KINIT),--data $(KINIT)) \
		$(if $(STUDENTS),--students $(STUDENTS)) --output results/reproduction/classification.tsv \
		--table results/reproduction/classification.md

test: $(VENV)/ready lint resources/llama.cpp ## All tests, the whole workflow included
	pytest --numprocesses auto --no-loadscope-reorder --durations 25

# llama.cpp's converter, which the tests of GGUF files use.
resources/llama.cpp: | $(VENV)/ready
	snakemake --cores 1 --quiet all -- $@

test-long: $(VENV)/ready resources/llama.cpp ## Twenty kills, a build by Slurm, a build in a bucket: on a quiet machine
	pytest -m long

test-fast: $(VENV)/ready ## The tests of pure functions alone
	pytest --numprocesses auto --no-loadscope-reorder tests/unit

fuzz: $(VENV)/ready ## Ten thousand and more hostile replies, files, configs: some minutes
	pytest tests/unit/fuzz --hypothesis-profile many

lint: $(VENV)/ready ## Formatting, lint and types
	ruff check .
	ruff format --check .
	mypy
	snakefmt --check Snakefile rules
	snakemake --lint
	hadolint Dockerfile

format: $(VENV)/ready ## Format everything
	ruff check --fix .
	ruff format .
	snakefmt Snakefile rules

generated: $(VENV)/ready ## Make the committed generated files again
	python -m limbeck.config
	python docs/readme.py

lock: $(VENV)/ready ## Resolve requirements/*.txt and envs/*.yaml again
	pip install --quiet uv
	python requirements/lock.py

audit: $(VENV)/ready ## Licences and known vulnerabilities of the lock
	test -x $(VENV)/audit/bin/pip-audit || { $(PYTHON) -m venv $(VENV)/audit && \
		$(VENV)/audit/bin/pip install --quiet pip-audit; } || true
	python requirements/audit.py --pip-audit $(VENV)/audit/bin/pip-audit

clean: ## Remove what the workflow made; config, journals, your own files and .venv stay
	rm -rf results logs rehearsal .snakemake resources/laptop resources/llama.cpp \
		resources/llama.cpp.manifest.json resources/conversations.jsonl resources/topics.jsonl \
		resources/scenarios.jsonl

# The lock is complete and has the digests of all files, so pip resolves nothing and takes no other
# file. torch comes first, as pip finds it, because its CPU and CUDA builds carry one version number;
# the CUDA build wants its libraries, which cpu.txt has not.
INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check --no-deps
$(VENV)/ready: requirements/cpu.txt pyproject.toml
	@command -v $(PYTHON) > /dev/null || { echo "error: Python 3.11 is needed, as '$(PYTHON)'; name another with PYTHON=..."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo "error: '$(PYTHON)' is not Python 3.11; name another with PYTHON=..."; exit 1; }
	@command -v c++ > /dev/null || { echo "error: a C++ compiler is needed to build llama.cpp; on Debian: apt-get install build-essential"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip download --quiet --disable-pip-version-check --no-deps --dest $(VENV)/torch \
		$$(grep -o '^torch==[^ ]*' requirements/cpu.txt)
	$(INSTALL) --require-hashes --no-index --find-links $(VENV)/torch \
		-r <(grep '^torch==' requirements/cpu.txt)
	rm -r $(VENV)/torch
	$(INSTALL) --require-hashes -r requirements/cpu.txt
	if $(BIN)/pip show torch | grep '^Requires:.*cuda' > /dev/null; then \
		$(INSTALL) --require-hashes -r <(grep -E '^(cuda-|nvidia-|triton==)' requirements/cuda.txt); fi
	$(INSTALL) --editable .
	touch $@
