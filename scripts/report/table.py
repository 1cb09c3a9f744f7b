# SPDX-License-Identifier: Apache-2.0
"""A table of text on standard output."""
from collections.abc import Iterable, Sequence


def print_table(rows: Iterable[Sequence[object]], header: Sequence[str]) -> None:
    """Prints rows of any values under a header, columns aligned, numbers to the right.

    A column is one of numbers if all of its values are numbers, "" or "-".
    """
    rows = [list(row) for row in rows]
    cells = [[str(value) for value in row] for row in rows]
    columns = range(len(header))
    widths = [max(len(line[i]) for line in [list(header), *cells]) for i in columns]
    numeric = [bool(rows) and all(isinstance(row[i], (int, float)) or row[i] in ("", "-")
                                  for row in rows) for i in columns]

    def line(values: Sequence[str]) -> str:
        return "  ".join(value.rjust(width) if right else value.ljust(width)
                         for value, width, right in zip(values, widths, numeric)).rstrip()

    for values in [header, ["-" * width for width in widths], *cells]:
        print(line(values))
