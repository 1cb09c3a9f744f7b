// SPDX-License-Identifier: Apache-2.0
// Lowest set bit of a vector, as one-hot and as index; combinational. Without a set bit both are 0.
// In groups of eight bits, so that no path runs along the whole vector.
module find_first #(
    parameter WIDTH   = 64,            // bits searched, a power of two from 2 to 64
    parameter INDEX_W = $clog2(WIDTH)  // derived, do not override
) (
    input  wire [  WIDTH-1:0] vector_i,
    output wire [  WIDTH-1:0] onehot_o,
    output wire [INDEX_W-1:0] index_o
);
  localparam GROUP = WIDTH < 8 ? WIDTH : 8;
  localparam GROUPS = WIDTH < 8 ? 1 : WIDTH / 8;
  // Bit i of INDEX_MASKS[b] is bit b of the number i.
  localparam [383:0] INDEX_MASKS = {
    64'hFFFFFFFF_00000000,
    64'hFFFF0000_FFFF0000,
    64'hFF00FF00_FF00FF00,
    64'hF0F0F0F0_F0F0F0F0,
    64'hCCCCCCCC_CCCCCCCC,
    64'hAAAAAAAA_AAAAAAAA
  };

  // A group has a set bit; it is the first that has.
  wire [GROUPS-1:0] any;
  wire [GROUPS-1:0] first = any & ~(any - 1'b1);

  genvar g;
  genvar b;
  generate
    for (g = 0; g < GROUPS; g = g + 1) begin : g_group
      wire [GROUP-1:0] part = vector_i[GROUP*g+:GROUP];
      wire [GROUP-1:0] lowest = part & ~(part - 1'b1);
      assign any[g] = |part;
      assign onehot_o[GROUP*g+:GROUP] = lowest & {GROUP{first[g]}};
    end
    for (b = 0; b < INDEX_W; b = b + 1) begin : g_index
      assign index_o[b] = |(onehot_o & INDEX_MASKS[64*b+:WIDTH]);
    end
    if (WIDTH < 2 || WIDTH > 64 || (WIDTH & (WIDTH - 1)) != 0) begin : g_check_width
      parameter_error_WIDTH_must_be_a_power_of_two_from_2_to_64 u_error ();
    end
  endgenerate
endmodule
