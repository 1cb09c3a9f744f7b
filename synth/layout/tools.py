# SPDX-License-Identifier: Apache-2.0
"""Runs of tools that take long: output into a log, and a line now and then of how far they are."""
import pathlib
import subprocess
import time
from collections.abc import Callable, Sequence

EVERY_SECONDS = 20.0


def run(command: Sequence[str], folder: pathlib.Path, log: str,
        tell: Callable[[str], None] | None = None) -> int:
    """Exit status; `tell` gets the end of the log now and then. The tool ends with this program."""
    path = folder / log
    with path.open("w") as file:
        process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=file,
                                   stderr=subprocess.STDOUT)
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
                process.kill()
                process.wait()
