# SPDX-License-Identifier: Apache-2.0
"""One page of what synthesis measured, from area.json and fpga.json of a folder, whichever are
there. It opens from disk and asks nothing of the network."""
import argparse
import pathlib
import sys

from scripts.report import page, validate
from synth.page import area, fpga


def main():
    parser = argparse.ArgumentParser(prog="python3 -m synth.page", description=__doc__)
    parser.add_argument("folder", type=pathlib.Path,
                        help="where area.json and fpga.json are, and the page goes to")
    folder = parser.parse_args().folder
    try:
        area_data, fpga_data = (validate.read(folder / name) if (folder / name).exists() else None
                                for name in ("area.json", "fpga.json"))
        reports = [r for r in (area_data, fpga_data) if r]
        if not reports:
            return (f"page: {folder}: neither area.json nor fpga.json; make area or make fpga "
                    "writes one")
        page.write(folder / "synthesis.html", "synthesis.html.j2",
                   area=area_data and area.context(area_data),
                   fpga=fpga_data and fpga.context(fpga_data),
                   made=[r["made"] for r in reports if "made" in r])
    except validate.Invalid as error:
        return f"page: {error}"
    except OSError as error:
        return f"page: {folder}: {error.strerror}"
    print(f"page: {folder / 'synthesis.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
