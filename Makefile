# SPDX-License-Identifier: Apache-2.0
# Thin front of CMake and CTest: each target does all set-up and then its job.
#   JOBS=n      parallel jobs, all processors by default
#   VERBOSE=1   show compiler commands and the output of all tests
#   BUILD=dir   build folder, ./build by default
#   DATA=dir    demo, demo-mxu, demo-top, compress-report: folder with the MNIST files
#   TESTS=regex test, test-long: only tests whose names match
#   MODEL=file BOARD=name  bitstream: the ONNX file and icebreaker, ulx3s or tangnano20k
#   LIBERTY=file area, area-check: another standard-cell library than OSU 180 nm
MAKEFLAGS += --no-print-directory
SHELL := /bin/sh
BUILD ?= build
ifeq ($(origin JOBS),undefined)
JOBS := $(shell nproc)
endif
REPORTS := $(BUILD)/reports
BUILD_FLAGS := --parallel $(JOBS) $(if $(VERBOSE),--verbose)
# To recipes as variables of the shell, so that no blank or quote in them is read as anything else.
export BUILD JOBS DATA TESTS LIBERTY MODEL BOARD
export PYTHONDONTWRITEBYTECODE := 1

SETUPS := setup-demo setup-build setup-test setup-test-long setup-lint setup-area setup-power setup-layout setup-fpga setup-fpga-setup setup-format
.PHONY: help demo demo-mxu demo-top compress-report test test-long lint check-figures docs-figures interface bench bench-eie explore area area-check \
  area-baseline power layout fpga fpga-setup bitstream build format clean setup $(SETUPS)
.DEFAULT_GOAL := help
# Each target uses all processors, and two of them the same build folder.
.NOTPARALLEL:

help:
	@echo "make demo             train, compress and run a network on the RTL, every clock cycle checked"
	@echo "make demo-mxu         run the network in signed bytes on the 256x256 matrix unit's RTL, likewise"
	@echo "make demo-top         run LeNet-5 on both engines of the accelerator by its driver, every value checked"
	@echo "make compress-report  deep compression of LeNet-300-100 and LeNet-5 beside the paper, as a page"
	@echo "make test             the whole test suite"
	@echo "make test-long        what takes longer: the golden library under sanitizers, a job array of Slurm"
	@echo "make lint             Verilog lint, parameter checks, licence lines, formatting"
	@echo "make check-figures    the documents' figures that take less than five minutes, measured again"
	@echo "make docs-figures     timing diagrams of the documents, drawn anew from runs of the RTL"
	@echo "make interface        headers and pages of the accelerator's registers and commands, from their table"
	@echo "make bench            speeds of the models and of the encoder"
	@echo "make bench-eie        EIE's nine layers on cycle model, RTL and this machine, beside the paper"
	@echo "make explore          queue depths, memory widths and numbers of PEs beside EIE's figures, as a page"
	@echo "make area             standard cells of both engines: area and timing of every block, as a page"
	@echo "make area-check       area and timing against what was accepted; make area-baseline accepts"
	@echo "make power            power of a PE of these cells from the switching activity of a run, beside EIE's"
	@echo "make layout           tree, matrix tile and PE placed and routed by graywolf and qrouter: picture, paths with wires"
	@echo "make fpga             both engines on Xilinx 7, ECP5, iCE40 and Gowin: what they take, clock after routing, bitstreams"
	@echo "make fpga-setup       tools for ECP5 and Gowin, from PyPI into $(BUILD)/fpga-tools, for make fpga"
	@echo "make bitstream MODEL=net.onnx BOARD=tangnano20k   bitstream and compressed network for a board"
	@echo "make build            build everything, run nothing"
	@echo "make format           apply clang-format to all C++ files"
	@echo "make clean            remove the build folder"
	@echo "Each installs what is missing first (Debian, as root or with sudo); reports: $(REPORTS)/index.html"
	@echo "Options: JOBS=$(JOBS) VERBOSE=1 BUILD=$(BUILD) DATA=folder (demo, demo-mxu, demo-top, compress-report) TESTS=regex (test, test-long)"

# Every recipe begins with this: bad options are refused before anything is done.
OPTIONS = @./scripts/options.sh $@

setup:
	$(OPTIONS)
	@./scripts/setup.sh

$(SETUPS): setup-%:
	@./scripts/options.sh $*
	@./scripts/setup.sh $*

CONFIGURE = cmake -S . -B $(BUILD) -G Ninja --log-level=$(if $(VERBOSE),STATUS,NOTICE) $(CMAKE_ARGS)
ALL := -D SPARSYS_RTL=ON -D SPARSYS_TESTS=ON -D SPARSYS_BENCHMARKS=ON

# The program with both engines' RTL. A build folder that has more keeps it.
define PROGRAM
@$(CONFIGURE) $(if $(wildcard $(BUILD)/CMakeCache.txt),,-D SPARSYS_TESTS=OFF -D SPARSYS_BENCHMARKS=OFF)
@[ -x $(BUILD)/bin/sparsys ] || echo "make: compiling; 2 to 6 minutes on two cores," \
  "half of them for the 256x256 array in one step"
@cmake --build $(BUILD) $(BUILD_FLAGS) --target sparsys
endef
SPARSYS = $(BUILD)/bin/sparsys $@ --cache $(BUILD)/models $(if $(DATA),--data "$$DATA")

build: setup-build
	@$(CONFIGURE) $(ALL)
	@cmake --build $(BUILD) $(BUILD_FLAGS)

# The page that joins all reports, anew behind each command that writes one.
INDEX = python3 -m scripts.report.index $(REPORTS) || status=1; exit $$status

demo demo-mxu demo-top: setup-demo
	$(PROGRAM)
	@status=0; $(SPARSYS) --report $(REPORTS)/$@.json $(DEMO_ARGS) || status=$$?; $(INDEX)

# A result out of its bounds fails the target, but not before the page shows it.
compress-report: setup-demo
	$(PROGRAM)
	@status=0; \
	$(SPARSYS) --report $(REPORTS)/compress.json $(COMPRESS_REPORT_ARGS) || status=$$?; \
	[ $$status -eq 0 ] || [ $$status -eq 2 ] || exit $$status; \
	python3 -m scripts.compress_report $(REPORTS)/compress.json --out $(REPORTS) || status=1; \
	$(INDEX)

# The table comes behind CTest's own closing lines; either failing fails the target.
test: setup-test
test-long: setup-test-long
test test-long:
	@$(CONFIGURE) $(ALL)
	@[ -x $(BUILD)/bin/sparsys ] || echo "make: compiling; 5 to 12 minutes on two cores"
	@cmake --build $(BUILD) $(BUILD_FLAGS)
	@rm -f $(REPORTS)/$@.xml $(REPORTS)/$@.json
	@status=0; \
	ctest --test-dir $(BUILD) --parallel $(JOBS) --output-on-failure $(if $(VERBOSE),--verbose) \
	  $(if $(TESTS),-R "$$TESTS") $(if $(filter test-long,$@),-L,-LE) long --no-tests=error --output-junit "$(abspath $(REPORTS))/$@.xml" \
	  || status=$$?; \
	python3 -m scripts.test_report $(REPORTS)/$@.xml $(REPORTS)/$@.json || status=1; \
	$(INDEX)

lint: setup-lint
	@status=0; \
	python3 -m scripts.lint --jobs $(JOBS) --build $(BUILD) --report $(REPORTS)/lint.json || status=1; \
	$(INDEX)

interface: setup-lint
	@python3 -m scripts.interface

docs-figures: setup-lint
	@python3 -m scripts.timing_diagram

# Each figure's command builds what it needs.
check-figures: setup-test
	@status=0; \
	python3 -m scripts.check_figures --build $(BUILD) --report $(REPORTS)/check-figures.json || status=1; \
	$(INDEX)

bench: setup-build
	@$(CONFIGURE) $(ALL)
	@cmake --build $(BUILD) $(BUILD_FLAGS) --target bench mxu_shares mxu_rows
	@status=0; python3 -m scripts.bench --build $(BUILD) --report $(REPORTS)/bench.json || status=1; $(INDEX)

# Engines with several lanes and with groups beside the paper's with one lane.
BENCH_LANES = --config lanes=8 --config lanes=16 \
  --config lanes=8,groups=4,pointers=4096 --config lanes=16,groups=4,pointers=4096 --config lanes=16,groups=8,pointers=2048
bench-eie: setup-demo
	$(PROGRAM)
	@status=0; $(BUILD)/bin/sparsys bench-eie $(BENCH_LANES) --areas synth/baseline.json --report $(REPORTS)/bench-eie.json $(BENCH_ARGS) || status=$$?; $(INDEX)

explore: setup-demo
	$(PROGRAM)
	@status=0; $(BUILD)/bin/sparsys explore --cache $(BUILD)/explore --models $(BUILD)/models $(if $(DATA),--data "$$DATA") --report $(REPORTS)/explore.json $(EXPLORE_ARGS) \
	  && python3 -m scripts.explore $(REPORTS)/explore.json --out $(REPORTS) || status=$$?; $(INDEX)

# The page comes even if a limit does not hold, which fails the target.
AREA = python3 -m synth.area
AREA_FLAGS = --work $(BUILD)/synth --jobs $(JOBS) $(if $(LIBERTY),--liberty "$$LIBERTY")

area: setup-area
	@status=0; \
	$(AREA) report $(AREA_FLAGS) --report $(REPORTS)/area.json $(AREA_ARGS) || status=$$?; \
	[ $$status -eq 0 ] || [ $$status -eq 2 ] || exit $$status; \
	python3 -m synth.page $(REPORTS) || status=1; \
	$(INDEX)

area-check: setup-area
	@$(AREA) check $(AREA_FLAGS) $(AREA_ARGS)

area-baseline: setup-area
	@$(AREA) accept $(AREA_FLAGS) $(AREA_ARGS)

# The simulation of the whole PE's netlist is built for this alone.
power: setup-power
	@$(CONFIGURE) $(ALL)
	@cmake --build $(BUILD) $(BUILD_FLAGS) --target power_activity power_activity_small
	@echo "make: simulating the netlists; a minute"
	@mkdir -p $(REPORTS)
	@$(BUILD)/bin/power_activity_small --inputs 32 --outputs 32 --density .3 --activations .5 --saif $(REPORTS)/power-small.saif --out $(BUILD)/power-small.json
	@$(BUILD)/bin/power_activity --saif $(REPORTS)/power-full.saif --out $(BUILD)/power-full.json $(POWER_ARGS)
	@status=0; \
	python3 -m synth.power report --work $(BUILD)/synth --jobs $(JOBS) --activity small=$(BUILD)/power-small.json full=$(BUILD)/power-full.json --report $(REPORTS)/power.json || exit $$?; \
	python3 -m synth.page $(REPORTS) || status=1; \
	$(INDEX)

# Blocks are kept by their content: a second run is quick.
layout: setup-layout
	@status=0; \
	python3 -m synth.layout --work $(BUILD)/synth --jobs $(JOBS) --report $(REPORTS)/layout.json $(LAYOUT_ARGS) || status=$$?; \
	if [ -f $(REPORTS)/layout.json ]; then python3 -m synth.page $(REPORTS) || status=1; fi; \
	$(INDEX)

# What fails fails the target, but not before the page shows the rest.
fpga: setup-fpga
	@status=0; \
	python3 -m synth.fpga --build $(BUILD) --jobs $(JOBS) --report $(REPORTS)/fpga.json $(FPGA_ARGS) || status=$$?; \
	if [ -f $(REPORTS)/fpga.json ]; then python3 -m synth.page $(REPORTS) || status=1; fi; \
	$(INDEX)

fpga-setup: setup-fpga-setup

# A board is icebreaker, ulx3s or tangnano20k.
BOARD ?= tangnano20k
bitstream: setup-demo setup-fpga setup-fpga-setup
	$(PROGRAM)
	@python3 -m synth.fpga.bitstream "$$MODEL" --board "$$BOARD" $(if $(DATA),--data "$$DATA") --build $(BUILD) \
	  --program $(BUILD)/bin/sparsys $(FPGA_ARGS)

format: setup-format
	@git ls-files -z '*.cpp' '*.hpp' | xargs -0 clang-format -i

clean:
	$(OPTIONS)
	@rm -rf -- "$$BUILD"
