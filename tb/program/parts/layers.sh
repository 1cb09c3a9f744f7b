# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154
# One layer without a network, matrices from outside, parts of a sweep.
for command in layer gemm bench-eie explore; do
  expect 0 "$command" --help
  holds out "Example: sparsys $command"
done

# ---- the sparse engine ----
expect 0 layer --shape 200x300 --density .1 --activations .4 --pe 4 --json layer.json
holds out "work of the slowest PE" "set-up" "entry memory, read" "pJ an operation"
expect 0 layer --shape 200x300 --density .1 --activations .4 --pe 4 --rows interleaved
holds out "rows interleaved"
expect 0 layer --shape 200x300 --density .1 --activations .4 --pe 4 --lanes 8 --json lanes.json
expect 0 layer --shape 200x300 --density .1 --activations .4 --pe 4 --lanes 4 --banks 2 --bank-depth 2
expect 0 layer --shape 200x300 --density .1 --activations .4 --pe 8 --lanes 8 --groups 4 --json groups.json
holds groups.json '"groups": 4'
expect 0 layer --shape 600x300 --density .1 --activations .4 --pe 8 --lanes 16 --groups 8 --rows interleaved
printf '%s\n' '3, 4, 5' '0 2 3 5' '0 2 1 0 3' >good.smtx
printf '%s\n' 1 0 -2 3 >input.txt
expect 0 layer --matrix good.smtx --input input.txt --pe 2
holds out "good.smtx: 3 outputs, 4 inputs"
expect 0 bench-eie --matrix good.smtx --host-seconds 0 --no-rtl --report one.json
valid bench-eie one.json
expect 0 bench-eie --matrix good.smtx --host-seconds 0 --no-rtl --queue 4 --config queue=16 \
  --config pe=16,queue=16,list=512 --config lanes=8 --report several.json
holds out "64 PEs, queue 4" "16 PEs, queue 16, list 512" "64 PEs, queue 4, lanes 8, banks 16"
valid bench-eie several.json
[ "$(grep -c '"mapping"' several.json)" -eq 8 ] || wrong "not a row for each of 4 engines and 2 mappings"
expect 0 bench-eie --no-rtl --host-seconds 0 --report nine.json
valid bench-eie nine.json
holds out "mean of 3 seeds, no worse than the paper's" "ok      that of the first seed"
python3 -B - <<'end' || wrong "over_seeds is not of the seeds 11, 12 and 13"
import json, math, statistics
rows = [r for r in json.load(open("nine.json"))["layers"] if r["mapping"] == "interleaved"]
for row in rows:
    for one, first in (("balance", "balance_pct"), ("whole_balance", "whole_balance_pct")):
        spread = row["over_seeds"][one]
        each = spread["each_pct"]
        assert len(set(each)) == 3 == row["over_seeds"]["seeds"] and each[0] == row[first]
        assert math.isclose(spread["mean_pct"], statistics.mean(each))
        assert math.isclose(spread["deviation_pct"], statistics.stdev(each))
        assert (spread["least_pct"], spread["most_pct"]) == (min(each), max(each))
    assert row["over_seeds"]["balance"]["mean_pct"] >= row["paper_balance_pct"]
assert len(rows) == 9
end
holds out "us, batch 1" "EIE's CPU: sparse" "mobile GPU: sparse" "Core i7-5930K"
# Alex-7: theory and time of the paper, its CPU, GPU and mobile GPU (Han 2016, Table IV).
grep -Eq '^ *Alex-7 .* 11\.7 +12\.2 .* 1282 +6187 +66 +243 +1256 +5765$' out || wrong "no times of Alex-7 as in the paper"
several="bench-eie --matrix good.smtx --no-rtl --report x.json"
# shellcheck disable=SC2086  # options are words
{
  refuse "expected an option of the engine and a number, as queue=16" $several --config lane=2
  refuse "expected an option of the engine and a number, as queue=16" $several --config queue=-1
  refuse "an engine of 64 PEs, queue 8 comes twice" $several --config queue=8
  refuse "N_PE is 3" $several --config pe=3
  refuse "LANES is 3" $several --config lanes=3
  refuse "BANKS is 64" $several --config lanes=8,banks=64
  refuse "BANKS with LANES 1 is 2" $several --config banks=2
  refuse "GROUPS is 3, must be a power of two from 1 to 8" $several --config lanes=8,groups=3
  refuse "GROUPS is 4, must be 1 with LANES 1" $several --config groups=4
  refuse "GROUPS is 4, must be at most 2, the smaller of N_PE and BANKS" $several --config lanes=8,pe=2,groups=4
  refuse "none.json: cannot read" $several --areas none.json
  refuse "good.smtx: no accepted areas of PEs" $several --areas good.smtx
}
printf '%s\n' '3, 4, 5' '0 2 3 5' '0 2 1 0' >cut.smtx
refuse "cut.smtx:3: ends, expected a column" layer --matrix cut.smtx
refuse "cut.smtx:3: ends, expected a column" bench-eie --matrix cut.smtx --report x.json
printf '%s\n' '%%MatrixMarket matrix coordinate pattern general' '90000 90000 1' '1 1' >large.mtx
refuse "large.mtx): activation RAM" bench-eie --matrix large.mtx --report x.json
printf '%s\n' '1, 5, 1' '0 1' '4' >wide.smtx
refuse "input.txt:4: ends behind 4 numbers, expected 5" layer --matrix wide.smtx --input input.txt
refuse "missing.mtx: cannot read" layer --matrix missing.mtx
refuse "--shape or --matrix" layer
refuse "expected outputs and inputs" layer --shape 200 --density .1
refuse "--density: expected with --shape" layer --shape 200x300
refuse "excludes" layer --shape 200x300 --matrix good.smtx
refuse "N_PE is 3" layer --shape 200x300 --density .1 --pe 3
refuse "pointer memory" layer --shape 200x30000 --density .1

# ---- the matrix unit ----
small="--array-rows 16 --array-cols 16 --tile-rows 16 --tile-cols 16"
# shellcheck disable=SC2086  # options are words
{
  expect 0 gemm --shape 2x40x24 --batch 3 $small --json gemm.json
  holds out "6" "40" "24" "every output as of the functional model" "resident"
  holds gemm.json '"fits": true'
  expect 0 gemm --shape 1x16x2000 $small
  holds out "not resident: network '1x16x2000': layer 1" "more than 64 parameter sets"
  printf '%s\n' 'Layer, M, N, K,' 'a, 4, 20, 30,' 'b, 8, 16, 16,' >net.csv
  expect 0 gemm --csv net.csv $small
  printf '%s\n' 'Layer, M, N, K,' 'a, 4, 20,' >cut.csv
  refuse "cut.csv:2: 3 fields, expected 4" gemm --csv cut.csv $small
  refuse "--shape or --csv" gemm
  refuse "expected rows, terms and columns" gemm --shape 2x40 $small
}

# ---- parts of a sweep ----
sweep="--quick --cache kept"
# shellcheck disable=SC2086
{
  refuse "expected a number of how many" explore $sweep --shard 3/2 --report x.json
  for part in 1 2; do
    expect 0 explore $sweep --shard $part/2 --report part$part.json
  done
  expect 0 explore $sweep --merge part2.json part1.json --report all.json
  valid explore all.json
  expect 0 explore $sweep --report whole.json
  [ "$(grep -c '"key"' all.json)" -eq "$(grep -c '"key"' whole.json)" ] || wrong "other points"
  refuse "of 2 parts these are missing: 2" explore $sweep --merge part1.json --report x.json
  expect 0 explore $sweep --shard 2/4 --report second.json
  refuse "of 4 parts these are missing: 1 3 4" explore $sweep --merge second.json --report x.json
  refuse "part1.json: part 1 comes twice" explore $sweep --merge part1.json part1.json --report x.json
  refuse "part1.json: a part of another sweep, expected one of --seed 12 --quick, this is of --seed 11 --quick" \
    explore $sweep --seed 12 --merge part1.json --report x.json
  refuse "all.json: no part of a sweep" explore $sweep --merge all.json --report x.json
  sed 's/"of": 2/"of": "2"/' part2.json >odd.json
  refuse "odd.json: no part of a sweep" explore $sweep --merge part1.json odd.json --report x.json
  for shard in '"of": 1' '"of": 4000000000' '"number": 0'; do
    sed "s/${shard%% *} [0-9]*/$shard/" part2.json >odd.json
    refuse "odd.json: no part of a sweep" explore $sweep --merge odd.json --report x.json
  done
  head -c 2000 part2.json >cut.json
  refuse "cut.json: no part of a sweep" explore $sweep --merge part1.json cut.json --report x.json
  refuse "gone.json: cannot read" explore $sweep --merge part1.json gone.json --report x.json
}
