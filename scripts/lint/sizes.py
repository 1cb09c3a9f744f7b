# SPDX-License-Identifier: Apache-2.0
"""Files that a person reads in a sitting, folders that a person takes in at a glance."""
import collections
import fnmatch
import tomllib

from . import Result, Tree

TABLE = "scripts/lint/sizes.toml"


def sizes(tree: Tree, limits: dict[str, int]) -> dict[str, tuple[int, int, str]]:
    """{path: (size, limit, unit)} of every file and folder that has a limit."""
    out = {}
    for path in tree.files:
        limit = next((n for pattern, n in limits.items() if fnmatch.fnmatch(path, pattern)), 0)
        if limit:
            out[path] = (tree.read(path).count("\n"), limit, "lines")
    folders = collections.Counter(path.rpartition("/")[0] or "." for path in tree.files)
    return {**out, **{path: (count, limits["folder"], "files") for path, count in folders.items()}}


def check(tree: Tree) -> Result:
    table = tomllib.loads(tree.read(TABLE))
    exceptions = table.get("exceptions", {})
    found = sizes(tree, table["limits"])
    complaints = [f"{path}: {size} {unit}, at most {limit}"
                  for path, (size, limit, unit) in found.items()
                  if size > limit and path not in exceptions]
    complaints += [f"{TABLE}: exception {path} is within its limit or does not exist"
                   for path in exceptions if path not in found or found[path][0] <= found[path][1]]
    return Result(len(found), complaints)
