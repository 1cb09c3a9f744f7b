#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Tests of the program `sparsys` as its user sees it.
# Usage: program_test.sh PROGRAM SOURCES PART, a file of parts/
set -u
program=$1
sources=$2
part=$3
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
here=$(cd "$(dirname "$0")" && pwd) || exit 1
cd "$work" || exit 1
failures=0

wrong() {
  failures=$((failures + 1))
  echo "FAILED: $*"
  echo "  stdout: $(head -5 out)"
  echo "  stderr: $(head -5 err)"
}

# expect CODE ARGUMENTS...: runs the program, keeps stdout in `out` and stderr in `err`.
expect() {
  code=$1
  shift
  "$program" "$@" >out 2>err
  status=$?
  [ "$status" -eq "$code" ] || wrong "exit code $status, expected $code: sparsys $*"
}

# refuse TEXT ARGUMENTS...: exit code 1 and one line on stderr that holds TEXT; no file is left.
refuse() {
  text=$1
  shift
  ls -A >before
  expect 1 "$@"
  [ "$(wc -l <err)" -eq 1 ] || wrong "more or less than one line on stderr: sparsys $*"
  grep -q '^sparsys: error: ' err || wrong "no error message: sparsys $*"
  grep -qF -e "$text" err || wrong "message without '$text': sparsys $*"
  ls -A >after
  cmp -s before after || wrong "left behind: $(diff before after | tr '\n' ' '): sparsys $*"
}

# holds FILE TEXT...: every text is in the file.
holds() {
  file=$1
  shift
  for text in "$@"; do
    grep -qF -e "$text" "$file" || wrong "no '$text' in $file: $(head -40 "$file")"
  done
}

# valid SCHEMA FILE: a report keeps to its JSON schema.
valid() {
  (cd "$sources" && python3 -B -m scripts.report.validate --schema "$1" "$work/$2") 2>err ||
    wrong "$2 breaks schema $1"
}

# Small networks that parts begin with.
make_float() {
  expect 0 train --synthetic --limit 1000 --epochs 2 --seed 3 --threads 2 --out float.model
}
make_compressed() {
  expect 0 compress --model float.model --target eie --out net.model --synthetic --limit 1000 \
    --rounds 1 --retrain-epochs 2 --fine-tune-epochs 1 --density 0.08,0.1,0.3
}
make_quantised() {
  expect 0 compress --target mxu --model float.model --out int8.model --synthetic --limit 1000 \
    --seed 3 --samples 100 "$@"
}

: >out; : >err; : >before; : >after
# shellcheck source=/dev/null
. "$here/parts/$part.sh"
echo "$failures failures"
[ "$failures" -eq 0 ]
