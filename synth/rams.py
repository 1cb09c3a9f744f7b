# SPDX-License-Identifier: Apache-2.0
"""The area and timing model of the RAM wrappers (rtl/common/ram_*.v), which are black boxes to the mapper.
docs/method/area.md tells where the numbers are from."""
import dataclasses
import re

# Wrappers: ports, and how many of them read or write a bit cell.
KINDS = {"ram_1rw": 1, "ram_1r1w": 2}


@dataclasses.dataclass
class Technology:
    """um2 of a bit with its share of the periphery by number of ports, and ns from clock to data."""
    name: str
    um2_per_bit: dict
    access_ns: float
    source: str


# A 6T cell of 4.65 um2 at 65 % array efficiency; an 8T cell is half as large again. The access time is assumed.
OSU018 = Technology("180 nm", {1: 7.15, 2: 10.7}, 2.5,
                    "bit cell of 4.65 um2 (two ports: half as much again) at 65 % array efficiency")
# RM_IHPSG13_1P_1024x64_c2_bm_bist: 263,946 um2, 4.35 ns typical; RM_IHPSG13_2P_1024x16_c2_bm_bist: 155,154 um2.
SG13G2 = Technology("IHP SG13G2, 130 nm", {1: 4.03, 2: 9.47}, 4.35, "macros of IHP's memory compiler")
# A bit for half a two-input NAND: what EIE's 45 nm and IHP's 130 nm memories come to.
NAND2_PER_BIT = {1: 0.55, 2: 1.1}
DEFAULT_ACCESS_NS = 2.5
THRESHOLDS = "".join(f"  {kind}_threshold_pct_{edge} : {percent};\n" for edge in ("rise", "fall")
                     for kind, percent in (("input", 50), ("output", 50), ("slew_lower", 20), ("slew_upper", 80)))
EIE_UM2_PER_BIT = 594786 / (162 * 1024 * 8)


def technology(library, um2_per_bit=None, access_ns=None):
    """The model for a library: a known one by the library's name, else NAND2_PER_BIT; options win."""
    if library.name.startswith("osu018"):
        found = OSU018
    elif library.name.startswith("sg13g2"):
        found = SG13G2
    else:
        found = Technology(library.name, {p: n * library.nand2_area for p, n in NAND2_PER_BIT.items()},
                           DEFAULT_ACCESS_NS, "no RAM known for this library: a bit for 0.55 two-input NANDs")
    if um2_per_bit:
        ratio = found.um2_per_bit[2] / found.um2_per_bit[1]
        found = dataclasses.replace(found, um2_per_bit={1: um2_per_bit, 2: um2_per_bit * ratio}, source="as given")
    return dataclasses.replace(found, access_ns=access_ns) if access_ns else found


def bits(parameters):
    return parameters["WIDTH"] * parameters["DEPTH"]


def area(technology_, module, parameters):
    """um2 of a RAM."""
    return bits(parameters) * technology_.um2_per_bit[KINDS[module]]


def liberty(technology_, boxes, headers):
    """A Liberty library with a cell for each of `boxes` {cell name: (module, parameters)}, for timing: outputs
    come access_ns after the clock, inputs are wanted a tenth of that before it."""
    setup = technology_.access_ns / 10
    types, cells = {}, []
    for name, (module, parameters) in sorted(boxes.items()):
        values = {**parameters, "ADDR_W": max(1, (parameters["DEPTH"] - 1).bit_length())}
        pins = ["  pin (clk_i) { direction : input; clock : true; capacitance : 0.02; }"]
        for direction, width, port in re.findall(r"(input|output)\s+wire\s*(?:\[\s*(\w+)-1:0\])?\s*(\w+)", headers[module]):
            if port == "clk_i":
                continue
            arc = ("timing_type : rising_edge; cell_rise (scalar) { values (\"%g\"); } cell_fall (scalar) { values (\"%g\"); } "
                   "rise_transition (scalar) { values (\"0.1\"); } fall_transition (scalar) { values (\"0.1\"); }"
                   % ((technology_.access_ns,) * 2) if direction == "output" else
                   "timing_type : setup_rising; rise_constraint (scalar) { values (\"%g\"); } "
                   "fall_constraint (scalar) { values (\"%g\"); }" % (setup, setup))
            load = "" if direction == "output" else " capacitance : 0.01;"
            body = f"direction : {direction};{load} timing () {{ related_pin : \"clk_i\"; {arc} }}"
            if width:
                types[values[width]] = None
                pins.append(f"  bus ({port}) {{ bus_type : bits{values[width]}; {body} }}")
            else:
                pins.append(f"  pin ({port}) {{ {body} }}")
        cells.append(f"cell ({name}) {{\n  area : {area(technology_, module, parameters):g};\n" + "\n".join(pins) + "\n}")
    buses = "\n".join(f"type (bits{w}) {{ base_type : array; data_type : bit; bit_width : {w}; bit_from : {w - 1}; "
                      "bit_to : 0; downto : true; }" for w in sorted(types))
    return ("library (rams) {\n  delay_model : table_lookup;\n  time_unit : \"1ns\";\n  voltage_unit : \"1V\";\n"
            "  current_unit : \"1uA\";\n  pulling_resistance_unit : \"1kohm\";\n  leakage_power_unit : \"1nW\";\n"
            "  capacitive_load_unit (1, pf);\n" + THRESHOLDS + buses + "\n" + "\n".join(cells) + "\n}\n")
