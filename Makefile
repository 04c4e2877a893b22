VENV := .venv
PYTHON ?= python3
FANS ?= 500
SEED ?= 42
JOBS ?= 2
WORKERS ?= 4
SCENARIOS ?= 200
EVENTS ?= 100000
LATENCY ?= 50
CASE ?= abcdefg
SCALE ?= 0.1
RUNS ?= 3
# uv trusts the certificates that the machine trusts (a company's proxy), as pip and git do.
export UV_SYSTEM_CERTS := true
# Plugins are started hundreds of times: they are compiled once, whatever the machine says.
export PYTHONDONTWRITEBYTECODE :=
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
PACKAGES := klaviyo-client nevent-client nevent-klaviyo sandbox singer-outcomes tap-klaviyo-engagement tap-nevent target-klaviyo target-nevent
EDITABLE := $(foreach package,$(PACKAGES),-e ./$(package))

help: ## what there is to make
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.ok ## a local environment with everything; needs python3 with venv, nothing else

# uv is quick, but reads no pip configuration: where it cannot reach its index, pip installs the same hashes.
$(VENV)/.ok: requirements.lock $(foreach package,$(PACKAGES),$(package)/pyproject.toml)
	test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install -q 'uv>=0.9'
	$(VENV)/bin/uv pip sync -q --compile-bytecode --require-hashes --python $(VENV)/bin/python requirements.lock \
		|| $(VENV)/bin/python -m pip install -q --require-hashes -r requirements.lock
	$(VENV)/bin/python -m pip install -q --no-deps --no-build-isolation $(EDITABLE)
	touch $@

# Meltano writes each plugin's settings, keys included, to files of its own: for their owner's eyes only.
demo: setup ## both directions on this machine, five runs explained; FANS=20000 for more people
	@umask 077 && sandbox demo --fans $(FANS) --seed $(SEED)

sandbox: setup ## both APIs on ports 8701 and 8702, for `meltano run`; ends with Ctrl-C
	@sandbox serve --nevent-port 8701 --klaviyo-port 8702 --limits real --fans $(FANS) --seed $(SEED)

# Half of a test's time is waiting: for a process, a job, a minute of six seconds.
test: setup ## all tests, on this machine alone; WORKERS=4 at once
	umask 077 && pytest -n $(WORKERS) --dist loadscope --no-loadscope-reorder

chaos: setup ## faults, signals and kill -9 at random, then compared; SCENARIOS=200 SEED=42, or one: SCENARIO=17
	@PYTHONPATH=tests:$(PYTHONPATH) python -m chaos --scenarios $(SCENARIOS) --seed $(SEED) \
		--jobs $(JOBS) $(if $(SCENARIO),--scenario $(SCENARIO))

pull: setup ## engagement read and compared: late, equal, future events, kill -9; EVENTS=100000 LATENCY=50
	@PYTHONPATH=tests:$(PYTHONPATH) python -m pull --events $(EVENTS) --latency-ms $(LATENCY)

bench: setup ## whole processes against Klaviyo's limits (15 minutes); at full size: CASE=a SCALE=1
	@python -m bench --case $(CASE) --scale $(SCALE) --runs $(RUNS)

guard: setup ## fails when CPU per item grew by a quarter (1 minute); what is so on purpose: RECORD=1
	@python -m bench.guard $(if $(RECORD),--record)

lint: setup ## style and types
	ruff check
	ruff format --check
	mypy $(foreach package,$(PACKAGES),$(package)/$(subst -,_,$(subst sandbox,nevent_sandbox,$(package)))) bench tests

docs: setup ## the settings in meltano.yml and in the READMEs, from the plugins' own declarations
	python tests/docs/settings_reference.py
	python tests/docs/contract_reference.py
	PYTHONPATH=tests python tests/docs/consent_matrix.py

lock: ## newest versions of what everything stands on, without an address in the lock
	uv lock -q
	uv export -q --frozen --all-groups --no-emit-workspace -o requirements.lock
	uv export -q --frozen --no-dev --no-emit-workspace --no-hashes -o constraints.txt
	! grep -E '://|--(extra-)?index-url|--find-links' requirements.lock constraints.txt

.PHONY: help setup demo sandbox test chaos pull bench guard lint docs lock
.DEFAULT_GOAL := help
