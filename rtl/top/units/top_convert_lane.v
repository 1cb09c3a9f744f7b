// SPDX-License-Identifier: Apache-2.0
// Conversion of one element: a signed byte to 16 bits or back, by a multiplier, a shift to the right with
// rounding to nearest and a zero point, saturated (docs/reference/top-format.md, section 6). The product
// is made in two steps, of its bytes and of their products.
// Latency: six cycles, an element every cycle; what is set stays while elements are under way.
module top_convert_lane (
    input  wire        clk_i,
    input  wire        to_bytes_i,    // 16 bits to a byte, else a byte to 16 bits
    input  wire [15:0] multiplier_i,  // without sign
    input  wire [ 4:0] right_i,
    input  wire [ 7:0] zero_i,        // zero point of the byte, signed
    input  wire [15:0] value_i,       // a byte: in the low 8 bits
    output wire [15:0] value_o
);
  reg [15:0] a_q;
  reg [15:0] high_q;
  reg [15:0] low_q;
  reg [17:0] middle_q;
  reg [31:0] product_q;
  reg [31:0] shifted_q;
  reg half_q;
  reg [32:0] sum_q;
  reg [15:0] result_q;

  wire [15:0] zero = {{8{zero_i[7]}}, zero_i};
  wire [15:0] byte_from_zero = {{8{value_i[7]}}, value_i[7:0]} - zero;

  // The multiplier's bytes have no sign, of the value's only the higher has.
  wire signed [17:0] value_high = {{10{a_q[15]}}, a_q[15:8]};
  wire signed [17:0] value_low = {10'd0, a_q[7:0]};
  wire signed [17:0] multiplier_high = {10'd0, multiplier_i[15:8]};
  wire signed [17:0] multiplier_low = {10'd0, multiplier_i[7:0]};
  wire signed [17:0] high = value_high * multiplier_high;

  wire [31:0] product;
  adder #(
      .WIDTH(32)
  ) u_product (
      .a_i    ({high_q, low_q}),
      .b_i    ({{6{middle_q[17]}}, middle_q, 8'd0}),
      .carry_i(1'b0),
      .sum_o  (product)
  );

  wire signed [31:0] signed_product = product_q;
  wire [32:0] behind = {product_q, 1'b0} >> right_i;

  wire [32:0] sum;
  adder #(
      .WIDTH(33)
  ) u_sum (
      .a_i    ({shifted_q[31], shifted_q}),
      .b_i    (to_bytes_i ? {{17{zero[15]}}, zero} : 33'd0),
      .carry_i(half_q),
      .sum_o  (sum)
  );

  wire fits_byte = sum_q[32:7] == {26{sum_q[32]}};
  wire fits_16 = sum_q[32:15] == {18{sum_q[32]}};

  assign value_o = result_q;

  always @(posedge clk_i) begin
    a_q       <= to_bytes_i ? value_i : byte_from_zero;
    high_q    <= high[15:0];
    low_q     <= {8'd0, a_q[7:0]} * {8'd0, multiplier_i[7:0]};
    middle_q  <= value_low * multiplier_high + value_high * multiplier_low;
    product_q <= product;
    shifted_q <= signed_product >>> right_i;
    half_q    <= right_i != 5'd0 && behind[0];
    sum_q     <= sum;
    if (to_bytes_i) begin
      result_q <= {8'd0, fits_byte ? sum_q[7:0] : {sum_q[32], {7{!sum_q[32]}}}};
    end else begin
      result_q <= fits_16 ? sum_q[15:0] : {sum_q[32], {15{!sum_q[32]}}};
    end
  end

  wire unused = &{1'b0, high[17:16], behind[32:1]};
endmodule
