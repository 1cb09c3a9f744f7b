// SPDX-License-Identifier: Apache-2.0
// rtl/mxu/mxu_map_product.v for FPGAs: one multiplier of 16 bits in place of four of 8. The same function
// in the same cycles.
module mxu_map_product (
    input  wire        clk_i,
    input  wire [15:0] a_i,
    input  wire [15:0] b_i,
    input  wire [31:0] addend_i,  // a cycle after a_i and b_i
    input  wire        carry_i,   // likewise
    output wire [31:0] sum_o
);
  reg [31:0] product_q;

  assign sum_o = product_q + addend_i + {31'd0, carry_i};

  always @(posedge clk_i) product_q <= {16'd0, a_i} * {16'd0, b_i};
endmodule
