# SPDX-License-Identifier: Apache-2.0
"""A picture of placed cells and their wires, drawn from the routed DEF's coordinates, as PNG."""
import base64
import struct
import zlib

from synth.flat import Flat
from synth.layout import config
from synth.layout.graywolf import UNITS, Placement
from synth.layout.lef import Lef
from synth.layout.qrouter import PlacedPin, Wires

Colour = tuple[int, int, int]
SIDE = 1400  # pixels of the longer side
PAPER, LOGIC, REGISTER, EDGE, PIN = ((255, 255, 255), (226, 230, 235), (205, 214, 236),
                                     (176, 184, 194), (20, 20, 20))
# Of the layers, from the lowest up.
METALS: list[Colour] = [(70, 110, 200), (200, 60, 60), (40, 150, 90), (230, 150, 30),
                        (130, 80, 190), (30, 160, 180)]


class Canvas:
    """Pixels, y upwards; rectangles are clipped."""

    def __init__(self, width: int, height: int):
        self.width, self.height = width, height
        self.rows = [bytearray(bytes(PAPER) * width) for _ in range(height)]

    def rectangle(self, x0: float, y0: float, x1: float, y1: float, colour: Colour) -> None:
        """At least a pixel wide and high."""
        left, right = max(0, int(x0)), min(self.width, max(int(x1), int(x0) + 1))
        low, high = max(0, int(y0)), min(self.height, max(int(y1), int(y0) + 1))
        if left < right:
            line = bytes(colour) * (right - left)
            for y in range(low, high):
                self.rows[self.height - 1 - y][3 * left:3 * right] = line

    def png(self) -> bytes:
        def chunk(kind: bytes, data: bytes) -> bytes:
            return (struct.pack(">I", len(data)) + kind + data
                    + struct.pack(">I", zlib.crc32(kind + data)))

        head = struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)
        data = zlib.compress(b"".join(b"\0" + bytes(row) for row in self.rows), 9)
        return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data)
                + chunk(b"IEND", b""))


def draw(flat: Flat, lef: Lef, placement: Placement, pins: list[PlacedPin],
         wires: dict[int, Wires]) -> bytes:
    """PNG of the cells, flip-flops darker, with the wires of each layer over those below."""
    margin = UNITS * config.MARGIN
    width, height = placement.width + 2 * margin, placement.height + 2 * margin
    scale = SIDE / max(width, height)
    canvas = Canvas(round(width * scale), round(height * scale))

    def box(x0: float, y0: float, x1: float, y1: float, colour: Colour) -> None:
        canvas.rectangle((x0 + margin) * scale, (y0 + margin) * scale, (x1 + margin) * scale,
                         (y1 + margin) * scale, colour)

    for cell in placement.cells:
        kind = flat.cells[cell.cell].kind
        macro = lef.macros[kind]
        x1, y1 = cell.x + UNITS * macro.width, cell.y + UNITS * macro.height
        box(cell.x, cell.y, x1, y1, EDGE)
        box(cell.x + 1 / scale, cell.y + 1 / scale, x1, y1,
            REGISTER if kind in flat.library.flip_flops else LOGIC)
    by_layer: list[list[tuple]] = [[] for _ in lef.layers]
    for net in wires.values():
        for segment in net.segments:
            by_layer[segment[0]].append(segment)
    for layer, segments in enumerate(by_layer):
        half = UNITS * lef.layers[layer].width / 2
        for _, x0, y0, x1, y1 in segments:
            box(min(x0, x1) - half, min(y0, y1) - half, max(x0, x1) + half, max(y0, y1) + half,
                METALS[layer])
    for pin in pins:
        box(pin.x - 60, pin.y - 60, pin.x + 60, pin.y + 60, PIN)
    return canvas.png()


def data_uri(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode()
