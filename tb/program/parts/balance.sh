# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154
# Balanced rows on trained and pruned networks: entries of 16 PEs within 5 % of their mean, fewer
# cycles. What is published of MNIST is made by the same commands (docs/results.md).
expect 0 train --synthetic --limit 4000 --epochs 3 --threads 2 --out float.model
prune="compress --model float.model --target eie --synthetic --limit 4000 --fine-tune-epochs 1"
# shellcheck disable=SC2086  # options are words
{
  expect 0 $prune --retrain-epochs 3 --out usual.model
  expect 0 $prune --rounds 4 --retrain-epochs 3 --density .015,.04,.3 --weight-decay .03 --out sparse.model
}
for name in usual sparse; do
  for rows in balanced interleaved; do
    expect 0 inspect $name.model --pe 16 --rows $rows --json $name.$rows.json
    expect 0 run --model $name.model --level cycle --pe 16 --rows $rows --images 100 --synthetic \
      --json $name.$rows.run.json
  done
done
python3 -B - <<'end' >out 2>err || wrong "rows do not balance"
import json

for name in ("usual", "sparse"):
    cycles, spread = {}, {}
    for rows in ("balanced", "interleaved"):
        with open(f"{name}.{rows}.json") as file:
            network = json.load(file)
        with open(f"{name}.{rows}.run.json") as file:
            cycles[rows] = json.load(file)["cycles_per_image"]
        # The last layer has fewer rows than there are PEs.
        each = [layer["entries_per_pe"] for layer in network["engine"]["layers"][:2]]
        spread[rows] = max(max(one["max"] / one["mean"] - 1, 1 - one["min"] / one["mean"])
                           for one in each)
    first = network["layers"][0]
    print(f"{name}: {network['density']:.2f} % kept, {first['empty_rows']} of {first['outputs']} "
          f"rows empty; spread {spread}; cycles {cycles}")
    assert spread["balanced"] <= 0.05 < spread["interleaved"]
    # Where most rows are empty there is more to save.
    saved = 1 - cycles["balanced"] / cycles["interleaved"]
    assert saved > {"usual": 0.015, "sparse": 0.05}[name], saved
    assert name == "usual" or first["empty_rows"] > first["outputs"] / 2
    assert name == "usual" or network["density"] <= 2
end
cat out
