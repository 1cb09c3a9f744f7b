# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154
# Training, compression, files of all kinds.
make_float
holds out "synthetic" "test error" "written: float.model"
# A few steps, too, are to lead somewhere.
expect 1 train --synthetic --limit 1000 --epochs 2 --learning-rate 1e-9 --out nothing.model
holds err "nothing was learnt; try more --epochs"
[ ! -e nothing.model ] || wrong "a network that learnt nothing is written"
make_compressed
holds out "fixed point" "weights kept" "times smaller" "written: net.model"
expect 0 inspect float.model
holds out "float model lenet-300-100" "784 inputs"
expect 0 inspect net.model --pe 16 --json inspect.json
holds out "codebook of ip1" "sparse engine of 16 PEs" "padding" "balance"
holds inspect.json '"entries_per_pe"' '"n_pe": 16' '"command": "sparsys inspect net.model --pe 16'
make_quantised --json quantised.json
holds out "affine" "after (functional model of the matrix unit)" "written: int8.model"
valid quantised quantised.json
expect 0 inspect int8.model
holds out "quantised network lenet-300-100" "784 x 1 x 1" "weight memory of 256x256" "longest bus"
# The other name of the same.
expect 0 quantise --model float.model --out other.model --synthetic --limit 1000 --seed 3 \
  --samples 100
cmp -s int8.model other.model || wrong "quantise and compress --target mxu differ"
expect 0 quantise --model float.model --out radix.model --synthetic --limit 1000 --samples 100 \
  --scheme radix --no-test --json -
mv out quantised.json
: >out
valid quantised quantised.json
holds quantised.json '"scheme": "radix"'
expect 0 compress float.model --target mxu --out shared.model --synthetic --limit 1000 \
  --samples 100 --scheme shared --no-test --json -
mv out quantised.json
: >out
valid quantised quantised.json
holds quantised.json '"scheme": "shared"'

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
expect 0 compress --model float.model --out stored.sps --synthetic --limit 1000 --rounds 1 \
  --epochs 1 --learning-rate 0.05 --batch 64 --momentum 0.8 --reassign-epochs 1 \
  --fine-tune-epochs 1 --json compressed.json
holds out "fine-tune" "times smaller" "test error" "written: stored.sps"
grep -q "in brackets: Deep Compression" out && wrong "figures of MNIST beside other digits"
valid compressed compressed.json
holds compressed.json '"original_bytes": 1066440' "\"stored_bytes\": $(wc -c <stored.sps)" \
  '"name": "ip3"' '"name": "reassign"'
expect 0 compress --model float.model --out pruned.sps --no-data --density 0.1,0.1,0.3 --bits 4 \
  --balance 4 --index-bits 5 --json compressed.json
holds out "10.0 10.0 30.0"
valid compressed compressed.json
holds compressed.json '"index_bits": 5.0' '"validation_error_pct": null' '"name": "share"'
expect 0 compress --model float.model --out all.sps --no-data --bits 2 --json -
holds out '"density_pct": 100.0'

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
