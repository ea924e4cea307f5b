# tutti: the commands a person needs. Each one installs what it misses.
#
#   make run      build and serve; ARGS="--listen 0.0.0.0:8080 --open" go to tutti serve
#   make check    quick: format, vet, staticcheck, rules, unit tests
#   make test     everything that CI runs, browsers included
#   make bench    measure, with other servers beside us

SHELL := /bin/bash
.DEFAULT_GOAL := build
.DELETE_ON_ERROR:
.PHONY: run build web generate check test bench clean

WEB_SOURCES := $(shell find web -name node_modules -prune -o -name dist -prune -o -name '*.go' -prune -o -type f -print) api/causes.json

run: build
	bin/tutti serve $(ARGS)

build: web
	scripts/tools.sh go
	scripts/build.sh

web: web/dist/index.html

web/dist/index.html: $(WEB_SOURCES)
	scripts/tools.sh node
	scripts/npm.sh web
	npm --prefix web run build

generate:
	go generate ./...

check:
	scripts/test.sh check

test:
	scripts/test.sh all

bench: build
	scripts/packages.sh janus coturn ffmpeg iproute2 util-linux chromium
	scripts/npm.sh e2e
	go run ./bench $(ARGS)

clean:
	rm -rf bin web/node_modules e2e/node_modules
	find web/dist -mindepth 1 ! -name .gitkeep -delete
