// SPDX-License-Identifier: Apache-2.0
// One stage of the sum over groups: holds the numbers of one row and adds them in pairs, to sums
// one bit wider, so that none can overflow.
// Handshake: a row is taken with valid_i, in any cycle. Latency one cycle, throughput one a cycle.
module eie_reduce_stage #(
    parameter WORDS = 2,   // numbers of a row, a power of two, at least 2
    parameter WIDTH = 32,  // bits of a number
    parameter REG_W = 6    // bits of a row's number
) (
    input  wire                           clk_i,
    input  wire                           rst_i,
    input  wire                           valid_i,
    input  wire [              REG_W-1:0] row_i,
    input  wire [        WORDS*WIDTH-1:0] words_i,
    output wire                           valid_o,
    output wire [              REG_W-1:0] row_o,
    output wire [WORDS/2*(WIDTH + 1)-1:0] sums_o
);
  reg valid_q;
  reg [REG_W-1:0] row_q;
  reg [WORDS*WIDTH-1:0] words_q;

  assign valid_o = valid_q;
  assign row_o   = row_q;

  genvar i;
  generate
    for (i = 0; i < WORDS / 2; i = i + 1) begin : g_sum
      wire [WIDTH-1:0] a = words_q[2*i*WIDTH+:WIDTH];
      wire [WIDTH-1:0] b = words_q[(2*i+1)*WIDTH+:WIDTH];
      wire unused_differ;

      carry_select #(
          .WIDTH(WIDTH + 1)
      ) u_sum (
          .a_i     ({a[WIDTH-1], a}),
          .b_i     ({b[WIDTH-1], b}),
          .sum_o   (sums_o[i*(WIDTH+1)+:WIDTH+1]),
          .differ_o(unused_differ)
      );
    end
  endgenerate

  always @(posedge clk_i) begin
    if (rst_i) begin
      valid_q <= 1'b0;
    end else begin
      valid_q <= valid_i;
      if (valid_i) begin
        row_q   <= row_i;
        words_q <= words_i;
      end
    end
  end
endmodule
