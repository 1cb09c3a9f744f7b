# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154
# Both engines at all levels.
make_float
make_compressed
make_quantised
expect 0 pack net.model --out net.sps
expect 0 compress --model float.model --out stored.sps --no-data --density 0.1,0.1,0.3 --bits 3

run="run --model int8.model --batch 20 --images 50 --synthetic"
# Dense tiles of 16 x 16 take 67 cycles, a batch 20.
expect 0 $run --array 16 --level cycle --json mxu.json
holds out "for 2 batches" "2, as pays"
holds mxu.json '"keep": 2'
run="$run --keep 1"
expect 0 $run --array 16 --json mxu.json --waves mxu.fst
holds out "RTL in lockstep of a matrix unit of 16x16" "every output value identical" \
  "signals identical in" "for 3 batches" "array active" "weight stall"
valid run-mxu mxu.json
holds mxu.json '"mismatched_values": 0' '"rows": 16' '"lockstep": true' '"mismatched_signals": 0' \
  '"engine": "mxu"' '"level": "rtl"'
[ -s mxu.fst ] || wrong "no waveform of the matrix unit"
grep '_cycles"\|"cycles"\|"errors"' mxu.json | grep -v checked >lockstep.txt
for alone in "--level rtl --no-lockstep" "--level cycle" "--engine mxu-cycle"; do
  expect 0 $run --array 16 $alone --json mxu.json
  valid run-mxu mxu.json
  holds mxu.json '"mismatched_values": 0' '"lockstep": false'
  grep '_cycles"\|"cycles"\|"errors"' mxu.json | cmp -s - lockstep.txt ||
    wrong "cycles in lockstep and of $alone differ"
done
run="${run% --keep 1}"
expect 0 $run --array 16 --level cycle --keep 2 --json mxu.json
valid run-mxu mxu.json
holds out "for 2 batches"
holds mxu.json '"mismatched_values": 0' '"batch": 20' '"keep": 2'
expect 0 $run --engine mxu-function --json mxu.json
valid run-mxu mxu.json
holds mxu.json '"engine": "mxu-function"' '"level": "function"'
grep -qF "$(grep '"errors"' mxu.json)" lockstep.txt || wrong "wrong digits differ"
expect 0 run --level cycle --model int8.model --array 20 --images 10 --synthetic
holds out "cycle model of a matrix unit of 20x20"
refuse "built in with 8, 16, 32 and 256 rows and columns; --level cycle" run --model int8.model \
  --array 20 --synthetic

expect 0 run --model net.model --images 3 --pe 4 --synthetic --json run.json
holds out "RTL in lockstep of a sparse engine of 4 PEs" "signals identical" \
  "every output value identical"
valid run run.json
holds run.json '"mismatched_images": 0' '"mismatched_signals": 0' '"checked_cycles"' \
  '"pe_utilisation_pct"' '"entries_per_image"' '"engine": "rtl"'
cycles=$(grep '"cycles_per_image"' run.json)
for alone in "--level cycle" "--engine cycle" --no-lockstep; do
  expect 0 run --model net.model --images 3 --pe 4 --synthetic $alone --json run.json
  valid run run.json
  holds run.json "$cycles" '"lockstep": false'
done
expect 0 run --model net.model --images 3 --first 50 --pe 32 --queue 3 --synthetic --level cycle
holds out "cycle model of a sparse engine of 32 PEs" "every output value identical"
expect 0 run --model net.model --images 3 --synthetic --level function --json -
mv out run.json
: >out
valid run run.json
holds run.json '"images_per_second"' '"engine": "function"'
expect 0 run --model stored.sps --images 3 --synthetic --level function
holds out "wrong answers"
expect 0 run --model net.sps --images 3 --synthetic --level function
expect 0 run --model net.model --images 1 --pe 2 --synthetic --waves waves.fst
[ -s waves.fst ] || wrong "no waveform"

# Values out: each engine and level, floats too, in three kinds of files, and compared.
for model in net.model int8.model; do
  expect 0 run --model $model --level function --images 8 --synthetic --outputs want.npy
  for kind in csv json npy; do
    expect 0 run --model $model --level cycle --images 8 --synthetic --outputs values.$kind \
      --expect want.npy --json run.json
    holds run.json '"largest_difference": 0.0' '"top5_error_pct"'
    expect 0 run --model $model --level function --images 8 --synthetic --expect values.$kind
  done
  expect 1 run --model $model --level function --first 1 --images 8 --synthetic --expect want.npy
  [ "$(wc -l <err)" -eq 1 ] || wrong "more or less than one line on stderr"
  holds err "beyond 0, first value"
  expect 0 run --model $model --level function --first 1 --images 8 --synthetic \
    --expect want.npy --tolerance 1e6
  expect 0 run --model $model --level function --images 8 --synthetic --tensor ip1 \
    --outputs ip1.csv
  [ "$(wc -l <ip1.csv)" -eq 8 ] || wrong "not a line for each sample"
  # The last layer makes the output.
  expect 0 run --model $model --level function --images 8 --synthetic --tensor ip3 \
    --expect want.npy
  refuse "expected one of ip1, ip2, ip3" run --model $model --synthetic --level function \
    --tensor ip7 --outputs x.csv
done
expect 0 run --model float.model --images 8 --synthetic --outputs float.csv
holds out "in floating point" "wrong answers"
expect 0 run --model stored.sps --level float --images 8 --synthetic --outputs stored.json
head -n 1 float.csv | sed 's/[^,]//g' | grep -q '^,,,,,,,,,$' || wrong "not ten values a line"
awk 'BEGIN { for (i = 0; i < 784; ++i) printf "%s%g", i ? "," : "", i % 7 / 8; print "" }' >in.csv
expect 0 run --model float.model --input in.csv --outputs one.npy
expect 0 run --model int8.model --input in.csv --level cycle --array 16 --outputs two.npy
expect 0 run --model net.model --input in.csv --level cycle --outputs three.npy
refuse "want.npy: 80 values, expected a multiple" run --model float.model --input want.npy
refuse "ends in .npy, .csv or .json" run --model float.model --synthetic --outputs x.txt
refuse "want.npy: 80 values" run --model float.model --synthetic --images 3 --expect want.npy
refuse "also read" run --model float.model --input in.csv --outputs in.csv
# Engines of other memories.
expect 0 run --model net.model --images 2 --synthetic --level cycle --pe 1 --act-ram 2048
holds out "every output value identical"
refuse "is built into this program; there are:" run --model net.model --synthetic --pe 4 --act-ram 2048
# Radix points without data.
expect 0 compress --model float.model --target eie --no-data --density 0.1,0.1,0.3 --out random.eie
holds out "200 random inputs" "16-bit layer" "written: random.eie"
expect 0 compress --model float.model --target eie --no-data --density 0.1,0.1,0.3 --out given.eie \
  --input in.csv --json compressed.json
valid compressed compressed.json
holds compressed.json '"fixed_point"' '"negative_inputs_pct": 0.0'
expect 0 run --model given.eie --level cycle --input in.csv

# Old spellings, and options of the other engine.
refuse "--engine rtl: int8.model holds a quantised network, which runs on the matrix unit" \
  run --model int8.model --engine rtl --synthetic
refuse "--engine mxu: net.model holds a compressed network, which runs on the sparse engine" \
  run --model net.model --engine mxu --synthetic
refuse "excludes" run --model net.model --engine rtl --level cycle
refuse "--pe: is of the sparse engine" run --model int8.model --pe 4 --synthetic
refuse "--array: is of the matrix unit" run --model net.model --array 16 --synthetic
refuse "--level" run --model net.model --level magic
refuse "--engine magic" run --model net.model --engine magic
refuse "--waves" run --model int8.model --no-lockstep --waves w.fst --synthetic
refuse "--waves" run --model int8.model --level cycle --waves w.fst --synthetic
refuse "--no-lockstep" run --model int8.model --level cycle --no-lockstep --synthetic
refuse "--images" run --model net.model --images 0
refuse "--images" run --model net.model --images -5
refuse "--pe" run --model net.model --pe many
refuse "N_PE is 3" run --model net.model --pe 3
refuse "N_PE is 3" run --model net.model --pe 3 --level cycle
refuse "64" run --model net.model --pe 32
refuse "QUEUE_DEPTH is 999" run --model net.model --synthetic --level cycle --queue 999
refuse "only 10000 test samples" run --model net.model --synthetic --first 9999 --images 2
refuse "missing.model" run --model missing.model --synthetic
refuse "float.model: holds a float model" run --model float.model --synthetic --level rtl
refuse "--level float: net.model" run --model net.model --synthetic --level float
head -c 2000 net.model >short.model
refuse "short.model" run --model short.model --synthetic
{ printf 'X'; tail -c +2 net.model; } >magic.model
refuse "magic.model" run --model magic.model --synthetic
for level in rtl cycle function; do
  refuse "net.model: layer 1 (ip1): activation RAM" run --model net.model --synthetic \
    --level $level --pe 1
done

# Images of 2x2 pixels: magic, count, rows, columns, pixels; big-endian.
mkdir small
for set in train t10k; do
  printf '\000\000\010\003\000\000\000\002\000\000\000\002\000\000\000\00212345678' \
    >small/$set-images-idx3-ubyte
  printf '\000\000\010\001\000\000\000\002\001\002' >small/$set-labels-idx1-ubyte
done
refuse "the network takes 784 inputs" run --model net.model --data small --images 1
refuse "the network takes 784 inputs" compress --model float.model --data small --out x.model
head -c 20 small/t10k-images-idx3-ubyte >small/cut && mv small/cut small/t10k-images-idx3-ubyte
refuse "t10k-images-idx3-ubyte" run --model net.model --data small --images 1

refuse "nowhere/r.json" run --model net.model --synthetic --json nowhere/r.json
# A file system that is full, in the middle of a waveform, which is written by GTKWave's library.
ls -A >before
(
  ulimit -f 16
  "$program" run --model net.model --images 2 --pe 4 --synthetic --waves full.fst \
    >/dev/null 2>err-waves
  echo $? >code-waves
)
[ "$(cat code-waves)" -eq 1 ] || wrong "full disk, waves: exit code $(cat code-waves)"
[ "$(grep -c '^sparsys: error: full.fst: the waveform cannot be written' err-waves)" -eq 1 ] ||
  wrong "full disk, waves: $(cat err-waves)"
rm -f err-waves code-waves
ls -A >after
cmp -s before after || wrong "full disk: left behind $(diff before after)"
