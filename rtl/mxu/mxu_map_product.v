// SPDX-License-Identifier: Apache-2.0
// Product of two numbers of 16 bits without sign, plus a third and a carry, in two steps: the products
// of their bytes, and the sum, which is combinational from these and from addend_i and carry_i.
// Latency: a cycle, one product a cycle.
module mxu_map_product (
    input  wire        clk_i,
    input  wire [15:0] a_i,
    input  wire [15:0] b_i,
    input  wire [31:0] addend_i,  // a cycle after a_i and b_i
    input  wire        carry_i,   // likewise
    output wire [31:0] sum_o
);
  reg [15:0] low_q;
  reg [15:0] mixed_0_q;
  reg [15:0] mixed_1_q;
  reg [15:0] high_q;

  // Four numbers to two.
  wire [31:0] x = {high_q, low_q};
  wire [31:0] y = {8'd0, mixed_0_q, 8'd0};
  wire [31:0] z = {8'd0, mixed_1_q, 8'd0};
  wire [31:0] sum_1 = x ^ y ^ z;
  wire [31:0] carry_1 = (x & y) | (x & z) | (y & z);
  wire [31:0] w = {carry_1[30:0], 1'b0};
  wire [31:0] sum_2 = sum_1 ^ w ^ addend_i;
  wire [31:0] carry_2 = (sum_1 & w) | (sum_1 & addend_i) | (w & addend_i);

  adder #(
      .WIDTH(32)
  ) u_sum (
      .a_i    (sum_2),
      .b_i    ({carry_2[30:0], 1'b0}),
      .carry_i(carry_i),
      .sum_o  (sum_o)
  );

  always @(posedge clk_i) begin
    low_q     <= {8'd0, a_i[7:0]} * {8'd0, b_i[7:0]};
    mixed_0_q <= {8'd0, a_i[7:0]} * {8'd0, b_i[15:8]};
    mixed_1_q <= {8'd0, a_i[15:8]} * {8'd0, b_i[7:0]};
    high_q    <= {8'd0, a_i[15:8]} * {8'd0, b_i[15:8]};
  end

  wire unused = &{1'b0, carry_1[31], carry_2[31]};
endmodule
