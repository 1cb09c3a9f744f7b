// SPDX-License-Identifier: Apache-2.0
// Sum of two numbers, and whether its highest bits differ; combinational. A carry-select adder: each
// block of bits is added without and with a carry in, and the block below chooses. A choice takes as
// long as the carry of one bit and a half, so blocks grow by as much; the two lowest are alike.
module carry_select #(
    parameter WIDTH = 33,    // bits, at least 2
    parameter BLOCK = 5,     // bits of the lowest blocks
    parameter SIGN_BITS = 2  // highest bits that are compared, 2 to WIDTH
) (
    input  wire [WIDTH-1:0] a_i,
    input  wire [WIDTH-1:0] b_i,
    output wire [WIDTH-1:0] sum_o,
    output wire             differ_o  // the highest SIGN_BITS bits of the sum are not all equal
);
  // First bit of a block, and the number of blocks.
  function integer first_of(input integer block);
    integer i;
    begin
      first_of = 0;
      for (i = 0; i < block; i = i + 1)
        first_of = first_of + BLOCK + (i < 2 ? 0 : (3 * i - 2) / 2);
    end
  endfunction

  function integer blocks_of(input integer width);
    begin
      blocks_of = 1;
      while (first_of(blocks_of) < width) blocks_of = blocks_of + 1;
    end
  endfunction

  localparam BLOCKS = blocks_of(WIDTH);

  // Whether the compared bits of a block, its others aside, are all ones or zeros.
  wire [BLOCKS-1:0] ones;
  wire [BLOCKS-1:0] zeros;

  genvar b;
  generate
    for (b = 0; b < BLOCKS; b = b + 1) begin : g_block
      localparam FIRST = first_of(b);
      localparam BITS = (b == BLOCKS - 1 ? WIDTH : first_of(b + 1)) - FIRST;
      localparam OTHERS = FIRST >= WIDTH - SIGN_BITS ? 0 :
                          FIRST + BITS <= WIDTH - SIGN_BITS ? BITS : WIDTH - SIGN_BITS - FIRST;
      wire [BITS-1:0] compared = {BITS{1'b1}} << OTHERS;
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
        assign carry = g_block[b-1].chosen[FIRST-first_of(b-1)];
      end
      assign chosen = carry ? sum_carry : sum;
      assign sum_o[FIRST+:BITS] = chosen[BITS-1:0];
      // Of both sums, before the carry chooses.
      assign ones[b] = carry ? &(sum_carry[BITS-1:0] | ~compared) : &(sum[BITS-1:0] | ~compared);
      assign zeros[b] = carry ? !(|(sum_carry[BITS-1:0] & compared)) :
                                !(|(sum[BITS-1:0] & compared));
    end
  endgenerate

  assign differ_o = !(&ones) && !(&zeros);

  wire unused = &{1'b0, g_block[BLOCKS-1].chosen};
endmodule
