// SPDX-License-Identifier: Apache-2.0
// rtl/common/find_first.v for FPGAs, where the index is the address of a block RAM, on iCE40 of one that is read
// in the middle of the cycle: each group finds its index at the same time as the first group is found, not behind
// the one-hot, and no carry chain is used, which takes long to enter and to leave. The same function.
module find_first #(
    parameter WIDTH   = 64,            // bits searched, a power of two from 2 to 64
    parameter INDEX_W = $clog2(WIDTH)  // derived, do not override
) (
    input  wire [  WIDTH-1:0] vector_i,
    output wire [  WIDTH-1:0] onehot_o,
    output wire [INDEX_W-1:0] index_o
);
  localparam GROUP = WIDTH < 8 ? WIDTH : 8;
  localparam GROUPS = WIDTH / GROUP;
  localparam LOW_W = $clog2(GROUP);
  // Bit i of byte b is bit b of the number i.
  localparam [23:0] INDEX_MASKS = 24'hF0_CC_AA;

  wire [GROUPS-1:0] any;
  wire [GROUPS-1:0] first;          // the group that wins
  wire [INDEX_W*GROUPS-1:0] index;  // of each group if it wins, else 0

  genvar g;
  genvar b;
  generate
    for (g = 0; g < GROUPS; g = g + 1) begin : g_group
      localparam [31:0] NUMBER = g;
      wire [GROUP-1:0] part = vector_i[GROUP*g+:GROUP];
      wire [GROUP-1:0] lowest;

      assign any[g] = |part;
      if (g == 0) begin : g_lowest
        assign first[g] = any[g];
      end else begin : g_other
        assign first[g] = any[g] && !(|any[g-1:0]);
      end
      assign lowest[0] = part[0];
      for (b = 1; b < GROUP; b = b + 1) begin : g_bit
        assign lowest[b] = part[b] && !(|part[b-1:0]);
      end
      for (b = 0; b < LOW_W; b = b + 1) begin : g_low
        assign index[INDEX_W*g+b] = first[g] && |(lowest & INDEX_MASKS[8*b+:GROUP]);
      end
      for (b = LOW_W; b < INDEX_W; b = b + 1) begin : g_high
        assign index[INDEX_W*g+b] = first[g] && NUMBER[b-LOW_W];
      end
      assign onehot_o[GROUP*g+:GROUP] = lowest & {GROUP{first[g]}};
    end
  endgenerate

  or_reduce #(
      .WIDTH(INDEX_W),
      .COUNT(GROUPS)
  ) u_index (
      .words_i(index),
      .word_o (index_o)
  );
endmodule
