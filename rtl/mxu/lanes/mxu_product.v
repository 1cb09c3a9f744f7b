// SPDX-License-Identifier: Apache-2.0
// Product of two signed numbers, plus a third, in three steps: products of all digits of DIGIT bits;
// their sum in carry-save form; the sum. DIGIT is 8 for standard cells, where the first step is then no
// longer than a cell of the array, and 16 for an FPGA's multipliers, where plain sums take its place.
// Latency: 3 cycles, one product a cycle; addend_i belongs to the second step.
module mxu_product #(
    parameter A_WIDTH = 32,  // bits of a
    parameter B_WIDTH = 32,  // bits of b, a multiple of 16
    parameter DIGIT = 8      // bits of a digit, 8 or 16
) (
    input  wire                       clk_i,
    input  wire [        A_WIDTH-1:0] a_i,
    input  wire [        B_WIDTH-1:0] b_i,
    input  wire [A_WIDTH+B_WIDTH-1:0] addend_i,
    output wire [A_WIDTH+B_WIDTH-1:0] product_o
);
  localparam A_PAIRS = (A_WIDTH + 2 * DIGIT - 1) / (2 * DIGIT);
  localparam A_DIGITS = 2 * A_PAIRS;
  localparam B_DIGITS = B_WIDTH / DIGIT;
  localparam A_W = A_DIGITS * DIGIT;
  localparam OUT_W = A_WIDTH + B_WIDTH;
  // Rows to add: two for each digit of b, the addend, and a correction.
  localparam ROWS = 2 * B_DIGITS + 2;

  // Rows that are left of so many by `levels` levels of full adders.
  function integer left;
    input integer rows;
    input integer levels;
    integer l;
    begin
      left = rows;
      for (l = 0; l < levels; l = l + 1) left = 2 * (left / 3) + left % 3;
    end
  endfunction
  // Levels that it takes to leave two.
  function integer levels_of;
    input integer rows;
    begin
      levels_of = 0;
      while (left(rows, levels_of) > 2) levels_of = levels_of + 1;
    end
  endfunction
  localparam LEVELS = levels_of(ROWS);

  // Products of digits of which a factor has a sign stand 2^(2*DIGIT-1) too high; less that.
  function [OUT_W-1:0] correction_of;
    input integer digits;
    integer m;
    integer n;
    begin
      correction_of = {OUT_W{1'b0}};
      for (m = 0; m < digits; m = m + 1) begin
        for (n = 0; n < A_DIGITS; n = n + 1) begin
          if (n == A_DIGITS - 1 || m == digits - 1) begin
            correction_of = correction_of - ({{(OUT_W - 1) {1'b0}}, 1'b1} << (DIGIT * (n + m + 2) - 1));
          end
        end
      end
    end
  endfunction
  localparam [OUT_W-1:0] CORRECTION = correction_of(B_DIGITS);

  reg [A_DIGITS*B_DIGITS*2*DIGIT-1:0] digits_q;
  reg [OUT_W-1:0] sum_q;
  reg [OUT_W-1:0] carry_q;
  reg [OUT_W-1:0] product_q;

  wire [A_W-1:0] a = {{(A_W - A_WIDTH + 1) {a_i[A_WIDTH-1]}}, a_i[A_WIDTH-2:0]};
  wire [ROWS*OUT_W-1:0] rows;
  wire [OUT_W-1:0] product;

  assign rows[OUT_W*2*B_DIGITS+:2*OUT_W] = {CORRECTION, addend_i};
  assign product_o                       = product_q;

  adder #(
      .WIDTH(OUT_W),
      .BLOCK(DIGIT == 8 ? 16 : OUT_W)
  ) u_product (
      .a_i    (sum_q),
      .b_i    (carry_q),
      .carry_i(1'b0),
      .sum_o  (product)
  );

  genvar i;
  genvar j;
  genvar l;
  generate
    for (j = 0; j < B_DIGITS; j = j + 1) begin : g_digit
      localparam B_SIGNED = j == B_DIGITS - 1;
      wire signed [DIGIT:0] b = {B_SIGNED && b_i[DIGIT*j+DIGIT-1], b_i[DIGIT*j+:DIGIT]};
      // Raised, none is below 0, and every other one of a row stands beside the next.
      wire [A_W-1:0] even;
      wire [A_W-1:0] odd;
      for (i = 0; i < A_DIGITS; i = i + 1) begin : g_product
        localparam A_SIGNED = i == A_DIGITS - 1;
        localparam RAISED = A_SIGNED || B_SIGNED;
        localparam AT = 2 * DIGIT * (A_DIGITS * j + i);
        wire signed [DIGIT:0] x = {A_SIGNED && a[DIGIT*i+DIGIT-1], a[DIGIT*i+:DIGIT]};
        wire signed [2*DIGIT+1:0] xb = x * b;
        // A register for each: of one for all, Yosys 0.23 loses those of SB_MAC16 cells.
        always @(posedge clk_i) digits_q[AT+:2*DIGIT] <= xb[2*DIGIT-1:0];
        wire [2*DIGIT-1:0] raised = {digits_q[AT+2*DIGIT-1] ^ RAISED, digits_q[AT+:2*DIGIT-1]};
        if (i % 2 == 0) begin : g_even
          assign even[DIGIT*i+:2*DIGIT] = raised;
        end else begin : g_odd
          assign odd[DIGIT*(i-1)+:2*DIGIT] = raised;
        end
        wire unused = &{1'b0, xb[2*DIGIT+1:2*DIGIT]};
      end
      wire [OUT_W+A_W-1:0] even_row = {{OUT_W{1'b0}}, even} << (DIGIT * j);
      wire [OUT_W+A_W-1:0] odd_row = {{OUT_W{1'b0}}, odd} << (DIGIT * (j + 1));
      assign rows[OUT_W*2*j+:2*OUT_W] = {odd_row[OUT_W-1:0], even_row[OUT_W-1:0]};
      wire unused = &{1'b0, even_row, odd_row};
    end

    if (DIGIT == 8) begin : g_carry_save
      for (l = 0; l < LEVELS; l = l + 1) begin : g_level
        localparam N = left(ROWS, l);
        wire [N*OUT_W-1:0] from;
        wire [left(ROWS, l + 1)*OUT_W-1:0] to;
        if (l == 0) begin : g_first
          assign from = rows;
        end else begin : g_next
          assign from = g_level[l-1].to;
        end
        for (i = 0; i < N / 3; i = i + 1) begin : g_adders
          wire [OUT_W-1:0] x = from[OUT_W*3*i+:OUT_W];
          wire [OUT_W-1:0] y = from[OUT_W*(3*i+1)+:OUT_W];
          wire [OUT_W-1:0] z = from[OUT_W*(3*i+2)+:OUT_W];
          wire [OUT_W-1:0] carry = (x & y) | (x & z) | (y & z);
          assign to[OUT_W*2*i+:2*OUT_W] = {carry[OUT_W-2:0], 1'b0, x ^ y ^ z};
          wire unused = &{1'b0, carry[OUT_W-1]};
        end
        if (N % 3 != 0) begin : g_rest
          assign to[OUT_W*2*(N/3)+:OUT_W*(N%3)] = from[OUT_W*3*(N/3)+:OUT_W*(N%3)];
        end
      end
      always @(posedge clk_i) {carry_q, sum_q} <= g_level[LEVELS-1].to;
    end else begin : g_plain
      reg [OUT_W-1:0] sum;
      reg [OUT_W-1:0] carry;
      integer k;
      always @* begin
        sum   = {OUT_W{1'b0}};
        carry = {OUT_W{1'b0}};
        for (k = 0; k < ROWS; k = k + 2) begin
          sum   = sum + rows[OUT_W*k+:OUT_W];
          carry = carry + rows[OUT_W*(k+1)+:OUT_W];
        end
      end
      always @(posedge clk_i) {carry_q, sum_q} <= {carry, sum};
    end
    if (DIGIT != 8 && DIGIT != 16) begin : g_check
      parameter_error_DIGIT_must_be_8_or_16 u_error ();
    end
  endgenerate

  always @(posedge clk_i) product_q <= product;
endmodule
