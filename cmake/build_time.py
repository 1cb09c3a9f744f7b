#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long a Verilated library took to build.

build_time.py run STAMP COMMAND...   runs the command, and keeps start, end, processor seconds and
                                     whether ccache had the result in the JSON file STAMP; {source}
                                     in its name is the stem of the command's last word
build_time.py write OUT STAMP...     the stamps as a C++ initialiser for BuildTime
                                     (tb/lockstep/core/rtl_device.hpp): seconds in which one of
                                     them or several at once were under way, and of processors
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time


def run(stamp, command):
    stamp = stamp.replace("{source}", os.path.splitext(os.path.basename(command[-1]))[0])
    environment = dict(os.environ)
    with tempfile.TemporaryDirectory() as directory:
        log = os.path.join(directory, "ccache")
        environment["CCACHE_STATSLOG"] = log
        start = time.time()
        status = subprocess.run(command, env=environment, check=False).returncode
        end = time.time()
        cached = False
        if os.path.exists(log):
            with open(log, encoding="utf-8") as lines:
                cached = "cache_hit" in lines.read()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    if status == 0:
        with open(stamp, "w", encoding="utf-8") as out:
            json.dump({"start": start, "end": end, "processor": used.ru_utime + used.ru_stime,
                       "cached": cached}, out)
    return status


def write(path, stamps):
    times = []
    for stamp in stamps:
        with open(stamp, encoding="utf-8") as text:
            times.append(json.load(text))
    elapsed = until = 0
    for t in sorted(times, key=lambda t: t["start"]):
        elapsed += max(t["end"], until) - max(t["start"], until)
        until = max(t["end"], until)
    processor = sum(t["processor"] for t in times)
    cached = "true" if any(t["cached"] for t in times) else "false"
    with open(path, "w", encoding="utf-8") as out:
        out.write("// SPDX-License-Identifier: Apache-2.0\n"
                  f"{{{elapsed:.2f}, {processor:.2f}, {cached}}}\n")
    return 0


if __name__ == "__main__":
    if len(sys.argv) < 4 or sys.argv[1] not in ("run", "write"):
        sys.exit(__doc__)
    sys.exit((run if sys.argv[1] == "run" else write)(sys.argv[2], sys.argv[3:]))
