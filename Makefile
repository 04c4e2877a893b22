VENV := .venv
PYTHON ?= python3
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
PACKAGES := klaviyo-client nevent-client sandbox singer-outcomes tap-nevent target-klaviyo
EDITABLE := $(foreach package,$(PACKAGES),-e ./$(package))

setup: $(VENV)/.ok

# uv is quick, but reads no pip configuration: where it cannot reach its index, pip installs the same hashes.
$(VENV)/.ok: requirements.lock $(foreach package,$(PACKAGES),$(package)/pyproject.toml)
	test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install -q 'uv>=0.9'
	$(VENV)/bin/uv pip sync -q --compile-bytecode --require-hashes --python $(VENV)/bin/python requirements.lock \
		|| $(VENV)/bin/python -m pip install -q --require-hashes -r requirements.lock
	$(VENV)/bin/python -m pip install -q --no-deps --no-build-isolation $(EDITABLE)
	touch $@

lock:
	uv lock -q
	uv export -q --frozen --all-groups --no-emit-workspace -o requirements.lock
	uv export -q --frozen --no-dev --no-emit-workspace --no-hashes -o constraints.txt
	! grep -E '://|--(extra-)?index-url|--find-links' requirements.lock constraints.txt

.PHONY: setup lock
