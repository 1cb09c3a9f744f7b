// SPDX-License-Identifier: Apache-2.0
// Lanes of a bank of columns in the activation unit: fifteen stages of requantisation, function and
// pooling, and the flags beside them. What a bank does its neighbour does a cycle later: stage 0 is the
// cycle behind valid_i and what comes with it, in which accumulators and biases are read, and goes on
// to the next bank. A value of a window's last position is there in the cycle behind stage 14.
module mxu_lanes #(
    parameter COLS = 32,  // columns of a bank
    parameter DIGIT = 8   // bits of a digit of products
) (
    input  wire               clk_i,
    input  wire               rst_i,
    // a window position
    input  wire               valid_i,
    input  wire               inside_i,      // in the map
    input  wire               first_i,       // of its window
    input  wire               last_i,
    input  wire [      103:0] op_i,          // constants of its operation, as in mxu_activation
    output wire               valid_o,
    output wire               inside_o,
    output wire               first_o,
    output wire               last_o,
    output wire [      103:0] op_o,
    // stage 1
    input  wire [COLS*32-1:0] acc_i,
    input  wire [COLS*32-1:0] bias_i,
    // stage 2
    input  wire [COLS*32-1:0] multiplier_i,
    input  wire [ COLS*6-1:0] shift_i,
    // behind stage 14
    output wire [ COLS*8-1:0] out_o
);
  reg [10:0] valid_q;
  reg [10:0] inside_q;
  reg [10:0] first_q;
  reg [7:0] last_q;
  reg sum_q;
  reg double_q;
  reg curve_q;
  reg max_q;
  reg average_q;
  reg [7:0] zero_q;
  reg [7:0] low_q;
  reg [7:0] high_q;
  reg [24:0] mul_q;
  reg [24:0] round_q;
  reg [24:0] below_q;

  assign valid_o  = valid_q[0];
  assign inside_o = inside_q[0];
  assign first_o  = first_q[0];
  assign last_o   = last_q[0];
  assign op_o     = {
    sum_q, double_q, curve_q, max_q, average_q, zero_q, low_q, high_q, mul_q, round_q, below_q
  };

  always @(posedge clk_i) begin
    if (rst_i) valid_q <= 11'd0;
    else valid_q <= {valid_q[9:0], valid_i};
    inside_q <= {inside_q[9:0], inside_i};
    first_q  <= {first_q[9:0], first_i};
    last_q   <= {last_q[6:0], last_i};
    {sum_q, double_q, curve_q, max_q, average_q, zero_q, low_q, high_q, mul_q, round_q, below_q} <= op_i;
  end

  genvar c;
  generate
    for (c = 0; c < COLS; c = c + 1) begin : g_lane
      wire [7:0] f;
      mxu_requantise #(
          .DIGIT(DIGIT)
      ) u_requantise (
          .clk_i       (clk_i),
          .valid1_i    (valid_q[1] && !rst_i),
          .valid2_i    (valid_q[2] && !rst_i),
          .operand_i   (sum_q && !last_q[2]),
          .total_i     (sum_q && last_q[2]),
          .add_i       (valid_q[7] && !rst_i && sum_q && !last_q[7]),
          .first_i     (first_q[7]),
          .acc_i       (acc_i[32*c+:32]),
          .bias_i      (bias_i[32*c+:32]),
          .multiplier_i(multiplier_i[32*c+:32]),
          .shift_i     (shift_i[6*c+:6]),
          .double_i    (double_q),
          .curve_i     (curve_q),
          .zero_i      (zero_q),
          .low_i       (low_q),
          .high_i      (high_q),
          .f_o         (f)
      );
      mxu_pool #(
          .DIGIT(DIGIT)
      ) u_pool (
          .clk_i        (clk_i),
          .valid_i      (valid_q[10] && !rst_i),
          .max_i        (max_q),
          .average_i    (average_q),
          .first_i      (first_q[10]),
          .inside_i     (inside_q[10]),
          .multiplier_i (mul_q),
          .round_i      (round_q),
          .round_below_i(below_q),
          .f_i          (f),
          .out_o        (out_o[8*c+:8])
      );
    end
  endgenerate
endmodule
