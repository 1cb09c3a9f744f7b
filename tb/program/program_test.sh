#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Tests of the program `sparsys` as its user sees it. Usage: program_test.sh PROGRAM
set -u
program=$1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
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

: >out; : >err; : >before; : >after

# ---- what works ----
expect 0 --version
holds out "sparsys "
expect 0 --help
holds out train import export compress compress-report quantise run inspect pack unpack demo demo-mxu \
  "Exit codes"
for command in train import export compress compress-report quantise run inspect pack unpack demo demo-mxu; do
  expect 0 $command --help
  holds out "Example: sparsys $command"
done

expect 0 train --synthetic --limit 1000 --epochs 2 --seed 3 --threads 2 --out float.model
holds out "synthetic" "test error" "written: float.model"
expect 0 compress --model float.model --target eie --out net.model --synthetic --limit 1000 \
  --rounds 1 --retrain-epochs 2 --fine-tune-epochs 1 --density 0.08,0.1,0.3
holds out "fixed point" "weights kept" "times smaller" "written: net.model"
expect 0 inspect float.model
holds out "float model lenet-300-100" "784 inputs"
expect 0 inspect net.model --pe 16 --json inspect.json
holds out "codebook of ip1" "sparse engine of 16 PEs" "padding" "balance"
holds inspect.json '"entries_per_pe"' '"n_pe": 16'
expect 0 quantise --model float.model --out int8.model --synthetic --limit 1000 --seed 3 \
  --samples 100 --json quantise.json
holds out "affine" "after (functional model of the matrix unit)" "written: int8.model"
holds quantise.json '"int8_error_pct"' '"float_error_pct"'
expect 0 inspect int8.model
holds out "quantised network lenet-300-100" "784 x 1 x 1"
expect 0 run --engine mxu --model int8.model --array 16 --batch 20 --images 50 --synthetic \
  --json mxu.json --waves mxu.fst
holds out "RTL in lockstep of a matrix unit of 16x16" "every output value identical" \
  "signals identical in" "for 3 batches" "array active" "weight stall"
holds mxu.json '"mismatched_values": 0' '"rows": 16' '"cycles"' '"lockstep": true' \
  '"checked_cycles"' '"checked_signals_per_cycle"' '"mismatched_signals": 0'
[ -s mxu.fst ] || wrong "no waveform of the matrix unit"
grep '_cycles"\|"cycles"\|"errors"' mxu.json | grep -v checked >lockstep.txt
for alone in "mxu --no-lockstep" mxu-cycle; do
  expect 0 run --engine $alone --model int8.model --array 16 --batch 20 --images 50 --synthetic \
    --json mxu.json
  holds mxu.json '"mismatched_values": 0' '"lockstep": false'
  grep '_cycles"\|"cycles"\|"errors"' mxu.json | cmp -s - lockstep.txt ||
    wrong "cycles in lockstep and of $alone differ"
done
expect 0 run --engine mxu-function --model int8.model --images 50 --synthetic --json mxu.json
grep '"errors"' mxu.json | cmp -s - lockstep.txt && wrong "lockstep.txt holds errors only"
grep -qF "$(grep '"errors"' mxu.json)" lockstep.txt || wrong "wrong digits differ"
expect 0 run --engine mxu-cycle --model int8.model --array 20 --images 10 --synthetic
holds out "cycle model of a matrix unit of 20x20"
refuse "built in with 16 and 256 rows and columns; --engine mxu-cycle" run --engine mxu \
  --model int8.model --array 20 --synthetic
expect 0 quantise --model float.model --out radix.model --synthetic --limit 1000 --samples 100 \
  --scheme radix --json -
holds out '"scheme": "radix"'
refuse "holds a quantised network, expected a compressed network" run --model int8.model --synthetic
refuse "holds a compressed network, expected a quantised network" run --model net.model \
  --engine mxu --synthetic
refuse "--waves" run --model int8.model --engine mxu --no-lockstep --waves w.fst --synthetic
refuse "--waves" run --model int8.model --engine mxu-cycle --waves w.fst --synthetic
refuse "--no-lockstep" run --model int8.model --engine mxu-cycle --no-lockstep --synthetic
refuse "holds a quantised network, expected a float model" quantise --model int8.model --out x
refuse "--percentile" quantise --model float.model --out x --percentile 40
refuse "expected above 50" quantise --model float.model --out x --percentile 50 --synthetic \
  --limit 1000
refuse "radix points" quantise --model float.model --out x --percentile 99 --scheme radix \
  --synthetic --limit 1000
expect 0 inspect net.model --json -
holds out '"kind": "compressed network"'
expect 0 pack net.model --out net.sps --json pack.json
holds out "Huffman" "header" "times smaller" "written: net.sps"
holds pack.json '"original_bytes"' "\"stored_bytes\": $(wc -c <net.sps)" '"ratio"' \
  '"density_pct"' '"weight_bits_huffman"' '"index_bits_huffman"' '"name": "ip3"'
expect 0 unpack net.sps --out unpacked.model
cmp -s net.model unpacked.model || wrong "unpack does not give the network that was packed"
expect 0 pack net.model --out wide.sps --index-bits 4 --json -
holds out '"index_bits": 4.0'
[ "$(wc -c <net.sps)" -le "$(wc -c <wide.sps)" ] || wrong "the best width is not the best"

# Stored models: with training, and without data, where zeros stay.
quick="--synthetic --limit 1000 --rounds 1 --retrain-epochs 1 --reassign-epochs 1
  --fine-tune-epochs 1"
expect 0 compress --model float.model --out stored.sps $quick --json compress.json
holds out "fine-tune" "in brackets: Deep Compression" "times smaller" "test error" \
  "written: stored.sps"
holds compress.json '"float_error_pct"' '"compressed_error_pct"' '"original_bytes": 1066440' \
  "\"stored_bytes\": $(wc -c <stored.sps)" '"ratio"' '"density_pct"' '"weight_bits"' \
  '"weight_bits_huffman"' '"index_bits"' '"index_bits_huffman"' '"name": "ip3"' \
  '"validation_error_pct"' '"name": "reassign"'
expect 0 run --model stored.sps --images 3 --synthetic --engine function
holds out "wrong digits"
expect 0 run --model net.sps --images 3 --synthetic --engine function
expect 0 compress --model float.model --out pruned.sps --no-data --density 0.1,0.1,0.3 --bits 4 \
  --balance 4 --index-bits 5 --json compress.json
holds out "10.0 10.0 30.0"
holds compress.json '"index_bits": 5.0' '"validation_error_pct": null' '"name": "share"'
expect 0 compress --model float.model --out all.sps --no-data --bits 2 --json -
holds out '"density_pct": 100.0'

# Ctrl-C in the middle, and the same command again: the file of an undisturbed run.
long="--model float.model --synthetic --limit 3000 --rounds 2 --retrain-epochs 30
  --reassign-epochs 2 --fine-tune-epochs 1 --no-test"
expect 0 compress $long --out straight.sps
# The shell has commands in the background ignore SIGINT; Python sets it back.
cat >interrupt.py <<'END'
import os, signal, subprocess, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
until = sys.argv[1]
process = subprocess.Popen(sys.argv[2:], stderr=subprocess.PIPE, text=True)
lines = []
for line in process.stderr:
    lines.append(line)
    if line.startswith(until) and " 2" in line and len(lines) > 3:
        process.send_signal(signal.SIGINT)
        break
rest = process.stderr.read()
sys.stderr.write(rest)
sys.exit(process.wait())
END
python3 interrupt.py "prune 2/2" "$program" compress $long --out resumed.sps --checkpoints kept >out 2>err
status=$?
[ "$status" -eq 130 ] || wrong "exit code $status after Ctrl-C, expected 130"
holds err "stopped" "again"
[ -e resumed.sps ] && wrong "a stopped run has written its file"
expect 0 compress $long --out resumed.sps --checkpoints kept
cmp -s straight.sps resumed.sps || wrong "a resumed run gives another file"

long="--network lenet-5 --synthetic --limit 1000 --epochs 10"
expect 0 train $long --out straight.model --no-test
python3 interrupt.py train "$program" train $long --out resumed.model --checkpoints kept >out 2>err
status=$?
[ "$status" -eq 130 ] || wrong "exit code $status after Ctrl-C in training, expected 130"
holds err "stopped after epoch" "again"
[ -e resumed.model ] && wrong "a stopped training has written its file"
expect 0 train $long --out resumed.model --checkpoints kept
cmp -s straight.model resumed.model || wrong "a resumed training gives another file"
expect 0 inspect resumed.model
holds out "float model lenet-5" "conv2"

expect 0 run --model net.model --images 3 --pe 4 --synthetic --json run.json
holds out "RTL in lockstep, 4 PEs" "signals identical" "every output value identical"
holds run.json '"errors"' '"error_pct"' '"mismatched_images": 0' '"mismatched_signals": 0' \
  '"checked_cycles"' '"checked_signals_per_cycle"' '"cycles_per_image"' '"io_cycles_per_image"' \
  '"pe_utilisation_pct"' '"entries_per_image"' '"broadcasts_per_image"' '"cycles_per_second"'
cycles=$(grep '"cycles_per_image"' run.json)
expect 0 run --model net.model --images 3 --pe 4 --synthetic --engine cycle --json run.json
holds run.json "$cycles" '"lockstep": false'
expect 0 run --model net.model --images 3 --pe 4 --synthetic --no-lockstep --json run.json
holds run.json "$cycles" '"engine": "rtl"' '"lockstep": false'
expect 0 run --model net.model --images 3 --first 50 --pe 32 --queue 3 --synthetic --engine cycle
holds out "cycle model, 32 PEs" "every output value identical"
expect 0 run --model net.model --images 3 --synthetic --engine function --json -
holds out '"images_per_second"' '"engine": "function"'
expect 0 run --model net.model --images 1 --pe 2 --synthetic --waves waves.fst
[ -s waves.fst ] || wrong "no waveform"

expect 0 export float.model --out float.onnx
holds out "written: float.onnx"
expect 0 import float.onnx --out imported.model
holds out "lenet-300-100" "input [1, 784]" "266,200 weights, " "written: imported.model"
expect 0 export imported.model --out again.onnx --samples samples.json
cmp -s float.onnx again.onnx || wrong "import and export do not give the same file"
holds samples.json '"input_shape"' '"inputs"' '"outputs"' '"samples": 8'
expect 0 import float.onnx --out scaled.model --scale 0.5 --offset -1
cmp -s imported.model scaled.model && wrong "--scale is not kept"
expect 0 export net.model --out net.onnx
expect 0 import net.onnx --out sparse.model
holds out "of them 0"
expect 0 export net.sps --out stored.onnx
cmp -s net.onnx stored.onnx || wrong "a stored model is exported otherwise than what was stored"

demo="demo --synthetic --limit 1000 --epochs 2 --rounds 1 --retrain-epochs 1 --fine-tune-epochs 1
  --images 4 --pe 4"
expect 0 $demo
holds build/reports/demo.json '"dataset": "synthetic"' '"float_error_pct"' \
  '"compressed_error_pct"' '"rtl_images": 4' '"rtl_mismatched_images": 0' '"checked_cycles"' \
  '"checked_signals_per_cycle"' '"mismatched_signals": 0' '"cycles_per_image"' \
  '"io_cycles_per_image"' '"pe_utilisation_pct"' '"rtl_cycles_per_second"' \
  '"rtl_lockstep_cycles_per_second"' '"cycle_model_cycles_per_second"' '"layers"' '"name": "ip1"' \
  '"density_pct"' '"entries"' '"padding"' '"balance_pct"' '"cycle_mismatched_images": 0' \
  '"test_images": 10000'
# Again, from the cache, with the report behind the table; then with a damaged file in it.
expect 0 $demo --report -
holds out '"rtl_images": 4' "data set"
[ "$(grep -c '  from ' out)" -eq 2 ] || wrong "models were not taken from the cache"
net=$(ls build/models/*.net.model)
cp "$net" kept.model
head -c 1000 kept.model >"$net"
expect 0 $demo
[ "$(grep -c 'warning' err)" -eq 1 ] || wrong "a damaged file in the cache is not told in one line"
cmp -s "$net" kept.model || wrong "a damaged file in the cache was not made again"

# The matrix unit's, with the float network of the demo above.
expect 0 demo-mxu --synthetic --limit 1000 --epochs 2 --images 30 --array 16
[ "$(grep -c '  from ' out)" -eq 1 ] || wrong "the network was not taken from the cache"
holds build/reports/demo-mxu.json '"dataset": "synthetic"' '"rows": 16' '"cols": 16' \
  '"float_error_pct"' '"int8_error_pct"' '"rtl_images": 30' '"rtl_mismatched_values": 0' \
  '"checked_cycles"' '"mismatched_signals": 0' '"cycles"' '"active_cycles"' \
  '"useful_multiply_accumulates"' '"weight_stall_cycles"' '"weight_shift_cycles"' \
  '"input_stall_cycles"' '"read_after_write_stall_cycles"' '"non_matrix_cycles"' \
  '"verilate_and_build_seconds"' '"rtl_cycles_per_second"'
grep -q '"verilate_and_build_seconds": [0-9]' build/reports/demo-mxu.json ||
  wrong "how long the library took to build is not known"
expect 0 demo-mxu --synthetic --limit 1000 --epochs 2 --images 3 --array 16 --report -
holds out '"rtl_images": 3' "array active"

# ---- wrong usage ----
refuse "A command is required"
refuse "nonsense" nonsense
refuse "--out" train --synthetic
refuse "lenet-5" train --synthetic --network alexnet --out x.model
refuse "--engine" run --model net.model --engine magic
refuse "--images" run --model net.model --images 0
refuse "--images" run --model net.model --images -5
refuse "--pe" run --model net.model --pe many
refuse "N_PE is 3" run --model net.model --pe 3
refuse "N_PE is 3" run --model net.model --pe 3 --engine cycle
refuse "expected 2, 4, 16 or 64" demo --synthetic --epochs 100000 --pe 1
refuse "built in with 16 and 256" demo-mxu --synthetic --epochs 100000 --array 32
refuse "only 10000 test images" demo-mxu --synthetic --epochs 0 --images 20000 --array 16 --cache .
refuse "N_PE is 3" inspect net.model --pe 3
refuse "64" run --model net.model --pe 32
refuse "--waves" run --model net.model --engine cycle --waves w.fst
refuse "only 10000 test images" run --model net.model --synthetic --first 9999 --images 2
refuse "one per layer" compress --model float.model --out x.model --density 0.1,0.2
refuse "--density" compress --model float.model --out x.model --density 0.1,0.2,1.5
refuse "excludes" compress --model float.model --out x.sps --density 0.1 --quality 1
refuse "excludes" compress --model float.model --out x.sps --no-data --synthetic
refuse "images" compress --model float.model --out x.model --no-data --target eie
refuse "--bits" compress --model float.model --out x.sps --bits 9
refuse "one per layer" compress --model float.model --out x.sps --bits 4,4 --no-data
refuse "excludes" train --synthetic --data . --out x.model

# ---- bad input ----
refuse "nowhere" train --data nowhere --out x.model
mkdir empty
refuse "train-images-idx3-ubyte" train --data empty --out x.model
refuse "missing.model" run --model missing.model --synthetic
refuse "float" run --model float.model --synthetic
refuse "15 of the sparse engine" compress --model float.model --out x.model --target eie --bits 5 \
  --synthetic --limit 500 --rounds 1 --retrain-epochs 0 --fine-tune-epochs 0
refuse "compressed" compress --model net.model --out x.model --synthetic
head -c 2000 net.model >short.model
refuse "short.model" run --model short.model --synthetic
refuse "short.model" inspect short.model
: >nothing.model
refuse "nothing.model" inspect nothing.model
echo "This is a text, not a model, and long enough for a header." >text.model
refuse "text.model" inspect text.model
# The header of a version that wrote fully connected layers alone: kind 1, a payload of one byte.
printf '\211SPARSYS\1\0\0\0\1\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\240' >old.model
for command in "inspect old.model" "export old.model --out x.onnx" \
  "compress --model old.model --out x.sps --no-data" \
  "quantise --model old.model --out x.model --synthetic" "pack old.model --out x.sps"; do
  refuse "train again" $command
done
{ printf 'X'; tail -c +2 net.model; } >magic.model
refuse "magic.model" run --model magic.model --synthetic
{ head -c 500 net.model; printf 'XXXX'; tail -c +505 net.model; } >damaged.model
refuse "damaged.model" inspect damaged.model
refuse "float" pack float.model --out x.sps
refuse "not packed" unpack net.model --out x.model
{ head -c 500 net.sps; printf 'XXXX'; tail -c +505 net.sps; } >damaged.sps
refuse "damaged.sps: damaged: CRC-32" unpack damaged.sps --out x.model
refuse "--index-bits" pack net.model --out x.sps --index-bits 17
refuse "text.model: not an ONNX model" import text.model --out x.model
refuse "nothing.model: not an ONNX model: the file is empty" import nothing.model --out x.model
refuse "missing.onnx: cannot read" import missing.onnx --out x.model
refuse "empty: cannot read: not a regular file" import empty --out x.model
head -c 5000 float.onnx >short.onnx
refuse "short.onnx: not an ONNX model" import short.onnx --out x.model
refuse "NAME=SIZE" import float.onnx --out x.model --dim N
refuse "NAME=SIZE" import float.onnx --out x.model --dim N=0
refuse "--dim N=1: input 'input' has no dimension" import float.onnx --out x.model --dim N=1
refuse "twice" import float.onnx --out x.model --dim N=1 --dim N=2
refuse "float.onnx" export float.onnx --out x.onnx
refuse "damaged.model" export damaged.model --out x.onnx
refuse "damaged.sps" export damaged.sps --out x.onnx
refuse "nowhere/x.onnx" export float.model --out nowhere/x.onnx

for engine in rtl cycle function; do
  refuse "net.model: layer 1 (ip1): activation RAM" run --model net.model --synthetic \
    --engine $engine --pe 1
done
refuse "QUEUE_DEPTH is 999" run --model net.model --synthetic --engine cycle --queue 999

# Images of 2x2 pixels: magic, count, rows, columns, pixels; big-endian.
mkdir small
for set in train t10k; do
  printf '\000\000\010\003\000\000\000\002\000\000\000\002\000\000\000\00212345678' \
    >small/$set-images-idx3-ubyte
  printf '\000\000\010\001\000\000\000\002\001\002' >small/$set-labels-idx1-ubyte
done
refuse "pixels" run --model net.model --data small --images 1
refuse "pixels" compress --model float.model --data small --out x.model
head -c 20 small/t10k-images-idx3-ubyte >small/cut && mv small/cut small/t10k-images-idx3-ubyte
refuse "t10k-images-idx3-ubyte" run --model net.model --data small --images 1

# ---- output that cannot be written; told before the training ----
refuse "nowhere/x.model" train --synthetic --epochs 100000 --out nowhere/x.model
refuse "empty: cannot write: is a directory" train --synthetic --epochs 100000 --out empty
refuse "nowhere/r.json" run --model net.model --synthetic --json nowhere/r.json
refuse "text.model" demo --synthetic --epochs 100000 --cache text.model
refuse "text.model" demo --synthetic --epochs 100000 --report text.model/demo.json
refuse "text.model" demo-mxu --synthetic --epochs 100000 --cache text.model --array 16
# A file system that is full: files may have 4 blocks of 512 bytes.
ls -A >before
(
  ulimit -f 4
  "$program" train --synthetic --limit 200 --epochs 0 --out full.model >/dev/null 2>err-full
  echo $? >code-full
)
[ "$(cat code-full)" -eq 1 ] || wrong "full disk: exit code $(cat code-full)"
[ "$(grep -c '^sparsys: error: full.model: cannot write' err-full)" -eq 1 ] ||
  wrong "full disk: $(cat err-full)"
# The same in the middle of a waveform, which is written by GTKWave's library.
(
  ulimit -f 16
  "$program" run --model net.model --images 2 --pe 4 --synthetic --waves full.fst \
    >/dev/null 2>err-waves
  echo $? >code-waves
)
[ "$(cat code-waves)" -eq 1 ] || wrong "full disk, waves: exit code $(cat code-waves)"
[ "$(grep -c '^sparsys: error: full.fst: the waveform cannot be written' err-waves)" -eq 1 ] ||
  wrong "full disk, waves: $(cat err-waves)"
rm -f err-full code-full err-waves code-waves
ls -A >after
cmp -s before after || wrong "full disk: left behind $(diff before after)"
if [ -w /dev/full ]; then
  "$program" inspect net.model >/dev/full 2>err && wrong "nothing told of a full standard output"
fi

echo "$failures failures"
[ "$failures" -eq 0 ]
