#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long a Verilated library took to build.

build_time.py run STAMP COMMAND...   runs the command, and keeps elapsed and processor seconds and
                                     whether ccache had the result in the JSON file STAMP
build_time.py write OUT STAMP...     the sum over the stamps as a C++ initialiser for BuildTime
                                     (tb/lockstep/core/rtl_device.hpp)
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time


def run(stamp, command):
    environment = dict(os.environ)
    with tempfile.TemporaryDirectory() as directory:
        log = os.path.join(directory, "ccache")
        environment["CCACHE_STATSLOG"] = log
        start = time.monotonic()
        status = subprocess.run(command, env=environment, check=False).returncode
        elapsed = time.monotonic() - start
        cached = False
        if os.path.exists(log):
            with open(log, encoding="utf-8") as lines:
                cached = "cache_hit" in lines.read()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    if status == 0:
        with open(stamp, "w", encoding="utf-8") as out:
            json.dump({"elapsed": elapsed, "processor": used.ru_utime + used.ru_stime,
                       "cached": cached}, out)
    return status


def write(path, stamps):
    times = []
    for stamp in stamps:
        with open(stamp, encoding="utf-8") as text:
            times.append(json.load(text))
    elapsed = sum(t["elapsed"] for t in times)
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
