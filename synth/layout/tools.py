# SPDX-License-Identifier: Apache-2.0
"""Runs of tools that take long: output into a log, and a line now and then of how far they are."""
import os
import pathlib
import signal
import subprocess
import time
from collections.abc import Callable, Sequence

from synth import yosys
from synth.yosys import Failure

EVERY_SECONDS = 20.0


def run(what: str, command: Sequence[str], folder: pathlib.Path, result: str,
        tell: Callable[[str], None] | None = None) -> None:
    """Runs a tool that writes the file `result`; `tell` gets the end of its output now and then. It
    ends with this program. Raises a Failure that tells `what` it was for, and whether the tool gave
    up or was stopped from outside."""
    tool, path = command[0], folder / "output.log"
    status = _status(command, folder, path, tell)
    if status < 0:
        raise Failure(f"{what}: {tool} was stopped by {signal.Signals(-status).name} before its "
                      "end; run again, it begins with this step")
    if status or not (folder / result).exists():
        raise Failure(f"{what}: {tool} ended with status {status}"
                      + ("" if status else f" and without {result}")
                      + f": {yosys.last_line(path.read_text(errors='replace'))}")


def _status(command: Sequence[str], folder: pathlib.Path, path: pathlib.Path,
            tell: Callable[[str], None] | None) -> int:
    with path.open("w") as file:
        # A group of its own, to end with what it has started (graywolf's TimberWolf).
        process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=file,
                                   stderr=subprocess.STDOUT, start_new_session=True)
        try:
            last = time.monotonic()
            while process.poll() is None:
                time.sleep(0.2)
                if tell and time.monotonic() - last > EVERY_SECONDS:
                    last = time.monotonic()
                    tell(path.read_text(errors="replace")[-4000:])
            return process.returncode
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
