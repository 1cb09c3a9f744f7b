// SPDX-License-Identifier: Apache-2.0
// Sum of two numbers and a carry; combinational. A module of its own so that synthesis, which keeps
// modules, does not turn the blocks of a carry-select adder back into one ripple.
module adder_block #(
    parameter WIDTH = 16  // bits
) (
    input  wire [WIDTH-1:0] a_i,
    input  wire [WIDTH-1:0] b_i,
    input  wire             carry_i,
    output wire [  WIDTH:0] sum_o
);
  assign sum_o = {1'b0, a_i} + {1'b0, b_i} + {{WIDTH{1'b0}}, carry_i};
endmodule
