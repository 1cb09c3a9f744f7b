# SPDX-License-Identifier: Apache-2.0
"""What takes the place of blocks made for standard cells on FPGAs gives the same in every cycle:
both side by side in Icarus, random numbers and extremes; with a carry or a sign left out, it must
not."""
import pathlib
import sys
import tempfile

from synth import yosys
from synth.fpga.config import REPLACE

# Text of what takes a block's place, and in its place what must be seen.
BROKEN = {
    "synth/fpga/adder.v": ("carry_i};", "1'b0};"),
    "synth/fpga/carry_select.v": ("!= {SIGN_BITS", "== {SIGN_BITS"),
    "synth/fpga/find_first.v": ("24'hF0_CC_AA", "24'hF0_CC_AE"),
    "synth/fpga/eie_product.v": ("$signed(act_i)", "$signed({1'b0, act_i})"),
    "synth/fpga/mxu_map_product.v": ("carry_i};", "1'b0};"),
}
CYCLES = 20000
BENCH = """
module bench;
  reg clk = 1'b0;
  reg [15:0] a, b;
  reg [31:0] c;
  reg [32:0] x, y;
  reg carry;
  wire [31:0] product_0, product_1, signed_0, signed_1;
  wire [32:0] sum_0, sum_1, chosen_0, chosen_1;
  wire differ_0, differ_1;
  wire [31:0] first_0, first_1;
  wire [4:0] index_0, index_1;
  integer n, wrong;
  eie_product_0 u_signed_0 (.clk_i(clk), .weight_i(a), .act_i(b), .product_o(signed_0));
  eie_product_1 u_signed_1 (.clk_i(clk), .weight_i(a), .act_i(b), .product_o(signed_1));
  mxu_map_product_0 u_product_0 (.clk_i(clk), .a_i(a), .b_i(b), .addend_i(c), .carry_i(carry),
                         .sum_o(product_0));
  mxu_map_product_1 u_product_1 (.clk_i(clk), .a_i(a), .b_i(b), .addend_i(c), .carry_i(carry),
                         .sum_o(product_1));
  adder_0 #(.WIDTH(33)) u_adder_0 (.a_i(x), .b_i(y), .carry_i(carry), .sum_o(sum_0));
  adder_1 #(.WIDTH(33)) u_adder_1 (.a_i(x), .b_i(y), .carry_i(carry), .sum_o(sum_1));
  carry_select_0 #(.SIGN_BITS(4)) u_select_0 (.a_i(x), .b_i(y), .sum_o(chosen_0),
                                              .differ_o(differ_0));
  carry_select_1 #(.SIGN_BITS(4)) u_select_1 (.a_i(x), .b_i(y), .sum_o(chosen_1),
                                              .differ_o(differ_1));
  find_first_0 #(.WIDTH(32)) u_first_0 (.vector_i(c), .onehot_o(first_0), .index_o(index_0));
  find_first_1 #(.WIDTH(32)) u_first_1 (.vector_i(c), .onehot_o(first_1), .index_o(index_1));
  initial begin
    wrong = 0;
    for (n = 0; n < {cycles}; n = n + 1) begin
      a = n % 7 == 0 ? n % 2 == 0 ? 16'h8000 : 16'hFFFF : $random;
      b = n % 11 == 0 ? n % 2 == 0 ? 16'h8000 : 16'hFFFF : $random;
      c = n % 5 == 0 ? 32'hFFFFFFFF : $random << n % 33;
      x = n % 3 == 0 ? 33'h1FFFFFFFF : {{$random, $random}};
      y = n % 13 == 0 ? 33'd1 : {{$random, $random}};
      carry = $random;
      #1 if (sum_0 !== sum_1 || chosen_0 !== chosen_1 || differ_0 !== differ_1
             || first_0 !== first_1 || index_0 !== index_1
             || (n > 0 && (product_0 !== product_1 || signed_0 !== signed_1)))
        wrong = wrong + 1;
      clk = 1'b1;
      #1 clk = 1'b0;
    end
    $display("%0d wrong", wrong);
  end
endmodule
"""


def differing(broken: str = "") -> int:
    """Cycles in which a block and what takes its place differ; `broken`: a file to break."""
    with tempfile.TemporaryDirectory() as folder:
        names = {pathlib.Path(path).stem: path for path in REPLACE}
        bench = pathlib.Path(folder, "bench.v")
        bench.write_text(BENCH.format(cycles=CYCLES))
        files = [bench, *(yosys.ROOT / f"rtl/common/{f}.v"
                          for f in ("adder_block", "two_sums", "increment", "or_reduce"))]
        for which, paths in enumerate((REPLACE, REPLACE.values())):
            for path in paths:
                text = (yosys.ROOT / path).read_text()
                for name in names:
                    text = text.replace(f"module {name} ", f"module {name}_{which} ")
                    text = text.replace(f"  {name} #(", f"  {name}_{which} #(")
                if path == broken:
                    was, now = BROKEN[path]
                    assert was in text, path
                    text = text.replace(was, now)
                files.append(pathlib.Path(folder, f"{pathlib.Path(path).stem}_{which}.v"))
                files[-1].write_text(text)
        program = f"{folder}/bench.vvp"
        yosys.execute(["iverilog", "-g2005", "-s", "bench", "-o", program, *files], cwd=folder)
        return int(yosys.execute(["vvp", "-n", program], cwd=folder).stdout.split()[0])


def main() -> int:
    good = differing() == 0
    print("the same" if good else "NOT THE SAME")
    for path in REPLACE.values():
        seen = differing(path) > 0
        print(f"{'seen' if seen else 'NOT SEEN'}: {path} without {BROKEN[path][0]}")
        good = good and seen
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
