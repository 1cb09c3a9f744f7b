#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what the build needs and this machine lacks, from Debian's packages; does nothing if all
# is there. Tools are looked for on PATH and headers by the compiler, wherever they came from.
#   setup.sh fpga         also place and route for iCE40
#   setup.sh fpga-setup   also what a Python environment needs
set -u

missing=""
need() { missing="$missing $1"; }
tool() { command -v "$1" >/dev/null 2>&1 || need "$2"; }

tool make make
tool cmake cmake
tool ninja ninja-build
tool verilator verilator
tool iverilog iverilog
tool yosys yosys
tool sta opensta
[ -r /usr/share/qflow/tech/osu018/osu018_stdcells.lib ] || need qflow-tech-osu018
tool ccache ccache
tool python3 python3
for module in jinja2 jsonschema; do
  python3 -c "import $module" 2>/dev/null || need "python3-$module"
done
case "${1:-}" in
  fpga) tool nextpnr-ice40 nextpnr-ice40; tool icepack fpga-icestorm ;;
  fpga-setup) python3 -c 'import ensurepip' 2>/dev/null || need python3-venv ;;
esac
if command -v g++ >/dev/null 2>&1; then
  # One preprocessor run asks for all headers; what is left of the text are packages.
  missing="$missing $(g++ -std=c++17 -E -P -x c++ -I/usr/include/eigen3 - 2>/dev/null <<'HEADERS' | tr '\n' ' '
#if !__has_include(<gtest/gtest.h>)
libgtest-dev
#endif
#if !__has_include(<benchmark/benchmark.h>)
libbenchmark-dev
#endif
#if !__has_include(<Eigen/Core>)
libeigen3-dev
#endif
#if !__has_include(<zlib.h>)
zlib1g-dev
#endif
#if !__has_include(<nlohmann/json.hpp>)
nlohmann-json3-dev
#endif
#if !__has_include(<CLI/CLI.hpp>)
libcli11-dev
#endif
#if !__has_include(<google/protobuf/message.h>)
libprotobuf-dev
#endif
#if !__has_include(<onnx/onnx_pb.h>)
libonnx-dev
#endif
HEADERS
)"
else
  need "g++ libgtest-dev libbenchmark-dev libeigen3-dev zlib1g-dev nlohmann-json3-dev libcli11-dev \
libprotobuf-dev libonnx-dev"
fi
missing=$(echo $missing)  # squeezes spaces
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
  echo "setup: this machine lacks: $missing (Debian's names), and has no apt-get to install them with" >&2
  exit 1
fi
as_root=""
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null 2>&1; then
    echo "setup: run as root, or install sudo: these packages are missing: $missing" >&2
    exit 1
  fi
  as_root="sudo"
  # Nobody is there to type a password.
  [ -t 0 ] || as_root="sudo -n"
fi
apt() { $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" </dev/null; }

echo "setup: installing with apt-get: $missing"
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
# An update may fail for a package source that is not needed: the installation decides.
apt update >"$log" 2>&1
if ! apt install --no-install-recommends $missing >>"$log" 2>&1; then
  tail -n 20 "$log" >&2
  echo "setup: apt-get could not install: $missing (its last lines are above)" >&2
  exit 1
fi
echo "setup: done"
