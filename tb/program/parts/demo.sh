# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154
# The demos of both engines, from nothing and from the cache.
demo="demo --synthetic --limit 1000 --epochs 2 --rounds 1 --retrain-epochs 1 --fine-tune-epochs 1
  --images 4 --pe 4"
expect 0 $demo
valid demo build/reports/demo.json
holds build/reports/demo.json '"dataset": "synthetic"' '"rtl_images": 4' \
  '"rtl_mismatched_images": 0' '"mismatched_signals": 0' '"name": "ip1"' \
  '"cycle_mismatched_images": 0' '"test_images": 10000'
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

# The matrix unit's, with the float network of the demo above; then by its old name.
expect 0 demo --target mxu --synthetic --limit 1000 --epochs 2 --images 30 --array 16
[ "$(grep -c '  from ' out)" -eq 1 ] || wrong "the network was not taken from the cache"
valid demo-mxu build/reports/demo-mxu.json
holds build/reports/demo-mxu.json '"rows": 16' '"rtl_images": 30' '"rtl_mismatched_values": 0' \
  '"mismatched_signals": 0' '"verilate_and_build_seconds"'
grep -q '"verilate_and_build_seconds": [0-9]' build/reports/demo-mxu.json ||
  wrong "how long the library took to build is not known"
expect 0 demo-mxu --synthetic --limit 1000 --epochs 2 --images 3 --array 16 --report -
holds out '"rtl_images": 3' "array active"

: >text.model
refuse "expected 2, 4, 16 or 64" demo --synthetic --epochs 100000 --pe 1
refuse "built in with 8, 16, 32 and 256" demo-mxu --synthetic --epochs 100000 --array 20
refuse "only 10000 test images" demo-mxu --synthetic --epochs 0 --images 20000 --array 16 --cache .
refuse "--array: is of the matrix unit" demo --synthetic --array 16
refuse "--density: is of the sparse engine" demo --target mxu --synthetic --density 0.5
refuse "text.model" demo --synthetic --epochs 100000 --cache text.model
refuse "text.model" demo --synthetic --epochs 100000 --report text.model/demo.json
refuse "text.model" demo --target mxu --synthetic --epochs 100000 --cache text.model --array 16
