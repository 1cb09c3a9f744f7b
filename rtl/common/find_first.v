// SPDX-License-Identifier: Apache-2.0
// Lowest set bit of a vector, as one-hot and as index; combinational. Without a set bit both are 0.
module find_first #(
    parameter WIDTH   = 64,            // bits searched, a power of two from 2 to 64
    parameter INDEX_W = $clog2(WIDTH)  // derived, do not override
) (
    input  wire [  WIDTH-1:0] vector_i,
    output wire [  WIDTH-1:0] onehot_o,
    output wire [INDEX_W-1:0] index_o
);
  // Bit i of INDEX_MASKS[b] is bit b of the number i.
  localparam [383:0] INDEX_MASKS = {
    64'hFFFFFFFF_00000000,
    64'hFFFF0000_FFFF0000,
    64'hFF00FF00_FF00FF00,
    64'hF0F0F0F0_F0F0F0F0,
    64'hCCCCCCCC_CCCCCCCC,
    64'hAAAAAAAA_AAAAAAAA
  };

  assign onehot_o = vector_i & (~vector_i + {{(WIDTH - 1) {1'b0}}, 1'b1});

  genvar b;
  generate
    for (b = 0; b < INDEX_W; b = b + 1) begin : g_index
      assign index_o[b] = |(onehot_o & INDEX_MASKS[64*b+:WIDTH]);
    end
    if (WIDTH < 2 || WIDTH > 64 || (WIDTH & (WIDTH - 1)) != 0) begin : g_check_width
      parameter_error_WIDTH_must_be_a_power_of_two_from_2_to_64 u_error ();
    end
  endgenerate
endmodule
