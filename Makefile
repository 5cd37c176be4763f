# Needs Python 3.11 or newer, git and make. `make` alone lists what there is.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
STAGE ?= production
BIN := .venv/bin
# dnspython: email-validator asks DNS with it, and Lethe asks for the syntax alone. What is not there
# cannot tell a name server whom the company writes to.
COMPILE := UV_CUSTOM_COMPILE_COMMAND="make requirements" $(BIN)/uv pip compile --quiet --universal \
	--python-version 3.11 --generate-hashes --no-emit-package dnspython
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export SAM_CLI_TELEMETRY := 0

.PHONY: help setup run demo test check bench build deploy invoke first-officer doctor requirements clean

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | expand -t 16

setup: .venv/.stamp .venv-aws/.stamp ## both virtual environments, from hashed requirements

run: setup ## the whole stack on a local AWS, until Ctrl-C; its state survives
	@$(BIN)/python -m tools.run

demo: setup ## sample traffic through a fresh local stack; the last line is JSON
	@$(BIN)/python -m tools.demo

test: setup ## every test, the deployed ones on the local AWS included
	@$(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

check: setup ## lint, formatting, types, direction of imports, template
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/sam validate --lint --region eu-central-1

bench: setup ## figures, one JSON line each
	@$(BIN)/python -m tests.bench

build: .venv/.stamp ## the production artefacts: arm64, python3.13
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/sam build

deploy: build ## to the AWS account at hand; STAGE names a section of samconfig.toml
	@$(BIN)/sam deploy --config-env $(STAGE)

invoke: setup ## every event through `sam local invoke`; needs Docker
	@$(BIN)/python -m tools.invoke

first-officer: .venv/.stamp ## the first privacy officer; EMAIL=… and STACK=…
	@$(BIN)/python -m tools.first_officer "$(EMAIL)" --stack "$(or $(STACK),lethe-$(STAGE))"

doctor: .venv/.stamp ## what a deployed stack lacks; STACK=…
	@$(BIN)/python -m tools.doctor --stack "$(or $(STACK),lethe-$(STAGE))"

requirements: .venv/.stamp ## the hashed requirements, anew from pyproject.toml
	@$(COMPILE) pyproject.toml --group dev -o requirements/dev.txt
	@$(COMPILE) pyproject.toml --constraint requirements/dev.txt -o layers/shared/requirements.txt
	@$(COMPILE) --group local-aws -o requirements/local-aws.txt

clean: ## everything that make made
	@rm -rf .venv .venv-aws .local .aws-sam build .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/.stamp: requirements/dev.txt
	@echo "· setting up .venv"
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --no-deps --require-hashes -r $<
	@$(BIN)/pip install --quiet --no-build-isolation --no-deps --editable .
	@touch $@

.venv-aws/.stamp: requirements/local-aws.txt
	@echo "· setting up .venv-aws"
	@$(PYTHON) -m venv .venv-aws
	@.venv-aws/bin/pip install --quiet --no-deps --require-hashes -r $<
	@touch $@
