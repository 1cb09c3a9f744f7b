# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154
# Networks on both engines of the accelerator: images, placement, runs by the driver, the demo.
expect 0 train --network lenet-5 --synthetic --limit 600 --epochs 1 --out float.model
less="--synthetic --limit 600 --rounds 1 --retrain-epochs 1 --fine-tune-epochs 0"
# shellcheck disable=SC2086  # options are words
{
  expect 0 compress float.model --target eie --front int8 $less -o split.model
  expect 0 compress float.model --target stored $less -o net.sps
  expect 0 compress float.model --target stored $less --bits 8,8,4,4 -o few.sps
}
size="--pe 4 --array 4"

# The split network as it is.
# shellcheck disable=SC2086
expect 0 build split.model -o split.image $size --explain --synthetic --json build.json
holds out "conv1" "ip2" "roofline" "measured" "as the file has it" "800 bytes to 16 bits" \
  "written: split.image"
holds build.json '"phases": 2' '"measured_cycles"' '"operations_per_byte"' '"matrix_unit_cycles"'
expect 0 run split.image --synthetic --images 20 --json run.json --outputs image.npy
holds out "by its driver" "every output value identical" "wrong answers"
holds run.json '"target": "top"' '"mismatched_values": 0' '"level": "function"'
expect 0 run split.image --synthetic --images 3 --level rtl --json run.json
holds out "every output value identical" "signals identical in" "cycles"
holds run.json '"mismatched_signals": 0' '"lockstep": true' '"cycles_both"'
expect 0 run split.image --synthetic --images 3 --level rtl --no-lockstep
holds out "every output value identical"
refuse "--no-lockstep: is for --level rtl only" run split.image --no-lockstep --synthetic

expect 0 inspect split.image --json inspect.json
holds out "4 PEs of 1 lanes" "an array of 4x4" "Matrix_Run" "Sparse_Load" "scratch + 0" "spread"
holds inspect.json '"kind": "image"' '"multiplier"' '"weights"' '"phases": 2'

# A stored network is placed: the sparse engine takes what has up to 15 values.
# shellcheck disable=SC2086
{
  expect 0 build net.sps -o matrix.image $size --synthetic --limit 600
  holds out "all layers on the matrix unit" "cycles by the roofline"
  refuse "--place ip1=eie: the sparse engine runs the fully connected layers at the end, of up to 15" \
    build net.sps -o no.image $size --place ip1=eie --synthetic --limit 600
  refuse "--place ip9: no such layer; expected one of conv1, conv2, ip1, ip2" \
    build net.sps -o no.image $size --place ip9=eie --synthetic --limit 600
  expect 0 run matrix.image --synthetic --images 5
  holds out "every output value identical"
  # Of 15 values at most both engines can take it: it depends on their sizes, and on the user.
  expect 0 build few.sps -o few.image $size --synthetic --limit 600
  holds out "from 'ip1' on the sparse engine" "least of 3"
  expect 0 build few.sps -o large.image --pe 1 --array 256 --bus 64 --synthetic --limit 600
  holds out "from 'ip2' on the sparse engine"
  expect 0 build few.sps -o said.image $size --place ip2=mxu --synthetic --limit 600
  holds out "all layers on the matrix unit" "least of 1"
  for image in few large said; do
    expect 0 run $image.image --synthetic --images 5
    holds out "every output value identical"
  done
  refuse "--place: 'ip1' on the sparse engine, and a layer behind it on the matrix unit" \
    build few.sps -o no.image $size --place ip1=eie --place ip2=mxu --synthetic --limit 600

  # What cannot be.
  refuse "--place ip1=mxu: split.model has it for the engine eie" \
    build split.model -o no.image $size --place ip1=mxu
  refuse "--place conv1: expected LAYER=mxu or LAYER=eie" \
    build split.model -o no.image $size --place conv1
  refuse "float.model: holds a float model" build float.model -o no.image $size
  refuse "split.model: layer 1 (ip1): entry memory" build split.model -o no.image $size --entries 64
  expect 0 compress float.model --target eie $less -o host.model
  refuse "host.model: network 'lenet-5': its front is in floating point" \
    build host.model -o no.image $size
}
expect 0 build split.model -o other.image --pe 2 --array 5
refuse "no RTL of --pe 2 --array 5 is built into this program" run other.image --level rtl --synthetic
head -c 5000 split.image >short.image
refuse "short.image: header: an image of" run short.image --synthetic
refuse "--level cycle: split.image is an image" run split.image --level cycle --synthetic
refuse "--pe: split.image is an image, which has the engines' sizes" run split.image --pe 4 --synthetic

# The demo, small.
expect 0 demo-top --synthetic --limit 600 --epochs 1 --images 3 --size small --cache models \
  --report demo-top.json
holds out "ok      every signal the same" "ok      every output of the RTL" "ok      no rule of AXI4" "ok      both engines at work"
valid demo-top demo-top.json
