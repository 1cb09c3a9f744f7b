# SPDX-License-Identifier: Apache-2.0
"""Layout: nodes of the detection tree placed and routed, as one and as regions, their wires
extracted; parts of the flow without the tools.

    python3 -m synth.tests.layout_test --work folder [test]...
"""
import argparse
import collections
import dataclasses
import pathlib
import re
import shutil
import struct
import sys
import tempfile
import time
import types
import unittest
import zlib
from unittest import mock

import scripts.tests
from scripts.report import json_file, page, validate
from synth.area import rams
from synth.area.hierarchy import Variant
from synth.flat import Cell, Part, pins_by_net
from synth.layout import config, floorplan, graywolf, picture, qrouter, regions, spef, tools
from synth.layout.flow import Flow
from synth.layout.lef import Layer, Macro
from synth.layout.qrouter import Wires
from synth.library import OSU018, Library
from synth.page import layout as layout_page
from synth.yosys import Failure

LEF = pathlib.Path(OSU018).with_suffix(".lef")


class Node(unittest.TestCase):
    work = None  # folder of kept results

    def setUp(self):
        for tool in ("graywolf", "qrouter"):
            if not shutil.which(tool):
                self.skipTest(f"{tool} is not installed (scripts/setup.sh layout)")
        if not LEF.exists():
            self.skipTest(f"{LEF} is missing (scripts/setup.sh layout)")
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def test_placed_and_routed(self):
        flow = Flow(Library(OSU018), self.work, 2, str)
        # Always anew: what is kept are the mapped cells.
        flow.folder = self.folder
        data, png = flow.run("node", config.BLOCKS["node"])
        self.assertEqual(data["routed_nets"], data["nets"])
        self.assertGreater(data["cells"], 100)
        self.assertGreater(data["wire_mm"], 1)
        self.assertEqual(data["pins_apart"], 0)
        self.assertAlmostEqual(data["utilisation_pct"], 100 * config.BLOCKS["node"].fill, delta=4)
        before, after = data["path_without_wires"]["ns"], data["path_with_wires"]["ns"]
        self.assertTrue(before < after < 2 * before, (before, after))
        report = {"library": "x", "layers": config.LAYERS, "bounds": {"core_um2": "estimate"},
                  "blocks": [{**data, "picture": "x.png"}],
                  "tools": {"yosys": "1", "sta": "2", "qrouter": "3"},
                  "made": json_file.made("test")}
        validate.check(report, "layout")
        report["blocks"][0]["image"] = picture.data_uri(png)
        text = page.render("synthesis.html.j2", area=None, power=None, fpga=None,
                           layout=layout_page.context(report))
        self.assertIn("data:image/png;base64,", text)
        self.broken(flow)

    def test_regions(self):
        """All nets of three nodes, two of them laid out once, the nets between them routed."""
        flow = Flow(Library(OSU018), self.work, 2, str)
        flow.folder = self.folder
        data, _ = flow.run("nodes", config.BLOCKS["nodes"])
        self.assertEqual(data["routed_nets"], data["nets"])
        self.assertEqual(data["pins_apart"], 0)
        self.assertEqual([r["name"] for r in data["regions"]],
                         ["leaves 0 to 3", "leaves 4 to 7", "root"])
        self.assertEqual(sum(r["cells"] for r in data["regions"]), data["cells"])
        # Of leaves, root, and what is between them.
        self.assertEqual(len(list(self.folder.glob("route-*"))), 3)
        self.assertGreater(data["wires_mm"]["metal4"], 0)
        before, after = data["path_without_wires"]["ns"], data["path_with_wires"]["ns"]
        self.assertTrue(before < after < 2 * before, (before, after))

    def broken(self, flow):
        """A net that is written without wires is missed."""
        routed = next(self.folder.glob("*/routed.def"))
        text = routed.read_text()
        net = text.index("+ ROUTED")
        wires = qrouter.read_wires(flow.lef, text[:net] + text[text.index(";", net):])
        self.assertEqual(len(wires) + 1, len(qrouter.read_wires(flow.lef, text)))


class Lef:
    """Two layers of 1 um wires: 2 ohms a square, .1 pF a um2, nothing from the edges."""
    layers = [Layer(f"metal{i}", i == 1, 1.0, 0.5, 1.0, 2.0, 0.1, 0.0) for i in (1, 2)]


class Tools(unittest.TestCase):
    def test_ends(self):
        """What a tool ended by is told: its own fault, a signal, nothing written."""
        for script, error in (("echo no tracks; exit 3", "sh ended with status 3: no tracks"),
                              ("echo Nets remaining; kill -TERM $$", "sh was stopped by SIGTERM"),
                              ("exit 0", "status 0 and without it: no output"), (": > it", None)):
            with self.subTest(script), tempfile.TemporaryDirectory() as folder:
                def run(script=script, folder=folder):
                    tools.run("block", ["sh", "-c", script], pathlib.Path(folder), "it")
                if error:
                    with self.assertRaisesRegex(Failure, "block: .*" + re.escape(error)):
                        run()
                else:
                    run()

    def test_nothing_is_left(self):
        """A tool that is given up ends with what it has started."""
        with tempfile.TemporaryDirectory() as name, mock.patch.object(tools, "EVERY_SECONDS", 0.0):
            folder, started = pathlib.Path(name), []

            def stop(text):
                if text.endswith("\n"):
                    started.append(text.strip())
                    raise KeyboardInterrupt

            with self.assertRaises(KeyboardInterrupt):
                tools.run("block", ["sh", "-c", "sleep 600 & echo $!; wait"], folder, "it", stop)
            child = pathlib.Path("/proc") / started[0]
            for _ in range(100):
                if not child.exists() or "(sleep) Z" in (child / "stat").read_text():
                    break
                time.sleep(0.1)
            else:
                self.fail("sleep goes on")


class Parts(unittest.TestCase):
    def test_extraction(self):
        """A wire of 10 um with a branch in its middle to another layer, 5 um long."""
        wires = Wires([(0, 0, 0, 1000, 0), (1, 500, 0, 500, 500)], [(0, 500, 0)])
        at = {"a": (0, 0, 0), "b": (0, 1000, 0), "c": (1, 500, 500)}
        net = spef.extract(Lef, wires, {pin: [(layer, (x, y, x, y))]
                                        for pin, (layer, x, y) in at.items()})
        self.assertAlmostEqual(net.total, 1.5)
        self.assertEqual(net.apart, 0)
        # A tree: one resistor less than points.
        self.assertEqual(len(net.resistors), len(net.picofarads) - 1)
        self.assertAlmostEqual(sum(r for _, _, r in net.resistors if r > 1), 30)

    def test_vias_that_overlap(self):
        """qrouter moves a via to a pin's middle, off the wire that it ends on."""
        wires = Wires([(1, 0, 0, 1000, 0)], [(0, 1000, 10)])
        net = spef.extract(Lef, wires, {"a": [(1, (0, 0, 0, 0))], "b": [(0, (990, 0, 1010, 20))]})
        self.assertEqual(net.apart, 0)
        self.assertEqual(len(net.resistors), len(net.picofarads) - 1)

    def test_wire_beside_the_middle_of_another(self):
        """A wire to a region's pin ends on that pin's wire, a hundredth of a um beside it."""
        for turn in (lambda x, y: (x, y), lambda x, y: (y, x)):
            wires = Wires([(1, *turn(0, 0), *turn(1000, 0)), (1, *turn(400, 1), *turn(400, 500))],
                          [])
            net = spef.extract(Lef, wires, {"a": [(1, (0, 0, 0, 0))],
                                            "b": [(1, turn(400, 500) * 2)]})
            self.assertEqual(net.apart, 0)
            self.assertEqual(len(net.resistors), len(net.picofarads) - 1)
            self.assertAlmostEqual(sum(r for _, _, r in net.resistors), 30, delta=0.1)

    def test_pin_off_its_wire(self):
        net = spef.extract(Lef, Wires([(0, 0, 0, 1000, 0)], []),
                           {"a": [(0, (0, 0, 0, 0))], "b": [(0, (3000, 0, 3000, 0))]})
        self.assertEqual(net.apart, 1)

    def test_paths_of_a_def(self):
        text = ("\nNETS 1 ;\n- n7\n  ( c1 A )\n  ( PIN p0 ) \n+ ROUTED metal1 ( 0 5 ) M2_M1 \n"
                "  NEW metal2 ( 0 5 ) ( * 25 ) ( 40 * ) ;\n- n8\n  ( c2 A ) ;\nEND NETS\n")
        wires = qrouter.read_wires(Lef, text)
        self.assertEqual(wires, {7: Wires([(1, 0, 5, 0, 25), (1, 0, 25, 40, 25)], [(0, 0, 5)])})
        with self.assertRaisesRegex(Failure, "a via X"):
            qrouter.read_wires(Lef, text.replace("M2_M1", "X"))

    def test_tracks(self):
        self.assertEqual(qrouter.tracks(Lef.layers[0], -120, 260), (-50, 4, 100))

    def test_gaps(self):
        """Whole tracks, and cells that take the share that is wanted with them."""
        lef = types.SimpleNamespace(macros={"A": Macro(1.6, 10, {}), "B": Macro(2.4, 10, {})})
        cells = [Cell("", kind, {}) for kind in "AABABBBAAB" * 10]
        free = graywolf.gaps(lef, cells, 80, 0.65)
        self.assertFalse([gap for gap in free if gap % 80 or gap < 0])
        width = sum(160 if cell.kind == "A" else 240 for cell in cells)
        self.assertAlmostEqual(width / (width + sum(free)), 0.65, delta=0.005)
        self.assertLess(max(free) - min(free), 3 * 80)
        self.assertEqual(set(graywolf.gaps(lef, cells, 80, 1)), {0})
        with self.assertRaisesRegex(Failure, "no cell C"):
            graywolf.gaps(types.SimpleNamespace(macros={}, path="x.lef"), [Cell("", "C", {})], 80,
                          1)

    def test_pins_apart(self):
        """Each place once, in order, and none moved that has room."""
        for wanted in ([0, 3, 7], [2, 2, 2], [7, 7, 7], [0, 0, 5, 5, 5, 5, 7], [3] * 8):
            found = qrouter.apart(wanted, 8)
            self.assertEqual(found, sorted(set(found)), wanted)
            self.assertTrue(all(0 <= number < 8 for number in found), found)
        self.assertEqual(qrouter.apart([0, 3, 7], 8), [0, 3, 7])
        self.assertEqual(qrouter.apart([2, 2, 6], 8), [2, 3, 6])

    def test_pins_around(self):
        """Forty pins nearest to the left go on on the other sides; held to it they have no room."""
        layers = [Layer(f"metal{i}", i % 2 == 1, 1.0, 0.5, 1.0, 2.0, 0.1, 0.0) for i in (1, 2, 3)]
        lef = types.SimpleNamespace(layers=layers)
        flat = types.SimpleNamespace(nets={i: [(i, "A")] for i in range(40)}, top=Variant("x", {}))
        cells = [graywolf.Placed(i, 0, 50 * i, "N") for i in range(40)]
        placement = graywolf.Placement(cells, 1000, 2000, 20, {i: (-50, 50 * i)
                                                               for i in range(40)})
        free = [floorplan.Pin(f"p{i}", i, "", None) for i in range(40)]
        placed = qrouter.place_pins(flat, lef, placement, free)
        self.assertEqual(len({(p.x, p.y) for p in placed}), 40)
        self.assertEqual({p.pin.net for p in placed}, set(range(40)))
        left = [p for p in placed if p.x < 0]
        self.assertEqual(len(left), 20)
        self.assertEqual(len({p.layer for p in left}), 1)
        for near in (False, True):
            self.outermost_pins(lef, flat, placement, free, near)
        held = [dataclasses.replace(pin, side="L") for pin in free]
        with self.assertRaisesRegex(Failure, "40 pins on side L, room for 20"):
            qrouter.place_pins(flat, lef, placement, held)

    def outermost_pins(self, lef, flat, placement, free, near):
        """A region's pins are on the last tracks that its DEF has: no wire of it is beyond them. A
        block's own (`near`) are not."""
        placed = qrouter.place_pins(flat, lef, placement, free,
                                    *([] if near else [config.MARGIN]))
        text = qrouter.def_file(lef, 3, (placement.width, placement.height), [], placed, {})
        ends = collections.defaultdict(set)
        for axis, first, count, step in re.findall(
                r"^TRACKS ([XY]) (-?\d+) DO (\d+) STEP (\d+)", text, re.M):
            ends[axis] |= {int(first), int(first) + (int(count) - 1) * int(step)}
        off = [p for p in placed if p.x not in ends["X"] and p.y not in ends["Y"]]
        self.assertEqual(len(off), 40 if near else 0)

    def test_parts(self):
        """Parts that are alike have the same text; what leaves them is told."""
        def cell(path, a, y):
            return Cell(path, "INVX1", {"A": a, "Y": y, "CLK": 1})

        whole = types.SimpleNamespace(
            cells=[cell("u[10].b", 7, 8), cell("u[2].a", 2, 3), cell("u[2].b", 3, 4),
                   cell("u[10].a", 6, 7)], clock=1, library=None, top=Variant("x", {}),
            outside=lambda: iter([("p", 2), ("clk_i", 1), ("q", 6)]))
        whole.nets = pins_by_net(whole.cells)
        whole.nets[4].append((9, "A"))
        parts = [Part(whole, cells) for cells in ([1, 2], [0, 3])]
        self.assertEqual([p.cell_of for p in parts], [[1, 2], [3, 0]])
        self.assertEqual(parts[0].cells, parts[1].cells)
        self.assertEqual([[p.net_of[net] for net in p.crossing] for p in parts], [[2, 4], [6]])
        block = config.Block("", whole.top, rows=({"two": r"u\[2\]"}, {"ten": r"u\[10\]"}))
        self.assertEqual(regions.cells_of(whole, block), {"two": [1, 2], "ten": [0, 3]})
        for row, error in (({"two": r"u\[2\]"}, "is in no region"),
                           ({"all": "", "none": "v"}, "no cells in region none")):
            with self.assertRaisesRegex(Failure, error):
                regions.cells_of(whole, dataclasses.replace(block, rows=(row,)))

    def test_arrangement(self):
        sizes = {"a": (1000, 5000), "b": (7777, 3333), "c": (4444, 1000)}
        made = [regions.Region(name, None, graywolf.Placement([], *size, 1, {}), [], {})
                for name, size in sizes.items()]
        width, height = regions.arrange(made, (("a", "b"), ("c",)), 20.0)
        places = []
        for region in made:
            self.assertEqual((region.x % 160, region.y % 100), (0, 0))
            x, y = region.x - regions.INSET_X, region.y - regions.INSET_Y
            places.append((x, y, x + region.size[0], y + region.size[1]))
            self.assertTrue(min(places[-1]) >= 0 and places[-1][2] <= width, places)
            self.assertLessEqual(places[-1][3], height)
        for i, a in enumerate(places):
            for b in places[:i]:
                self.assertTrue(a[0] >= b[2] + 2000 or b[0] >= a[2] + 2000
                                or a[1] >= b[3] + 2000 or b[1] >= a[3] + 2000, (a, b))

    def test_beyond(self):
        """Pieces cover what is outside of the box, and nothing inside."""
        box = (10, 10, 20, 20)
        for rect in ((0, 0, 5, 5), (12, 12, 15, 15), (5, 12, 25, 14), (12, 5, 14, 25),
                     (5, 5, 25, 25), (15, 15, 30, 16)):
            pieces = list(regions.beyond(rect, box))
            for x in range(31):
                for y in range(31):
                    at = (x + 0.5, y + 0.5)
                    covered = any(p[0] < at[0] < p[2] and p[1] < at[1] < p[3] for p in pieces)
                    within = rect[0] < at[0] < rect[2] and rect[1] < at[1] < rect[3]
                    inside = 10 < at[0] < 20 and 10 < at[1] < 20
                    self.assertEqual(covered, within and not inside, (rect, at))

    def test_picture(self):
        canvas = picture.Canvas(3, 2)
        canvas.rectangle(-5, 0, 1, 1, (1, 2, 3))
        png = canvas.png()
        self.assertEqual(struct.unpack(">II", png[16:24]), (3, 2))
        data = png[png.index(b"IDAT") + 4:png.index(b"IEND") - 8]
        white = bytes((255, 255, 255))
        self.assertEqual(zlib.decompress(data),
                         b"\0" + 3 * white + b"\0\1\2\3" + 2 * white)

    def test_memories_do_not_overlap(self):
        sizes = {0: 16384, 1: 1024, 2: 1024, 3: 256}
        flat = types.SimpleNamespace(memories=[
            types.SimpleNamespace(variant=Variant("ram_1rw", {"WIDTH": 64, "DEPTH": depth}))
            for depth in sizes.values()])
        areas = [rams.area(rams.OSU018, memory.variant) for memory in flat.memories]
        found = floorplan.memory_places(flat, rams.OSU018, {0: "T", 1: "R", 2: "L", 3: "L"}, 1000,
                                        800)
        places = [*found.values(), (0, 0, 1000, 800)]
        for number, (x0, y0, x1, y1) in found.items():
            self.assertAlmostEqual((x1 - x0) * (y1 - y0) / areas[number], 1)
        for i, a in enumerate(places):
            for b in places[:i]:
                apart = (a[0] >= b[2] - 1e-6 or b[0] >= a[2] - 1e-6 or a[1] >= b[3] - 1e-6
                         or b[1] >= a[3] - 1e-6)
                self.assertTrue(apart, (a, b))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", help="folder of kept results")
    options, sys.argv[1:] = parser.parse_known_args()
    Node.work = options.work
    scripts.tests.main()
