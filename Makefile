# The whole command surface of the repository.
SHELL := /bin/bash
.PHONY: help setup demo test bench lint stop status logs clean

help:
	@echo "make demo    set everything up, bill a month of a demo site, leave it running"
	@echo "make test    set up what is missing and run every test"
	@echo "make bench   measure the performance goals into bench/results.json"
	@echo "make lint    static checks"
	@echo "make stop | status | logs | clean"

setup:
	@scripts/setup.sh

demo: setup
	@bin/actwin demo

test: setup
	@scripts/test.sh

bench: setup
	@scripts/bench.sh

lint: setup
	@scripts/lint.sh

stop:
	@scripts/service.sh stop

status:
	@bin/actwin status

logs:
	@scripts/service.sh logs

clean: stop
	@scripts/clean.sh
