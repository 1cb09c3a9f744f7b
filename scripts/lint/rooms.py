# SPDX-License-Identifier: Apache-2.0
"""Includes between the rooms of the C++ tree run one way: only along the arrows of rooms.toml."""
import graphlib
import re
import tomllib

from . import Result, Tree

TABLE = "scripts/lint/rooms.toml"
INCLUDE = re.compile(r'^\s*#\s*include\s+"((?:golden|sw|tb)/[^"@]+)"')  # without templates' names


def room(path: str, rooms: list[str]) -> str:
    """The innermost room that a file stands in; none: its folder."""
    folder = path.rpartition("/")[0]
    above = [name for name in rooms if f"{folder}/".startswith(f"{name}/")]
    return max(above, key=len, default=folder)


def edges(tree: Tree, rooms: list[str]) -> dict[tuple[str, str], list[str]]:
    """{(room, included room): places}."""
    found: dict[tuple[str, str], list[str]] = {}
    for path in tree.ending(".cpp", ".hpp", ".h", ".def", ".in"):
        for number, line in enumerate(tree.read(path).split("\n"), 1):
            included = INCLUDE.match(line)
            if included:
                edge = (room(path, rooms), room(included.group(1), rooms))
                found.setdefault(edge, []).append(f"{path}:{number}")
    return found


def check(tree: Tree) -> Result:
    table = tomllib.loads(tree.read(TABLE))
    rooms, leaves = table["rooms"], table["leaves"]
    complaints = []
    try:
        graphlib.TopologicalSorter(rooms).prepare()
    except graphlib.CycleError as error:
        complaints.append(f"{TABLE}: arrows in a circle: {' <- '.join(error.args[1])}")
    found = edges(tree, [*rooms, *leaves])
    for (here, there), places in found.items():
        for name in sorted({here, there} - {*rooms, *leaves}):
            complaints.append(f"{places[0]}: {name} is no room of {TABLE}")
        allowed = [here, *(rooms if here in leaves else rooms.get(here, [there]))]
        if there not in allowed:
            complaints += [f"{place}: {here} must not include {there}" for place in places]
    complaints += [f"{TABLE}: {here} includes nothing of {there}" for here, others in rooms.items()
                   for there in others if (here, there) not in found]
    return Result(sum(map(len, found.values())), complaints)
