// SPDX-License-Identifier: Apache-2.0
// The activation unit's pipeline: eight stages of requantisation, function and pooling in all lanes,
// and the flags beside them. Stage 1 is the cycle behind valid_i, in which accumulators and parameters
// are there; a row is written in stage 8 of its window's last position.
module mxu_lanes #(
    parameter COLS = 256,              // columns of the array
    parameter LANES = 256,             // bytes in a row of the unified buffer, at least COLS
    parameter UB_DEPTH = 98304,        // rows of the unified buffer
    parameter UB_W = $clog2(UB_DEPTH)  // derived, do not override
) (
    input  wire               clk_i,
    input  wire               rst_i,
    // a window position
    input  wire               valid_i,
    input  wire               inside_i,      // in the map
    input  wire               first_i,       // of its window
    input  wire               last_i,
    input  wire               end_i,         // the operation's last
    input  wire [   UB_W-1:0] row_i,         // of the result
    // the operation, which stays until the pipeline is empty
    input  wire               sum_i,         // of two operands: a window is these and their sum
    input  wire               double_i,      // round twice
    input  wire               curve_i,       // sigmoid or tanh
    input  wire               max_i,
    input  wire               average_i,
    input  wire [        7:0] zero_i,
    input  wire [        7:0] low_i,
    input  wire [        7:0] high_i,
    input  wire [       24:0] avg_mul_i,
    input  wire [       23:0] avg_round_i,
    // stage 1
    input  wire [COLS*32-1:0] acc_i,
    input  wire [COLS*32-1:0] bias_i,
    input  wire [COLS*32-1:0] multiplier_i,
    input  wire [ COLS*6-1:0] shift_i,
    output wire               empty_o,       // nothing in any stage
    // stage 8
    output wire               end_o,
    output wire               we_o,
    output wire [   UB_W-1:0] waddr_o,
    output wire [LANES*8-1:0] wdata_o
);
  reg v1_q, v2_q, v3_q, v4_q, v5_q, v6_q, v7_q, v8_q;
  reg inside1_q, inside2_q, inside3_q, inside4_q, inside5_q, inside6_q;
  reg first1_q, first2_q, first3_q, first4_q, first5_q, first6_q;
  reg last1_q, last2_q, last3_q, last4_q, last5_q, last6_q, last7_q, last8_q;
  reg end1_q, end2_q, end3_q, end4_q, end5_q, end6_q, end7_q, end8_q;
  reg [UB_W-1:0] row1_q, row2_q, row3_q, row4_q, row5_q, row6_q, row7_q, row8_q;

  // The flags beside the lanes.
  always @(posedge clk_i) begin
    if (rst_i) {v8_q, v7_q, v6_q, v5_q, v4_q, v3_q, v2_q, v1_q} <= 8'd0;
    else begin
      {v8_q, v7_q, v6_q, v5_q, v4_q, v3_q, v2_q, v1_q} <=
          {v7_q, v6_q, v5_q, v4_q, v3_q, v2_q, v1_q, valid_i};
      if (valid_i) {inside1_q, first1_q, last1_q, end1_q, row1_q} <=
          {inside_i, first_i, last_i, end_i, row_i};
      if (v1_q) {inside2_q, first2_q, last2_q, end2_q, row2_q} <=
          {inside1_q, first1_q, last1_q, end1_q, row1_q};
      if (v2_q) {inside3_q, first3_q, last3_q, end3_q, row3_q} <=
          {inside2_q, first2_q, last2_q, end2_q, row2_q};
      if (v3_q) {inside4_q, first4_q, last4_q, end4_q, row4_q} <=
          {inside3_q, first3_q, last3_q, end3_q, row3_q};
      if (v4_q) {inside5_q, first5_q, last5_q, end5_q, row5_q} <=
          {inside4_q, first4_q, last4_q, end4_q, row4_q};
      if (v5_q) {inside6_q, first6_q, last6_q, end6_q, row6_q} <=
          {inside5_q, first5_q, last5_q, end5_q, row5_q};
      if (v6_q) {last7_q, end7_q, row7_q} <= {last6_q, end6_q, row6_q};
      if (v7_q) {last8_q, end8_q, row8_q} <= {last7_q, end7_q, row7_q};
    end
  end

  wire [6:0] lane_valid = {v7_q, v6_q, v5_q, v4_q, v3_q, v2_q, v1_q} & {7{!rst_i}};
  wire [24:0] round = {1'b0, avg_round_i};
  wire [24:0] round_below = double_i ? 25'h1000000 - round : round;

  assign empty_o = !(v1_q || v2_q || v3_q || v4_q || v5_q || v6_q || v7_q || v8_q);
  assign end_o   = v8_q && end8_q;
  assign we_o    = v8_q && last8_q;
  assign waddr_o = row8_q;

  genvar c;
  generate
    for (c = 0; c < COLS; c = c + 1) begin : g_lane
      wire [7:0] f;
      mxu_requantise u_requantise (
          .clk_i       (clk_i),
          .valid_i     (lane_valid[4:0]),
          .operand_i   (sum_i && !last1_q),
          .total_i     (sum_i && last1_q),
          .keep_i      (sum_i && !last3_q),
          .add_i       (sum_i && !last4_q),
          .first_i     (first4_q),
          .acc_i       (acc_i[32*c+:32]),
          .bias_i      (bias_i[32*c+:32]),
          .multiplier_i(multiplier_i[32*c+:32]),
          .shift_i     (shift_i[6*c+:6]),
          .double_i    (double_i),
          .curve_i     (curve_i),
          .zero_i      (zero_i),
          .low_i       (low_i),
          .high_i      (high_i),
          .f_o         (f)
      );
      mxu_pool u_pool (
          .clk_i        (clk_i),
          .valid_i      (lane_valid[6:5]),
          .max_i        (max_i),
          .average_i    (average_i),
          .first_i      (first6_q),
          .inside_i     (inside6_q),
          .multiplier_i (avg_mul_i),
          .round_i      (round),
          .round_below_i(round_below),
          .f_i          (f),
          .out_o        (wdata_o[8*c+:8])
      );
    end
    if (LANES > COLS) begin : g_zero
      assign wdata_o[LANES*8-1:COLS*8] = {(LANES - COLS) * 8{1'b0}};
    end
  endgenerate
endmodule
