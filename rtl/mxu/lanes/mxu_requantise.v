// SPDX-License-Identifier: Apache-2.0
// One lane of the activation unit, stages 1 to 9: bias, multiplier, rounding shift, function; and the
// sum of two operands, which goes through all stages again. Stages 1, 2 and 7 take part in a cycle
// with their valid, the others in every one.
// Latency: 9 cycles, one value a cycle; a sum can enter stage 2 two or three cycles behind its second
// operand's stage 7.
module mxu_requantise #(
    parameter DIGIT = 8  // bits of a digit of products
) (
    input  wire        clk_i,
    input  wire        valid1_i,      // stage 1
    input  wire        valid2_i,      // stage 2
    input  wire        operand_i,     // stage 2: an operand of a sum
    input  wire        total_i,       // stage 2: the sum of the last two operands
    input  wire        add_i,         // stage 7: an operand, with valid
    input  wire        first_i,       // stage 7: the first one
    input  wire [31:0] acc_i,         // stage 1
    input  wire [31:0] bias_i,        // stage 1
    input  wire [31:0] multiplier_i,  // stage 2
    input  wire [ 5:0] shift_i,       // stage 2
    input  wire        double_i,      // round twice
    input  wire        curve_i,       // sigmoid or tanh
    input  wire [ 7:0] zero_i,        // zero point, least and largest output
    input  wire [ 7:0] low_i,
    input  wire [ 7:0] high_i,
    output wire [ 7:0] f_o
);
  reg [31:0] acc_q;
  reg [31:0] bias_q;
  reg [31:0] v_q;
  reg [31:0] multiplier_q;
  reg [5:0] shift3_q;
  reg [5:0] shift4_q;
  reg [5:0] shift5_q;
  reg [5:0] shift6_q;
  reg twice4_q;
  reg below4_q;
  reg [31:0] s_q;
  reg c_q;
  reg fits_q;
  reg sign_q;
  reg [31:0] total_q;
  reg [9:0] r_q;
  reg [7:0] t_q;
  reg [7:0] f_q;

  // Stage 2. An operand is a byte and its zero point: 12 bits hold it.
  wire [32:0] sum;
  adder #(
      .WIDTH(33)
  ) u_biased (
      .a_i    ({acc_q[31], acc_q}),
      .b_i    ({bias_q[31], bias_q}),
      .carry_i(1'b0),
      .sum_o  (sum)
  );
  wire sum_saturates = sum[32] != sum[31];
  wire [31:0] saturated = sum_saturates ? {sum[32], {31{!sum[32]}}} : sum[31:0];
  wire [31:0] v = operand_i ? {saturated[11:0], 20'd0} : total_i ? total_q : saturated;

  // Stages 3 to 5. Of two roundings the first, that of the product's high half, is a half of its last
  // place towards the product's sign, in front of the second.
  wire twice = double_i && shift3_q[5];
  wire [63:0] nudge = {{33{below4_q}}, twice4_q, 30'd0};
  wire [63:0] prod_q;

  mxu_product #(
      .A_WIDTH(32),
      .B_WIDTH(32),
      .DIGIT  (DIGIT)
  ) u_product (
      .clk_i    (clk_i),
      .a_i      (v_q),
      .b_i      (multiplier_q),
      .addend_i (nudge),
      .product_o(prod_q)
  );

  // Stage 6: below the lowest bit of the shifted value, the highest one shifted out. The value is from
  // -512 to 511 if all bits from its bit 9 on are the sign.
  wire [64:0] shifted = $signed({prod_q, 1'b0}) >>> shift6_q;
  wire [63:0] above = {64{1'b1}} << shift6_q;
  wire [63:0] others = (prod_q ^ {64{prod_q[63]}}) & {above[54:0], 9'd0};

  // Stage 7: half is added by rounding up if the highest bit shifted out is 1. Rounding cannot bring
  // back a value that saturates before it: only -513 could, and -512 is what it saturates to.
  wire most = s_q[9:0] == 10'h1FF;
  wire [9:0] r = !fits_q ? {sign_q, {9{!sign_q}}} :
                 most    ? 10'h1FF : s_q[9:0] + {9'd0, c_q};
  wire [31:0] total;
  adder #(
      .WIDTH(32)
  ) u_total (
      .a_i    (first_i ? 32'd0 : total_q),
      .b_i    (s_q),
      .carry_i(c_q),
      .sum_o  (total)
  );

  // Stage 8: the table's index is clamped like an output, without zero point.
  wire [10:0] shifted_zero = {r_q[9], r_q} + (curve_i ? 11'd0 : {{3{zero_i[7]}}, zero_i});
  wire [7:0] low = curve_i ? 8'h80 : low_i;
  wire [7:0] high = curve_i ? 8'h7F : high_i;
  wire below = $signed(shifted_zero) < $signed({{3{low[7]}}, low});
  wire over = $signed(shifted_zero) > $signed({{3{high[7]}}, high});

  // Stage 9.
  wire [7:0] curve;

  mxu_table u_table (
      .index_i(t_q),
      .value_o(curve)
  );

  assign f_o = f_q;

  always @(posedge clk_i) begin
    if (valid1_i) begin
      acc_q  <= acc_i;
      bias_q <= bias_i;
    end
    if (valid2_i) v_q <= v;
    multiplier_q <= multiplier_i;
    shift3_q  <= shift_i;
    shift4_q  <= shift3_q;
    shift5_q  <= shift4_q;
    shift6_q  <= shift5_q;
    twice4_q  <= twice;
    below4_q  <= twice && v_q[31] != multiplier_q[31];
    s_q       <= shifted[32:1];
    c_q       <= shifted[0];
    fits_q    <= others == 64'd0;
    sign_q    <= prod_q[63];
    r_q       <= r;
    if (add_i) total_q <= total;
    t_q <= below ? low : over ? high : shifted_zero[7:0];
    f_q <= curve_i ? curve : t_q;
  end

  wire unused = &{1'b0, shifted[64:33], above[63:55]};
endmodule
