# SPDX-License-Identifier: Apache-2.0
"""Pages as headless Chromium sees them: console messages, charts, links."""
import html
import json
import re
import shutil
import subprocess
import tempfile
import urllib.parse
from pathlib import Path

PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
               None)
# What is drawn of each chart, and what is asked of the network or the disk.
SCRIPT = """<script>
addEventListener("load", () => {
  const area = (e) => { const b = e.getBBox(); return Math.max(b.width, b.height); };
  const empty = (svg) => {
    const place = svg.getBoundingClientRect();
    const marks = [...svg.querySelectorAll("[class^=l], [class^=b], [class^=f]")]
        .filter((e) => !e.closest("clipPath") && e.getAttribute("class") !== "back");
    return place.width < 10 || place.height < 10 || !marks.some((e) => area(e) > 1);
  };
  const charts = [...document.querySelectorAll("svg")];
  document.body.dataset.seen = JSON.stringify({
    charts: charts.length, width: document.documentElement.scrollWidth,
    empty: charts.filter(empty).map((e) => e.querySelector("title").textContent),
    fetched: [...performance.getEntriesByType("resource").map((e) => e.name),
              ...[...document.querySelectorAll('[src]:not([src^="data:"]), link')]
                  .map((e) => e.outerHTML)]});
});
</script></body>"""


def run(page: Path) -> tuple[str, list[str]]:
    """A page's document after it has loaded, and what its console says."""
    with tempfile.TemporaryDirectory() as profile:
        done = subprocess.run(
            [PROGRAM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             f"--user-data-dir={profile}", "--window-size=1100,900", "--virtual-time-budget=5000",
             "--enable-logging=stderr", "--dump-dom", page.resolve().as_uri()],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout, re.findall(r"CONSOLE[^\]]*\] (.*)", done.stderr)


def broken_links(page: Path, document: str) -> list[str]:
    """Links that lead neither to a file beside the page nor to a place in it."""
    broken = []
    for link in map(html.unescape, re.findall(r'\shref="([^"]*)"', document)):
        file, _, anchor = link.partition("#")
        there = page.parent / urllib.parse.unquote(file) if file else page
        text = there.read_text(errors="replace") if there.is_file() else None
        if ":" in file or text is None or (anchor and f'id="{anchor}"' not in text):
            broken.append(link)
    return broken


def look_at(page: Path) -> list[str]:
    """All that is wrong with a page, one line each; it stands in a folder of its own files."""
    with tempfile.NamedTemporaryFile("w", dir=page.parent, suffix=".html") as probe:
        probe.write(page.read_text().replace("</body>", SCRIPT))
        probe.flush()
        document, messages = run(Path(probe.name))
    found = re.search(r'data-seen="([^"]*)"', document)
    if not found:
        return ["the page does not load"]
    seen = json.loads(html.unescape(found.group(1)))
    wrong = [f"console: {message}" for message in messages]
    wrong += [f"chart not drawn: {title}" for title in seen["empty"]]
    wrong += [f"from elsewhere: {name}" for name in seen["fetched"]]
    wrong += [f"broken link: {link}" for link in broken_links(page, page.read_text())]
    return wrong + ([f"{seen['width']} pixels wide"] if seen["width"] > 1100 else [])
