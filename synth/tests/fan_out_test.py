# SPDX-License-Identifier: Apache-2.0
"""Buffers between modules: what they leave each driver with by OpenSTA's own sums, that they change
no function by Yosys's proof, and that a path over many loads and through several modules is timed
as one."""
import pathlib
import re
import tempfile
import unittest
import unittest.mock

import scripts.tests
from synth import yosys
from synth.area import fan_out, rams, timing
from synth.area.hierarchy import Mapper, Sources, Variant
from synth.library import OSU018, Library

# A register of two bits, one of which leaves through a second module without a gate, read by many
# modules; and a way back in gates alone.
RTL = {
    "fan_source": """(
    input  wire       clk_i,
    input  wire       d_i,
    output wire [1:0] q_o
);
  reg [1:0] q_q;
  assign q_o = q_q;
  always @(posedge clk_i) q_q <= {q_q[0], d_i};
endmodule
""",
    "fan_through": """(
    input  wire a_i,
    output wire a_o
);
  assign a_o = a_i;
endmodule
""",
    "fan_sink": """(
    input  wire       clk_i,
    input  wire [1:0] a_i,
    output wire       y_o
);
  reg [3:0] y_q;
  assign y_o = ^y_q;
  always @(posedge clk_i) y_q <= {a_i[1], y_q[3:1]} ^ {4{a_i[0]}};
endmodule
""",
    "fan_top": """#(
    parameter SINKS = 64
) (
    input  wire             clk_i,
    input  wire             d_i,
    output wire [SINKS-1:0] y_o
);
  wire [1:0] q;
  wire through;
  fan_source u_source (.clk_i(clk_i), .d_i(d_i), .q_o(q));
  fan_through u_through (.a_i(q[1]), .a_o(through));
  genvar k;
  generate
    for (k = 0; k < SINKS; k = k + 1) begin : g_sink
      fan_sink u_sink (.clk_i(clk_i), .a_i({through, q[0]}), .y_o(y_o[k]));
    end
  endgenerate
endmodule
""",
}

CAPACITANCE = re.compile(r"Pin capacitance: r ([\d.]+)")


class Fan(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        files = []
        for module, text in RTL.items():
            files.append(self.folder / f"{module}.v")
            files[-1].write_text(f"module {module} {text}")
        self.library = Library(OSU018)
        self.mapper = Mapper(Sources(files), self.library, self.folder, set(rams.KINDS))

    def mapped(self, sinks, most_pf=fan_out.MOST_PF):
        """All modules below a top of so many sinks; its name."""
        top = Variant("fan_top", {"SINKS": sinks})
        with unittest.mock.patch.object(fan_out, "MOST_PF", most_pf):
            return self.mapper.map_all([top], 1, str), top.name

    def without(self, sinks):
        """The same without buffers: what is kept of these goes by another key."""
        self.mapper.cache = yosys.Cache(self.folder / "without")
        return self.mapped(sinks, 1e9)

    def flow(self, mapped, top, commands):
        """What OpenSTA prints."""
        with yosys.work_folder() as folder:
            script = folder / "sta.tcl"
            reads = "\n".join(f"read_verilog {{{m.netlist}}}" for m in mapped.values())
            script.write_text(f"read_liberty {{{self.library.path}}}\n{reads}\n"
                              f"link_design {top}\n{commands}\n")
            return yosys.execute(["sta", "-no_init", "-no_splash", "-exit", script]).stdout

    def test_no_driver_is_left_with_more(self):
        mapped, top = self.mapped(300)
        buffers = mapped[top].cells[self.library.buffer[0]]
        # Two nets of 300 sinks in two levels.
        self.assertGreater(buffers, 40)
        printed = self.flow(mapped, top, """
foreach net [get_nets -hierarchical *] {
  set name [get_property $net full_name]
  if {![string match *clk_i $name]} { report_net -connections -verbose -digits 4 $name }
}""")
        loads = [float(m) for m in CAPACITANCE.findall(printed)]
        self.assertGreater(len(loads), 1000)
        self.assertLessEqual(max(loads), fan_out.MOST_PF + 0.01)
        unbuffered, top = self.without(300)
        printed = self.flow(unbuffered, top, "report_net -connections -verbose {q[0]}")
        self.assertGreater(float(CAPACITANCE.search(printed)[1]), 10 * fan_out.MOST_PF)

    def test_they_change_no_function(self):
        mapped, top = self.mapped(64)
        self.assertIn("fan_out_0", mapped[top].netlist.read_text())
        plain, _ = self.without(64)
        self.assertNotIn("fan_out_0", plain[top].netlist.read_text())

        def read(found, name):
            files = "".join(f"read_verilog {m.netlist}\n" for m in found.values())
            return (f"read_liberty -ignore_miss_func {self.library.path}\n{files}"
                    f"hierarchy -check -top {top}\nproc\nflatten\nrename {top} {name}\n"
                    f"opt_clean\ndesign -stash {name}\n")

        def proof(netlists):
            yosys.run(read(plain, "gold") + netlists
                      + "design -copy-from gold gold\ndesign -copy-from gate gate\n"
                        "equiv_make gold gate both\nhierarchy -top both\n"
                        "equiv_simple\nequiv_status -assert\n", "fan_top")

        proof(read(mapped, "gate"))
        # It could fail: a buffer of the other net.
        text = mapped[top].netlist.read_text()
        sources = re.findall(r"\.A\((\S+ )\),\n    \.Y\(fan_out_net_\d+\)", text)
        self.assertGreater(len(set(sources)), 1)
        mapped[top].netlist.write_text(text.replace(f".A({sources[0]})", f".A({sources[-1]})", 1))
        with self.assertRaises(yosys.Failure):
            proof(read(mapped, "gate"))

    def test_a_net_of_many_loads_is_timed_with_them(self):
        """The path of the whole is longer than its parts', most of all without buffers."""
        timer = timing.Timer(self.mapper, rams.technology(self.library))
        mapped, top = self.mapped(64)
        parts = [timer.path(mapped, name)[0].ns for name in mapped if name != top
                 and timer.path(mapped, name)[0]]
        buffered = timer.path(mapped, top)[0]
        self.assertEqual(buffered.cut, [])
        self.assertGreater(buffered.ns, max(parts))
        self.assertTrue(any("fan_out_" in c["instance"] for c in buffered.cells), buffered.cells)
        plain, _ = self.without(64)
        self.assertGreater(timer.path(plain, top)[0].ns, buffered.ns + 1)


if __name__ == "__main__":
    scripts.tests.main()
