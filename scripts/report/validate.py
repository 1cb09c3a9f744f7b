# SPDX-License-Identifier: Apache-2.0
"""Holds reports against their JSON schemas: python3 -m scripts.report.validate FILE...

A file's schema is schemas/NAME.schema.json of its name without .json and -long, or of --schema
NAME.
"""
import argparse
import functools
import json
import os
import sys
from pathlib import Path
from typing import Any

import jsonschema

FOLDER = Path(__file__).resolve().parent / "schemas"
END = ".schema.json"


class Invalid(Exception):
    """A report is not what its schema says; the text is one line."""


def names() -> list[str]:
    return sorted(path.name.removesuffix(END) for path in FOLDER.glob(f"*{END}")
                  if path.name != f"common{END}")


@functools.cache
def validator(name: str) -> jsonschema.protocols.Validator:
    """Of a schema, with the definitions that all share."""
    if name not in names():
        raise Invalid(f"no schema {name}, there are {', '.join(names())}")
    common, schema = (json.loads((FOLDER / f"{stem}{END}").read_text())
                      for stem in ("common", name))
    schema["$defs"] = {**common["$defs"], **schema.get("$defs", {})}
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def check(value: Any, name: str) -> None:
    """Raises Invalid, with the place in the report, if it breaks its schema."""
    error = jsonschema.exceptions.best_match(validator(name).iter_errors(value))
    if error:
        place = ".".join(map(str, error.absolute_path)) or "the report"
        raise Invalid(f"{place}: {' '.join(error.message.split())[:300]}")


def read(path: str | os.PathLike[str], name: str = "") -> Any:
    """A report's value, once it is right; `name` of the schema, by default the file's."""
    try:
        value = json.loads(Path(path).read_text(encoding="utf-8"))
        check(value, name or Path(path).name.removesuffix(".json").removesuffix("-long"))
    except (OSError, ValueError, Invalid) as error:
        what = getattr(error, "strerror", None) or error
        raise Invalid(f"{path}: {what}") from None
    return value


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m scripts.report.validate", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--schema", choices=names(), help="instead of the one of the file's name")
    options = parser.parse_args()
    wrong = 0
    for path in options.files:
        try:
            read(path, options.schema)
        except Invalid as error:
            print(f"validate: {error}", file=sys.stderr)
            wrong = 1
    return wrong


if __name__ == "__main__":
    sys.exit(main())
