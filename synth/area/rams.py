# SPDX-License-Identifier: Apache-2.0
"""The area and timing model of the RAM wrappers (rtl/common/ram_*.v), which are black boxes to the
mapper. docs/method/area.md tells where the numbers are from."""
import dataclasses
import re

# Wrappers: ports, and how many of them read or write a bit cell.
KINDS = {"ram_1rw": 1, "ram_1r1w": 2}


@dataclasses.dataclass
class Technology:
    """um2 of a bit with its share of the periphery by number of ports, ns from clock to data."""
    name: str
    um2_per_bit: dict
    access_ns: float
    source: str


# A 6T cell of 4.65 um2 at 65 % array efficiency; an 8T cell is half as large again. The access time
# is assumed.
OSU018 = Technology("180 nm", {1: 7.15, 2: 10.7}, 2.5,
                    "bit cell of 4.65 um2 (two ports: half as much again) at 65 % array "
                    "efficiency")
# RM_IHPSG13_1P_1024x64_c2_bm_bist: 263,946 um2, 4.35 ns typical; RM_IHPSG13_2P_1024x16_c2_bm_bist:
# 155,154 um2.
SG13G2 = Technology("IHP SG13G2, 130 nm", {1: 4.03, 2: 9.47}, 4.35,
                    "macros of IHP's memory compiler")
# A bit for half a two-input NAND: what EIE's 45 nm and IHP's 130 nm memories come to.
NAND2_PER_BIT = {1: 0.55, 2: 1.1}
DEFAULT_ACCESS_NS = 2.5
PERCENT = {"input": 50, "output": 50, "slew_lower": 20, "slew_upper": 80}
THRESHOLDS = "".join(f"  {kind}_threshold_pct_{edge} : {percent};\n" for edge in ("rise", "fall")
                     for kind, percent in PERCENT.items())
UNITS = """  delay_model : table_lookup;
  time_unit : "1ns";
  voltage_unit : "1V";
  current_unit : "1uA";
  pulling_resistance_unit : "1kohm";
  leakage_power_unit : "1nW";
  capacitive_load_unit (1, pf);
"""
PIN_PF = 0.01  # what an input of a RAM loads its driver with
# The port, with its width's parameter; times of its arc.
PORT = re.compile(r"(input|output)\s+wire\s*(?:\[\s*(\w+)-1:0\])?\s*(\w+)")
OUTPUT = ("timing_type : rising_edge; cell_rise (scalar) { values (\"%g\"); } "
          "cell_fall (scalar) { values (\"%g\"); } rise_transition (scalar) { values (\"0.1\"); } "
          "fall_transition (scalar) { values (\"0.1\"); }")
INPUT = ("timing_type : setup_rising; rise_constraint (scalar) { values (\"%g\"); } "
         "fall_constraint (scalar) { values (\"%g\"); }")
EIE_UM2_PER_BIT = 594786 / (162 * 1024 * 8)


def technology(library, um2_per_bit=None, access_ns=None):
    """The model for a library: a known one by the library's name, else NAND2_PER_BIT; options
    win."""
    if library.name.startswith("osu018"):
        found = OSU018
    elif library.name.startswith("sg13g2"):
        found = SG13G2
    else:
        per_bit = {ports: n * library.nand2_area for ports, n in NAND2_PER_BIT.items()}
        found = Technology(library.name, per_bit, DEFAULT_ACCESS_NS,
                           "no RAM known for this library: a bit for 0.55 two-input NANDs")
    if um2_per_bit:
        ratio = found.um2_per_bit[2] / found.um2_per_bit[1]
        found = dataclasses.replace(
            found, um2_per_bit={1: um2_per_bit, 2: um2_per_bit * ratio}, source="as given")
    return dataclasses.replace(found, access_ns=access_ns) if access_ns else found


def bits(box):
    """Of a RAM, a Variant."""
    return box.parameters["WIDTH"] * box.parameters["DEPTH"]


def area(technology_, box):
    """um2 of a RAM."""
    return bits(box) * technology_.um2_per_bit[KINDS[box.module]]


def liberty(technology_, boxes, headers):
    """A Liberty library with a cell for each of `boxes` {cell name: Variant}, for timing: outputs
    come access_ns after the clock, inputs are wanted a tenth of that before it."""
    widths = set()
    cells = "".join(_cell(technology_, name, box, headers[box.module], widths)
                    for name, box in sorted(boxes.items()))
    buses = "".join(f"type (bits{w}) {{ base_type : array; data_type : bit; bit_width : {w}; "
                    f"bit_from : {w - 1}; bit_to : 0; downto : true; }}\n" for w in sorted(widths))
    return f"library (rams) {{\n{UNITS}{THRESHOLDS}{buses}{cells}}}\n"


def _cell(technology_, name, box, header, widths):
    """The cell of one RAM; adds the widths of its buses."""
    values = {**box.parameters, "ADDR_W": max(1, (box.parameters["DEPTH"] - 1).bit_length())}
    pins = ["  pin (clk_i) { direction : input; clock : true; capacitance : 0.02; }"]
    for direction, width, port in PORT.findall(header):
        if port == "clk_i":
            continue
        arc = OUTPUT % ((technology_.access_ns,) * 2) if direction == "output" else \
            INPUT % ((technology_.access_ns / 10,) * 2)
        load = "" if direction == "output" else f" capacitance : {PIN_PF};"
        body = f"direction : {direction};{load} timing () {{ related_pin : \"clk_i\"; {arc} }}"
        if width:
            widths.add(values[width])
            pins.append(f"  bus ({port}) {{ bus_type : bits{values[width]}; {body} }}")
        else:
            pins.append(f"  pin ({port}) {{ {body} }}")
    um2 = f"{area(technology_, box):g}"
    return f"cell ({name}) {{\n  area : {um2};\n" + "\n".join(pins) + "\n}\n"
