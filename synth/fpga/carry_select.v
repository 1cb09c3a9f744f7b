// SPDX-License-Identifier: Apache-2.0
// rtl/common/carry_select.v for FPGAs, whose carry chains are faster and smaller than blocks that are added for
// both carries. The same function.
module carry_select #(
    parameter WIDTH = 33,    // bits, at least 2
    parameter BLOCK = 5,     // of no use here but for its check
    parameter SIGN_BITS = 2  // highest bits that are compared, 2 to WIDTH
) (
    input  wire [WIDTH-1:0] a_i,
    input  wire [WIDTH-1:0] b_i,
    output wire [WIDTH-1:0] sum_o,
    output wire             differ_o  // the highest SIGN_BITS bits of the sum are not all equal
);
  wire [SIGN_BITS-1:0] signs = sum_o[WIDTH-1-:SIGN_BITS];

  assign sum_o    = a_i + b_i;
  assign differ_o = signs != {SIGN_BITS{signs[0]}};

  generate
    if (BLOCK < 1) begin : g_check_block
      parameter_error_BLOCK_must_be_at_least_1 u_error ();
    end
  endgenerate
endmodule
