# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154
# Help, wrong usage, bad input, output that cannot be written.
expect 0 --version
holds out "sparsys "
commands="train import export compress compress-report quantise run inspect pack unpack demo layer gemm bench-eie explore"
expect 0 --help
holds out $commands "Exit codes"
grep -q demo-mxu out && wrong "an old name is in the help"
for command in $commands; do
  expect 0 "$command" --help
  holds out "Example: sparsys $command"
done
expect 0 run --help
grep -q -e --engine out && wrong "an old spelling is in the help"

make_float
make_compressed
make_quantised
expect 0 pack net.model --out net.sps
expect 0 export float.model --out float.onnx

# ---- wrong usage ----
refuse "A command is required"
refuse "nonsense" nonsense
refuse "--out" train --synthetic
refuse "lenet-5" train --synthetic --network alexnet --out x.model
refuse "N_PE is 3" inspect net.model --pe 3
refuse "one per layer" compress --model float.model --out x.model --density 0.1,0.2
refuse "--density" compress --model float.model --out x.model --density 0.1,0.2,1.5
refuse "excludes" compress --model float.model --out x.sps --density 0.1 --quality 1
refuse "excludes" compress --model float.model --out x.sps --no-data --synthetic
refuse "--input: is for --no-data" compress --model float.model --out x.model --target eie \
  --input x.npy
refuse "--bits" compress --model float.model --out x.sps --bits 9
refuse "--init" compress --model float.model --out x.sps --init magic
refuse "one per layer" compress --model float.model --out x.sps --bits 4,4 --no-data
refuse "--bits: is not for --target mxu" compress --model float.model --out x --target mxu --bits 4
refuse "--samples: is not for --target stored" compress --model float.model --out x --samples 10
refuse "excludes" train --synthetic --data . --out x.model
refuse "--percentile" quantise --model float.model --out x --percentile 40
refuse "expected above 50" quantise --model float.model --out x --percentile 50 --synthetic \
  --limit 1000
refuse "radix points" quantise --model float.model --out x --percentile 99 --scheme radix \
  --synthetic --limit 1000

# ---- bad input ----
refuse "nowhere" train --data nowhere --out x.model
mkdir empty
refuse "train-images-idx3-ubyte" train --data empty --out x.model
refuse "15 of the sparse engine" compress --model float.model --out x.model --target eie --bits 5 \
  --synthetic --limit 500 --rounds 1 --retrain-epochs 0 --fine-tune-epochs 0
refuse "compressed" compress --model net.model --out x.model --synthetic
refuse "holds a quantised network, expected a float model" quantise --model int8.model --out x
head -c 2000 net.model >short.model
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

# ---- output that cannot be written; told before the training ----
refuse "nowhere/x.model" train --synthetic --epochs 100000 --out nowhere/x.model
refuse "empty: cannot write: is a directory" train --synthetic --epochs 100000 --out empty
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
rm -f err-full code-full
ls -A >after
cmp -s before after || wrong "full disk: left behind $(diff before after)"
if [ -w /dev/full ]; then
  "$program" inspect net.model >/dev/full 2>err && wrong "nothing told of a full standard output"
fi
