// SPDX-License-Identifier: Apache-2.0
// Sum of two numbers without and with a carry in, each with its carry out; combinational. A module
// of its own so that synthesis for area, which keeps modules, does not join it to what chooses
// between the two: that would be one long chain of carries again.
module two_sums #(
    parameter WIDTH = 7  // bits
) (
    input  wire [WIDTH-1:0] a_i,
    input  wire [WIDTH-1:0] b_i,
    output wire [  WIDTH:0] sum_o,
    output wire [  WIDTH:0] sum_carry_o
);
  assign sum_o       = {1'b0, a_i} + {1'b0, b_i};
  assign sum_carry_o = {1'b0, a_i} + {1'b0, b_i} + {{WIDTH{1'b0}}, 1'b1};
endmodule
