# The verbs of the project. `make check` is what a change must pass before review; `.ci/run` is what a clean machine runs.

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
# Time for each fuzz target; FUZZTOTAL=30 shares 30 seconds among all of them instead.
FUZZTIME ?= 10s
TOOL := go tool -modfile=tools/go.mod

.PHONY: build run test check platforms fuzz golden docs bench image

build:
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o bin/plimsoll ./cmd/plimsoll

run: build
	bin/plimsoll assess

# The file of what could not run has a new name each time: see testbed.Engine. The oracles are a module of their own, with heavy dependencies.
test:
	@skips=$$(mktemp); status=0; \
	PLIMSOLL_SKIPS=$$skips go test -timeout 30m ./... || status=$$?; \
	if (cd test/oracle && go mod download >/dev/null 2>&1); then (cd test/oracle && go test ./...) || status=$$?; \
	else echo 'test/oracle: its modules could not be fetched' >>"$$skips"; fi; \
	if [ -s "$$skips" ]; then \
	  printf '\n=== %d TESTS COULD NOT RUN ===\n' "$$(sort -u "$$skips" | wc -l)"; sort -u "$$skips"; \
	  [ "$$CI" != true ] || status=1; \
	fi; \
	rm -f "$$skips"; exit $$status

check:
	@$(TOOL) gofumpt -d . | tee /dev/stderr | wc -c | grep -qx 0 || { echo 'run: $(TOOL) gofumpt -w .' >&2; exit 1; }
	go vet ./...
	$(TOOL) golangci-lint run
	$(MAKE) --no-print-directory platforms
	go test -race ./...
	test/generated.sh

# The client zone and remote targets are judged from macOS and Windows too. Tests may use what every Unix has.
platforms:
	GOOS=darwin go vet ./...
	GOOS=windows go build ./...

fuzz:
	FUZZTIME=$(FUZZTIME) FUZZTOTAL=$(FUZZTOTAL) test/fuzz.sh

# Rewrites the golden files of every package whose tests know the flag -update.
golden:
	@packages=$$(grep -rlE 'flag\.Bool\("update"|"plimsoll/internal/(checktest|golden)"' --include='*_test.go' . | xargs -r -n1 dirname | sort -u); \
	[ -z "$$packages" ] || go test -count=1 $$packages -update

docs:
	go generate ./...

# Creates up to 200 containers on the testbed's engine.
bench:
	PLIMSOLL_TESTBED=1 go test -run '^$$' -bench . -benchtime 5x -timeout 30m ./test/bench
	go test -run '^$$' -bench . -benchtime 5x ./internal/collect/image

# Needs an engine, from 20.10 on, but no network: the image has no base.
image: build
	docker build --tag plimsoll:$(subst +,-,$(VERSION)) --tag plimsoll:latest .
