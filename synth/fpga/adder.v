// SPDX-License-Identifier: Apache-2.0
// rtl/common/adder.v for FPGAs, whose carry chains are faster and smaller than blocks that are added for
// both carries. The same function.
module adder #(
    parameter WIDTH = 32,  // bits of a number
    parameter BLOCK = 16   // of no use here
) (
    input  wire [WIDTH-1:0] a_i,
    input  wire [WIDTH-1:0] b_i,
    input  wire             carry_i,
    output wire [WIDTH-1:0] sum_o
);
  assign sum_o = a_i + b_i + {{(WIDTH - 1) {1'b0}}, carry_i};
endmodule
