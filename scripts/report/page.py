# SPDX-License-Identifier: Apache-2.0
"""Pages from Jinja2 templates. A page stands alone: it opens from disk and asks for nothing else.

Templates extend base.html.j2 and take tables, cards and figures from macros.html.j2; those of
scripts/interface/templates/ and synth/templates/ are found too. In HTML and SVG what is neither is
escaped; a chart.Figure shows as its SVG.
"""
import functools
import json
import os
import textwrap
from pathlib import Path
from typing import Any

import jinja2

from . import text_file

HERE = Path(__file__).resolve().parent
FOLDERS = (HERE / "templates", HERE.parent / "interface" / "templates",
           HERE.parents[1] / "synth" / "templates")


def digits(value: float | None, count: int = 0, unit: str = "") -> str:
    """A number with thousands separated and `count` decimals; "-" where there is none."""
    return "-" if value is None else f"{value:,.{count}f}{unit}"


@functools.cache
def environment() -> jinja2.Environment:
    escape = jinja2.select_autoescape(("html.j2", "svg.j2"), default_for_string=True)
    env = jinja2.Environment(loader=jinja2.FileSystemLoader(FOLDERS), autoescape=escape,
                             undefined=jinja2.StrictUndefined, trim_blocks=True,
                             lstrip_blocks=True, keep_trailing_newline=True)
    env.filters.update(digits=digits, json=json.dumps, wrap=functools.partial(
        textwrap.fill, width=100, break_on_hyphens=False))
    env.globals["made"] = None
    return env


def render(template: str, **context: Any) -> str:
    """The page's text. `made`, where given, is its report's field (json_file.made)."""
    return environment().get_template(template).render(context)


def write(path: str | os.PathLike[str], template: str, **context: Any) -> None:
    """Renders and writes a page, as a whole or not at all."""
    text_file.write(path, render(template, **context))
