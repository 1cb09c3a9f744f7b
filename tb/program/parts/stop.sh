# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154
make_float
# Ctrl-C in the middle, and the same command again: the file of an undisturbed run.
long="--model float.model --synthetic --limit 1500 --rounds 2 --retrain-epochs 30
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

long="--network lenet-5 --synthetic --limit 600 --epochs 8"
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
