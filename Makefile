# The doors of the house. `make help` lists them.
# PORT, SAMPLE, PYTHON3 and CORPUS_DIR may be given: make run PORT=8080 SAMPLE=0

PY := .venv/bin/python
LOCK := .venv/bin/uv pip compile --universal --generate-hashes --python-version 3.11 --no-header --quiet

.DEFAULT_GOAL := help
.PHONY: help run test quick soak bench screens lock fmt vendor runtime dev

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' Makefile | expand -t 16

run: runtime ## the whole product on http://127.0.0.1:8000/ (PORT=…, SAMPLE=0); Ctrl-C stops it
	@exec $(PY) -m scripts.serve

test: dev ## everything that must pass
	@exec $(PY) -m rig.suite test

quick: dev ## the part of it that runs in under a minute
	@exec $(PY) -m rig.suite quick

soak: dev ## the long runs
	@exec $(PY) -m rig.suite soak

bench: dev ## the benchmarks, one JSON line each
	@exec $(PY) -m bench

screens: dev ## pictures of every page, into docs/screens/desk
	@exec $(PY) -W ignore -m scripts.screens

fmt: dev ## format code and templates
	@$(PY) -m ruff check --quiet --fix . || true
	@$(PY) -m ruff format .
	@find templates inbox integrations -name '*.html' -print0 | xargs -0 -r .venv/bin/djade --target-version 5.2 || true

lock: dev ## resolve the dependencies again and pin them with hashes
	$(LOCK) requirements.in -o requirements.txt
	$(LOCK) requirements-dev.in -o requirements-dev.txt

vendor: runtime ## fetch the vendored front-end files again and compare their hashes
	@exec $(PY) -m scripts.vendor

runtime:
	@scripts/bootstrap.sh runtime

dev:
	@scripts/bootstrap.sh dev
