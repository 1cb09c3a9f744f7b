# SPDX-License-Identifier: Apache-2.0
"""One page of what synthesis measured, from area.json, layout.json, power.json and fpga.json of a
folder, whichever are there. It opens from disk and asks nothing of the network."""
import argparse
import pathlib
import sys

from scripts.report import page, validate
from synth.layout import picture
from synth.page import area, fpga, layout, power

PARTS = {"area": area, "layout": layout, "power": power, "fpga": fpga}


def main():
    parser = argparse.ArgumentParser(prog="python3 -m synth.page", description=__doc__)
    parser.add_argument("folder", type=pathlib.Path,
                        help="where the reports are, and the page goes to")
    folder = parser.parse_args().folder
    try:
        reports = {name: validate.read(folder / f"{name}.json") for name in PARTS
                   if (folder / f"{name}.json").exists()}
        if not reports:
            names = ", ".join(f"{name}.json" for name in PARTS)
            return f"page: {folder}: none of {names}; make area writes the first"
        for block in reports.get("layout", {}).get("blocks", []):
            block["image"] = picture.data_uri((folder / block["picture"]).read_bytes())
        page.write(folder / "synthesis.html", "synthesis.html.j2",
                   **{name: part.context(reports[name]) if name in reports else None
                      for name, part in PARTS.items()},
                   made=[r["made"] for r in reports.values() if "made" in r])
    except validate.Invalid as error:
        return f"page: {error}"
    except OSError as error:
        return f"page: {error.filename or folder}: {error.strerror}"
    print(f"page: {folder / 'synthesis.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
