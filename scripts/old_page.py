# SPDX-License-Identifier: Apache-2.0
# ruff: noqa
"""What the synthesis page still draws itself with."""
import html
import os
import tempfile

PAGE_STYLE = """:root{color-scheme:light dark;--ink:#1d232b;--soft:#5d6773;--line:#dde2e8;--paper:#ffffff;--card:#f5f7f9;
--good:#16794f;--bad:#b3261e}
@media (prefers-color-scheme:dark){:root{--ink:#e4e8ec;--soft:#9aa5b1;--line:#343b44;--paper:#171b20;--card:#1f252c;
--good:#4fc394;--bad:#ff8a80}}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,
"DejaVu Sans",sans-serif}
main{max-width:1000px;margin:0 auto;padding:24px 20px 60px}
h1{font-size:1.7rem;margin:.2em 0}h2{font-size:1.25rem;margin:2em 0 .4em;border-bottom:1px solid var(--line);
padding-bottom:.2em}h3{font-size:1.05rem;margin:1.4em 0 .3em}p{margin:.5em 0}.soft,figcaption{color:var(--soft)}
.wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums;margin:.6em 0;font-size:.93rem}
th,td{padding:.32em .7em;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap;vertical-align:top}
th{white-space:normal;max-width:7.5em;font-weight:600;color:var(--soft);vertical-align:bottom;border-bottom-width:2px}th:first-child,td:first-child{text-align:left}
tr.total td{font-weight:600}td small{color:var(--soft);font-weight:400;display:block}
.good{color:var(--good);font-weight:600}.bad{color:var(--bad);font-weight:600}
figure{margin:1.2em 0}figure svg{width:100%;height:auto;display:block}figcaption{font-size:.9rem;margin-top:.3em}
.cards{display:flex;flex-wrap:wrap;gap:14px;margin:1em 0}.card{flex:1 1 300px;background:var(--card);border:1px solid
var(--line);border-radius:8px;padding:14px 18px}.card b{font-size:1.9rem;font-weight:650;display:block;line-height:1.2}
.checks{list-style:none;padding:0;margin:.6em 0}.note{background:var(--card);border-left:4px solid var(--soft);
padding:.5em .9em;margin:1em 0}
"""


def cell(ours, paper=None):
    """A table's cell: our figure, and the paper's in small under it."""
    under = f"<small>{html.escape(str(paper))}</small>" if paper is not None else ""
    return f"<td>{html.escape(str(ours))}{under}</td>"


def table(header, rows, last_is_total=False):
    lines = ["<div class=\"wide\"><table><thead><tr>"
             + "".join(f"<th>{html.escape(h)}</th>" for h in header) + "</tr></thead><tbody>"]
    for number, row in enumerate(rows):
        kind = ' class="total"' if last_is_total and number == len(rows) - 1 else ""
        lines.append(f"<tr{kind}>" + "".join(row) + "</tr>")
    return "\n".join(lines) + "</tbody></table></div>"


def write_text(path, text):
    """As a whole or not at all."""
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(os.path.abspath(path)))
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
