# SPDX-License-Identifier: Apache-2.0
"""Reports as JSON files, and where each came from."""
import datetime
import functools
import json
import os
import subprocess
from typing import Any

from scripts import ROOT

from . import text_file


@functools.cache
def commit() -> str:
    """The checkout's commit, 12 digits, "-dirty" behind it if files were changed; or "unknown"."""
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"],
            cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    except OSError:
        return "unknown"
    return done.stdout.strip() or "unknown"


def made(command: str) -> dict[str, str]:
    """The field "made" of a report: date (UTC, to the second), commit, command that makes it."""
    now = datetime.datetime.now(datetime.UTC)
    return {"date": now.strftime("%Y-%m-%dT%H:%M:%SZ"), "commit": commit(), "command": command}


def write(path: str | os.PathLike[str], value: Any, command: str = "") -> None:
    """Writes `value` as a whole or not at all; with `command`, an object gets the field "made"."""
    if command:
        value = {"made": made(command), **value}
    text_file.write(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")
