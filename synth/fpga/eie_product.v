// SPDX-License-Identifier: Apache-2.0
// rtl/eie/eie_product.v for FPGAs: a whole product fits one DSP, whose register stands for those of
// the parts.
module eie_product (
    input  wire        clk_i,
    input  wire [15:0] weight_i,
    input  wire [15:0] act_i,
    output wire [31:0] product_o  // of the pair of the cycle before
);
  // Of two rows of registers behind a product Yosys's iCE40 DSPs take both and lose the product (0.23
  // to 0.70): a name that is kept leaves them the first.
  (* keep *) reg signed [31:0] product_q;

  assign product_o = product_q;

  always @(posedge clk_i) product_q <= $signed(weight_i) * $signed(act_i);
endmodule
