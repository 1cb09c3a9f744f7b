// SPDX-License-Identifier: Apache-2.0
// Sum of two numbers; combinational. A carry-select adder: each block of bits is added without and
// with a carry in, and the block below chooses.
module carry_select #(
    parameter WIDTH = 33,  // bits, at least 2
    parameter BLOCK = 7    // bits of a block
) (
    input  wire [WIDTH-1:0] a_i,
    input  wire [WIDTH-1:0] b_i,
    output wire [WIDTH-1:0] sum_o
);
  localparam BLOCKS = (WIDTH + BLOCK - 1) / BLOCK;

  genvar b;
  generate
    for (b = 0; b < BLOCKS; b = b + 1) begin : g_block
      localparam FIRST = b * BLOCK;
      localparam BITS = FIRST + BLOCK > WIDTH ? WIDTH - FIRST : BLOCK;
      wire [BITS:0] sum;
      wire [BITS:0] sum_carry;
      wire carry;
      wire [BITS:0] chosen;
      two_sums #(
          .WIDTH(BITS)
      ) u_sums (
          .a_i        (a_i[FIRST+:BITS]),
          .b_i        (b_i[FIRST+:BITS]),
          .sum_o      (sum),
          .sum_carry_o(sum_carry)
      );
      if (b == 0) begin : g_lowest
        assign carry = 1'b0;
      end else begin : g_above
        assign carry = g_block[b-1].chosen[BLOCK];
      end
      assign chosen = carry ? sum_carry : sum;
      assign sum_o[FIRST+:BITS] = chosen[BITS-1:0];
    end
  endgenerate

  wire unused = &{1'b0, g_block[BLOCKS-1].chosen};
endmodule
