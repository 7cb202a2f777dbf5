# `make help` lists the targets. Everything runs in .venv, which each target makes if it needs to.
PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help serve test check unit format bench load scale model student evaluate clean

help: ## Show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

serve: .venv/serving ## Start the API on 127.0.0.1:8000 with the shipped model
	$(BIN)/sidedoor serve

test: check unit ## Lint, check types and run every test

check: .venv/dev ## Lint and check types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/sidedoor corpus check

unit: .venv/dev ## Run every test
	$(BIN)/pytest

format: .venv/dev ## Format the code and mend what the linter can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/dev ## Measure the engine beside its peers, and its memory; renews benchmarks/README.md (about 40 minutes)
	$(BIN)/python -m benchmarks.engine -o evaluation/results/speed.json
	$(BIN)/python -m benchmarks.contestants -o benchmarks/results/bench.json
	$(BIN)/python -m benchmarks.memory -o benchmarks/results/memory.json
	$(BIN)/python -m benchmarks.contestants_report
	$(BIN)/python -m benchmarks.scaling
	$(BIN)/sidedoor card evaluation/results/test.json --readme README.md

load: .venv/dev ## Measure the service under load (25 minutes); needs wrk; renews docs/operations.md
	$(BIN)/python -m benchmarks.service --soak 10 -o benchmarks/results/service.json
	$(BIN)/python -m benchmarks.service_report

scale: .venv/dev ## Measure bulk analysis, replicas and training, and renew docs/scaling.md (about an hour)
	$(BIN)/python -m benchmarks.bulk -o benchmarks/results/bulk.json
	$(BIN)/python -m benchmarks.failover -o benchmarks/results/failover.json
	$(BIN)/python -m benchmarks.training -o benchmarks/results/training.json
	$(BIN)/python -m benchmarks.scaling
	$(BIN)/python -m benchmarks.contestants_report

model: .venv/dev ## Train, export and install a model like the shipped one (about three hours on two cores)
	$(BIN)/sidedoor train configs/small.yaml
	$(BIN)/sidedoor train configs/small-a.yaml
	$(BIN)/sidedoor train configs/small-b.yaml
	$(BIN)/sidedoor average artifacts/small-a/checkpoint artifacts/small-b/checkpoint \
	  -o artifacts/small-mean
	$(BIN)/sidedoor export artifacts/small-mean -o serving/sidedoor/models/default
	$(MAKE) evaluate

student: SHAPE ?= 3x384
student: .venv/dev ## Train a smaller, faster model from the shipped one's checkpoint; SHAPE=3x384
	$(BIN)/sidedoor train configs/student-$(SHAPE).yaml
	$(BIN)/sidedoor export artifacts/student-$(SHAPE)/checkpoint -o artifacts/model-$(SHAPE)
	$(BIN)/sidedoor corpus gold training/corpus --split test -o artifacts/test.jsonl
	$(BIN)/sidedoor evaluate artifacts/test.jsonl --model artifacts/model-$(SHAPE)

evaluate: .venv/dev ## Evaluate the shipped model on the test split and renew its model card
	$(BIN)/sidedoor corpus gold training/corpus --split test -o artifacts/test.jsonl
	$(BIN)/sidedoor evaluate artifacts/test.jsonl --baseline keywords --baseline presidio --baseline scrubadub --robustness --json evaluation/results/test.json
	$(BIN)/sidedoor card evaluation/results/test.json --readme README.md

clean: ## Remove the virtual environment and all that was built
	rm -rf .venv artifacts dist

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/serving: .venv/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[api]'
	@touch $@

.venv/dev: .venv/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check torch==2.13.0
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@ .venv/serving
