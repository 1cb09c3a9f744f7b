# SPDX-License-Identifier: Apache-2.0
"""Line charts, histograms and stems as SVG that stands alone or inside a page, in light and dark.

A Figure holds panels side by side; a Panel maps data to its place and draws axes and data. Colours
are classes c0 to c5, each with its own marker, so that series differ without colour too."""
import html
import math
from collections.abc import Sequence

STYLE = """svg.chart{--ink:#1d232b;--soft:#5d6773;--grid:#e1e5ea;--paper:#ffffff;--c0:#1f6fd1;
--c1:#c4510c;--c2:#16845a;--c3:#8246c2;--c4:#a8842c;--c5:#66707b;
font:12px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
@media (prefers-color-scheme:dark){svg.chart{--ink:#e4e8ec;--soft:#9aa5b1;--grid:#343b44;
--paper:#171b20;--c0:#62a6f7;--c1:#f2904f;--c2:#4fc394;--c3:#bd91f0;--c4:#d9ba62;--c5:#a3adb8}}
.chart text{fill:var(--soft)}.chart .ink{fill:var(--ink)}
.chart .head{fill:var(--ink);font-weight:600}.chart .grid{stroke:var(--grid);fill:none}
.chart .axis{stroke:var(--soft);fill:none}
.chart .mark{stroke:var(--soft);stroke-dasharray:3 3;fill:none}.chart .back{fill:var(--paper)}
""" + "".join(f".chart .l{i}{{stroke:var(--c{i});fill:none;stroke-width:1.8}}"
              f".chart .f{i}{{fill:var(--c{i});stroke:var(--paper);stroke-width:.8}}"
              f".chart .b{i}{{fill:var(--c{i})}}\n" for i in range(6))

Point = tuple[float, float]
DASHES = ' stroke-dasharray="5 4"'


def number(value: float) -> str:
    """A coordinate: short, and never in exponent form."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if value % 1 else str(int(value))


def nice_ticks(low: float, high: float, count: int = 5) -> list[float]:
    """About `count` round numbers from low to high, both within the range."""
    if not high > low:
        return [low]
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """1, 2 and 5 times the powers of ten from low to high."""
    ticks = []
    for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1):
        ticks += [m * 10.0 ** power for m in (1, 2, 5)]
    return [round(t, 12) for t in ticks if low * 0.999 <= t <= high * 1.001]


def label(value: float) -> str:
    """A tick's number as people write it: 1,200, 0.25, -3."""
    text = f"{value:,.6f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text.replace("-", "\N{MINUS SIGN}")


class Axis:
    """Numbers from `low` to `high` onto pixels; `log` for both above 0. `ticks` may be given."""

    def __init__(self, low: float, high: float, title: str, log: bool = False,
                 ticks: list[float] | None = None, reverse: bool = False,
                 digits: int | None = None) -> None:
        if log and low <= 0:
            raise ValueError(f"logarithmic axis '{title}' from {low}, expected more than 0")
        if not high > low:
            high = low + (abs(low) or 1)
        self.low, self.high, self.title, self.log = low, high, title, log
        self.reverse, self.digits = reverse, digits
        self.ticks = ticks if ticks is not None else (log_ticks if log else nice_ticks)(low, high)

    def share(self, value: float) -> float:
        """Where a number lies, 0 to 1 from the axis's start; beyond for those out of range."""
        if self.log:
            # 0 has no place: as far out as is needed to be clipped.
            at = -9.0 if value <= 0 else (math.log(value / self.low)
                                          / math.log(self.high / self.low))
        else:
            at = (value - self.low) / (self.high - self.low)
        return 1 - at if self.reverse else at

    def text(self, value: float) -> str:
        return label(value) if self.digits is None else f"{value:.{self.digits}f}"


class Panel:
    """One pair of axes. Places are in pixels of the figure."""
    LEFT, RIGHT, TOP, BOTTOM = 58, 14, 26, 46

    def __init__(self, figure: "Figure", x: float, y: float, width: float, height: float,
                 title: str, x_axis: Axis, y_axis: Axis) -> None:
        self.figure, self.x_axis, self.y_axis = figure, x_axis, y_axis
        self.left, self.right = x + self.LEFT, x + width - self.RIGHT
        self.top, self.bottom = y + self.TOP, y + height - self.BOTTOM
        self.clip = f"{figure.name}-{len(figure.panels)}"
        figure.panels.append(self)
        self._frame(x, title)

    def _frame(self, x: float, title: str) -> None:
        """Title, grid, axes and their numbers."""
        figure = self.figure
        left, right, top, bottom = map(number, (self.left, self.right, self.top, self.bottom))
        figure.body.append(
            f'<clipPath id="{self.clip}"><rect x="{left}" y="{number(self.top - 5)}" '
            f'width="{number(self.right - self.left)}" '
            f'height="{number(self.bottom - self.top + 5)}"/></clipPath>')
        figure.text(self.left, self.top - 11, title, kind="head")
        for tick in self.x_axis.ticks:
            at = self.x(tick)
            figure.path("grid", f"M{number(at)} {top}V{bottom}")
            figure.text(at, self.bottom + 16, self.x_axis.text(tick), "middle")
        for tick in self.y_axis.ticks:
            at = self.y(tick)
            figure.path("grid", f"M{left} {number(at)}H{right}")
            figure.text(self.left - 6, at + 4, self.y_axis.text(tick), "end")
        figure.path("axis", f"M{left} {bottom}H{right}")
        figure.text((self.left + self.right) / 2, self.bottom + 36, self.x_axis.title, "middle")
        figure.body.append(
            f'<text transform="translate({number(x + 13)} {number((self.top + self.bottom) / 2)}) '
            f'rotate(-90)" text-anchor="middle">{html.escape(self.y_axis.title)}</text>')

    def x(self, value: float) -> float:
        return self.left + self.x_axis.share(value) * (self.right - self.left)

    def y(self, value: float) -> float:
        return self.bottom - self.y_axis.share(value) * (self.bottom - self.top)

    def _place(self, point: Point) -> Point:
        """A point in pixels, not so far out that its number gets long."""
        far = 10 * (self.bottom - self.top)
        return (self.x(point[0]), min(max(self.y(point[1]), self.top - far), self.bottom + far))

    def line(self, points: Sequence[Point], colour: int, dashed: bool = False) -> None:
        """Points joined, each with a marker and its numbers as tooltip; out of range is cut off."""
        places = [self._place(p) for p in points]
        out = self.figure.body
        out.append(f'<g clip-path="url(#{self.clip})">')
        if len(places) > 1:
            joined = "L".join(f"{number(x)} {number(y)}" for x, y in places)
            self.figure.path(f"l{colour}", f"M{joined}", DASHES if dashed else "")
        for (x, y), (data_x, data_y) in zip(places, points):
            tip = f"{label(round(data_x, 4))}, {label(round(data_y, 4))}"
            out.append(marker(x, y, colour, tip, dashed))
        out.append("</g>")

    def level(self, value: float) -> None:
        """A dotted line across; the legend says what it is."""
        self.figure.path("mark", f"M{number(self.left)} {number(self.y(value))}"
                                 f"H{number(self.right)}")

    def bars(self, low: float, high: float, counts: Sequence[float], colour: int) -> None:
        """A histogram of equal bins from low to high."""
        width = (high - low) / len(counts)
        parts = []
        for i, count in enumerate(counts):
            if count:
                x0, x1 = self.x(low + i * width), self.x(low + (i + 1) * width)
                parts.append(f"M{number(x0)} {number(self.bottom)}V{number(self.y(count))}"
                             f"H{number(max(x1 - 0.4, x0 + 0.2))}V{number(self.bottom)}Z")
        self.figure.path(f"b{colour}", "".join(parts), f' clip-path="url(#{self.clip})"')

    def stems(self, points: Sequence[Point], colour: int) -> None:
        """A line up from the axis for each (value, count)."""
        out = self.figure.body
        out.append(f'<g clip-path="url(#{self.clip})">')
        for value, count in points:
            x, y = self.x(value), self.y(count)
            self.figure.path(f"l{colour}", f"M{number(x)} {number(self.bottom)}V{number(y)}")
            out.append(marker(x, y, colour, f"{label(round(value, 5))}: {label(count)}"))
        out.append("</g>")

    def note(self, text: str) -> None:
        """A remark in the upper right corner."""
        self.figure.text(self.right - 4, self.top + 13, text, "end")


def marker(x: float, y: float, colour: int, tip: str = "", hollow: bool = False) -> str:
    """The shape of a colour: circle, square, triangle, diamond, triangle down, small circle."""
    r = 3.6
    if colour in (0, 5):
        radius = r if colour == 0 else 2.4
        name, shape = "circle", f'cx="{number(x)}" cy="{number(y)}" r="{radius}"'
    else:
        corners = {
            1: [(-r, -r), (r, -r), (r, r), (-r, r)],
            2: [(0, -1.3 * r), (1.2 * r, r), (-1.2 * r, r)],
            3: [(0, -1.35 * r), (1.35 * r, 0), (0, 1.35 * r), (-1.35 * r, 0)],
            4: [(0, 1.3 * r), (1.2 * r, -r), (-1.2 * r, -r)],
        }[colour]
        path = "L".join(f"{number(x + dx)} {number(y + dy)}" for dx, dy in corners)
        name, shape = "path", f'd="M{path}Z"'
    kind = (f'class="back" style="stroke:var(--c{colour});stroke-width:1.3"' if hollow
            else f'class="f{colour}"')
    title = f"<title>{html.escape(tip)}</title>" if tip else ""
    return f"<{name} {shape} {kind}>{title}</{name}>"


class Figure:
    """A picture of `width` x `height` pixels; `name` is its file's, without .svg."""

    def __init__(self, name: str, width: float, height: float, title: str) -> None:
        self.name, self.width, self.height, self.title = name, width, height, title
        self.body, self.panels = [], []

    def path(self, kind: str, path: str, more: str = "", tip: str = "") -> None:
        """A path of a class of STYLE: l0 to l5 lines, b0 to b5 areas, grid, axis, mark."""
        title = f"<title>{html.escape(tip)}</title>" if tip else ""
        self.body.append(f'<path class="{kind}"{more} d="{path}">{title}</path>')

    def text(self, x: float, y: float, text: str, anchor: str = "start", kind: str = "") -> None:
        """Text of a class of STYLE, or soft; `anchor` says which end of it stands at x."""
        self.body.append(f'<text class="{kind}" x="{number(x)}" '
                         f'y="{number(y)}" text-anchor="{anchor}">{html.escape(text)}</text>')

    def bar(self, x: float, y: float, width: float, height: float, colour: int,
            tip: str = "") -> None:
        """A filled box, with a tooltip."""
        self.body.append(f'<rect class="b{colour}" x="{number(x)}" y="{number(y)}" '
                         f'width="{number(width)}" height="{number(height)}">'
                         f"<title>{html.escape(tip)}</title></rect>")

    def legend(self, x: float, y: float, entries: Sequence[tuple[str, int]],
               dashed: str | None = None, level: str | None = None) -> None:
        """Entries (text, colour) in a row from x; what dashed lines are, and dotted ones across."""
        lines = [(text, f"l{colour}", "", colour) for text, colour in entries]
        lines += [(dashed, "l5", DASHES, None)] if dashed else []
        lines += [(level, "mark", "", None)] if level else []
        for text, kind, more, colour in lines:
            self.path(kind, f"M{number(x)} {number(y - 4)}h24", more)
            if colour is not None:
                self.body.append(marker(x + 12, y - 4, colour))
            self.text(x + 30, y, text, kind="ink")
            x += 30 + 6.6 * len(text) + 22

    def svg(self) -> str:
        return (f'<svg class="chart" xmlns="http://www.w3.org/2000/svg" role="img" '
                f'viewBox="0 0 {number(self.width)} {number(self.height)}" '
                f'width="{number(self.width)}" height="{number(self.height)}">'
                f'<title>{html.escape(self.title)}</title>\n<style>{STYLE}</style>\n'
                f'<rect class="back" width="100%" height="100%"/>\n'
                + "\n".join(self.body) + "\n</svg>\n")

    def __html__(self) -> str:
        """For templates: the picture as it is, not escaped."""
        return self.svg()
