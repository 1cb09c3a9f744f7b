# SPDX-License-Identifier: Apache-2.0
"""What the make targets share: tables for people, JSON for programs, pages and charts."""
from .json_file import write as write_json  # noqa: F401
from .table import print_table as _print_table


def print_table(header, rows):
    _print_table(rows, header)
