// SPDX-License-Identifier: Apache-2.0
// Sum of two numbers and a carry, modulo 2^WIDTH, in blocks of BLOCK bits: all but the lowest are
// added for both carries, one of which is selected (carry-select). A mapper that looks for least area
// makes of a plain `+`, which this is with BLOCK = WIDTH, one ripple over all bits.
// Combinational.
module adder #(
    parameter WIDTH = 32,  // bits of a number
    parameter BLOCK = 16   // bits of a block, at least 1
) (
    input  wire [WIDTH-1:0] a_i,
    input  wire [WIDTH-1:0] b_i,
    input  wire             carry_i,
    output wire [WIDTH-1:0] sum_o
);
  localparam BLOCKS = (WIDTH + BLOCK - 1) / BLOCK;

  genvar k;
  generate
    for (k = 0; k < BLOCKS; k = k + 1) begin : g_block
      localparam AT = k * BLOCK;
      localparam BITS = WIDTH - AT < BLOCK ? WIDTH - AT : BLOCK;
      wire [BITS:0] sum;
      assign sum_o[AT+:BITS] = sum[BITS-1:0];
      if (k == 0) begin : g_first
        adder_block #(
            .WIDTH(BITS)
        ) u_sum (
            .a_i    (a_i[AT+:BITS]),
            .b_i    (b_i[AT+:BITS]),
            .carry_i(carry_i),
            .sum_o  (sum)
        );
      end else begin : g_more
        wire [BITS:0] without;
        wire [BITS:0] with_one;
        wire carry = g_block[k-1].sum[BLOCK];
        adder_block #(
            .WIDTH(BITS)
        ) u_without (
            .a_i    (a_i[AT+:BITS]),
            .b_i    (b_i[AT+:BITS]),
            .carry_i(1'b0),
            .sum_o  (without)
        );
        adder_block #(
            .WIDTH(BITS)
        ) u_with_one (
            .a_i    (a_i[AT+:BITS]),
            .b_i    (b_i[AT+:BITS]),
            .carry_i(1'b1),
            .sum_o  (with_one)
        );
        assign sum = carry ? with_one : without;
      end
      if (k == BLOCKS - 1) begin : g_last
        wire unused = &{1'b0, sum[BITS]};
      end
    end
  endgenerate
endmodule
