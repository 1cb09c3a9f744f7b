# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154
# The sparse engine with convolutions in front, which the host runs.
expect 0 train --network lenet-5 --synthetic --limit 600 --epochs 1 --seed 3 --threads 2 \
  --out float.model
expect 0 compress float.model --target eie -o split.model --synthetic --limit 600 --rounds 1 \
  --retrain-epochs 1 --fine-tune-epochs 0 --json compressed.json
holds out "front   host, float" "engine  sparse engine" "hand-over" "cut at 'pool2'" \
  "2 fully connected layers from 'ip1'" "test error" "written: split.model"
valid compressed compressed.json
holds compressed.json '"cut": ' '"runs_on": "sparse engine"' '"share_pct": '
expect 0 inspect split.model --pe 4 --json inspect.json
holds out "split network lenet-5" "cut at 'pool2" "MaxPool" "in front of it is none" \
  "codebook of ip1" "sparse engine of 4 PEs" "784 inputs"
holds inspect.json '"kind": "split network"' '"parts"' '"input_frac"' '"front"'

# All levels give the same; cycles are the engine's.
for level in function cycle rtl; do
  expect 0 run split.model --synthetic --images 3 --level $level --pe 4 --outputs $level.npy \
    --json run.json
  holds out "front" "host, float" "hand-over" "0.00 % saturated" "ms a sample"
  valid run run.json
  holds run.json '"cut": ' '"saturated_inputs": 0' '"parts"'
done
holds out "every output value identical" "lockstep"
cmp -s function.npy cycle.npy || wrong "cycle and functional model differ"
cmp -s function.npy rtl.npy || wrong "RTL and functional model differ"
# Values of both parts by their names; the hand-over's are what the float model has.
expect 0 run float.model --synthetic --images 3 --tensor conv1 --outputs float.npy
holds out "float.npy: 3 x 11520 values"
pool=$(sed -n 's/.*"cut": "\(.*\)".*/\1/p' run.json)
for tensor in "$pool" ip1; do
  expect 0 run split.model --synthetic --images 3 --level function --tensor "$tensor" \
    --outputs value.npy
  expect 0 run split.model --synthetic --images 3 --level function --tensor "$tensor" \
    --expect value.npy
done
refuse "expected one of" run split.model --synthetic --images 3 --level function --tensor nothing \
  --outputs other.npy
refuse "its parts are packed already" pack split.model --out packed.model
refuse "which has no floating point" run split.model --level float --synthetic

# An int8 front; without data; another cut; as one network.
expect 0 compress float.model --target eie --front int8 --no-data --max-error 100 -o int8.model
holds out "host, int8"
expect 0 run int8.model --synthetic --images 2 --level cycle --pe 4
holds out "host, int8" "every output value identical"
expect 0 run int8.model --synthetic --images 2 --level function --tensor conv2 --outputs front.npy
expect 0 run int8.model --synthetic --images 2 --level function --tensor conv2 --expect front.npy
refuse "its front is int8" export int8.model --out int8.onnx
expect 0 export split.model --out split.onnx
expect 0 compress split.onnx --target eie --no-data --max-error 100 -o again.model
holds out "radix points" "random inputs"
refuse "expected one of" compress float.model --target eie --no-data --cut conv1 -o no.model
refuse "there is no value of this name" compress float.model --target eie --no-data --cut none \
  -o no.model
refuse "is not for --target stored" compress float.model --no-data --cut "$pool" -o no.model
