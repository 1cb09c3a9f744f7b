// SPDX-License-Identifier: Apache-2.0
// One lane of the activation unit, stages 1 to 5: bias, multiplier, rounding shift, function; and the
// sum of two operands, which goes through all stages again. Stage N takes part in a cycle with
// valid_i[N-1]. Latency: 5 cycles, one value a cycle; a sum can enter stage 1 two cycles behind its
// second operand's stage 3.
module mxu_requantise (
    input  wire        clk_i,
    input  wire [ 4:0] valid_i,
    input  wire        operand_i,     // stage 1: an operand of a sum
    input  wire        total_i,       // stage 1: the sum of the last two operands, not acc_i
    input  wire        keep_i,        // stage 3: an operand
    input  wire        add_i,         // stage 4: an operand
    input  wire        first_i,       // stage 4: the first one
    input  wire [31:0] acc_i,
    input  wire [31:0] bias_i,
    input  wire [31:0] multiplier_i,
    input  wire [ 5:0] shift_i,
    input  wire        double_i,      // round twice
    input  wire        curve_i,       // sigmoid or tanh
    input  wire [ 7:0] zero_i,        // zero point, least and largest output
    input  wire [ 7:0] low_i,
    input  wire [ 7:0] high_i,
    output wire [ 7:0] f_o
);
  reg [31:0] v_q;
  reg [31:0] multiplier_q;
  reg [5:0] shift1_q;
  reg [5:0] shift2_q;
  reg [63:0] prod_q;
  reg [9:0] r_q;
  reg [31:0] s_q;
  reg c_q;
  reg [31:0] total_q;
  reg [7:0] t_q;
  reg [7:0] f_q;

  // Stage 1. An operand is a byte and its zero point: 12 bits hold it.
  wire [32:0] sum = {acc_i[31], acc_i} + {bias_i[31], bias_i};
  wire sum_saturates = sum[32] != sum[31];
  wire [31:0] saturated = sum_saturates ? {sum[32], {31{!sum[32]}}} : sum[31:0];
  wire [31:0] v = operand_i ? {saturated[11:0], 20'd0} : total_i ? total_q : saturated;

  // Stage 2. Of two roundings the first, that of the product's high half, is a half of its last place
  // towards the product's sign, in front of the second.
  wire twice = double_i && shift1_q[5];
  wire below_zero = v_q[31] != multiplier_q[31];
  wire [63:0] nudge = {{33{twice && below_zero}}, twice, 30'd0};
  wire [63:0] prod = $signed({{32{v_q[31]}}, v_q}) * $signed({{32{multiplier_q[31]}}, multiplier_q}) +
                     $signed(nudge);

  // Stage 3. Half is added by rounding up if the highest bit shifted out is 1. Rounding cannot bring
  // back a value that saturates before it: only -513 could, and -512 is what it saturates to.
  wire [63:0] shifted = $signed(prod_q) >>> shift2_q;
  wire round = shift2_q != 6'd0 && prod_q[shift2_q-6'd1];
  wire fits = shifted[63:9] == {55{shifted[63]}};
  wire most = shifted[8:0] == 9'h1FF && !shifted[63];
  wire [9:0] r = !fits ? {shifted[63], {9{!shifted[63]}}} :
                 most ? shifted[9:0] : shifted[9:0] + {9'd0, round};

  // Stage 4: the table's index is clamped like an output, without zero point.
  wire [10:0] shifted_zero = {r_q[9], r_q} + (curve_i ? 11'd0 : {{3{zero_i[7]}}, zero_i});
  wire [7:0] low = curve_i ? 8'h80 : low_i;
  wire [7:0] high = curve_i ? 8'h7F : high_i;
  wire below = $signed(shifted_zero) < $signed({{3{low[7]}}, low});
  wire above = $signed(shifted_zero) > $signed({{3{high[7]}}, high});

  // Stage 5.
  wire [7:0] curve;

  mxu_table u_table (
      .index_i(t_q),
      .value_o(curve)
  );

  assign f_o = f_q;

  always @(posedge clk_i) begin
    if (valid_i[0]) begin
      v_q          <= v;
      multiplier_q <= multiplier_i;
      shift1_q     <= shift_i;
    end
    if (valid_i[1]) begin
      prod_q   <= prod;
      shift2_q <= shift1_q;
    end
    if (valid_i[2]) r_q <= r;
    if (valid_i[2] && keep_i) begin
      s_q <= shifted[31:0];
      c_q <= round;
    end
    if (valid_i[3]) t_q <= below ? low : above ? high : shifted_zero[7:0];
    if (valid_i[3] && add_i) total_q <= (first_i ? 32'd0 : total_q) + s_q + {31'd0, c_q};
    if (valid_i[4]) f_q <= curve_i ? curve : t_q;
  end
endmodule
