// SPDX-License-Identifier: Apache-2.0
// Columns of a bank that take turns at its lanes, where these are fewer: the operands of the columns
// whose turn it is, and the results of all turns of a window, put side by side. Turn t is that of
// columns t*N to t*N + N - 1, with N lanes.
// Latency: turn_o a cycle behind turn_i, which comes with a window position; operands are chosen in
// stages 1 and 2 of the position. row_o is whole in a cycle with part_i of the last turn.
module mxu_lane_turns #(
    parameter COLS = 4,                // columns of the bank
    parameter TURNS = 2,               // turns of a window, 2 or more, a divisor of COLS
    parameter TURN_W = $clog2(TURNS),  // derived, do not override
    parameter N = COLS / TURNS         // derived, do not override
) (
    input  wire               clk_i,
    input  wire [ TURN_W-1:0] turn_i,        // of the window position
    output wire [ TURN_W-1:0] turn_o,
    // of all columns, stage 1
    input  wire [COLS*32-1:0] acc_i,
    input  wire [COLS*32-1:0] bias_i,
    // of all columns, stage 2
    input  wire [COLS*32-1:0] multiplier_i,
    input  wire [ COLS*6-1:0] shift_i,
    // of those whose turn it is
    output wire [   N*32-1:0] acc_o,
    output wire [   N*32-1:0] bias_o,
    output wire [   N*32-1:0] multiplier_o,
    output wire [    N*6-1:0] shift_o,
    // behind stage 14: results of a turn, the first turn of a window first
    input  wire               part_i,
    input  wire [    N*8-1:0] out_i,
    output wire [ COLS*8-1:0] row_o
);
  reg [3*TURN_W-1:0] turn_q;                 // stages 0 to 2, 0 lowest
  reg [(COLS-N)*8-1:0] parts_q;              // the first turn lowest

  wire [TURN_W-1:0] turn1 = turn_q[TURN_W+:TURN_W];
  wire [TURN_W-1:0] turn2 = turn_q[2*TURN_W+:TURN_W];

  reg [N*32-1:0] acc;
  reg [N*32-1:0] bias;
  reg [N*32-1:0] multiplier;
  reg [N*6-1:0] shift;
  integer t;

  assign turn_o       = turn_q[TURN_W-1:0];
  assign acc_o        = acc;
  assign bias_o       = bias;
  assign multiplier_o = multiplier;
  assign shift_o      = shift;
  assign row_o        = {out_i, parts_q};

  always @* begin
    acc        = acc_i[N*32-1:0];
    bias       = bias_i[N*32-1:0];
    multiplier = multiplier_i[N*32-1:0];
    shift      = shift_i[N*6-1:0];
    for (t = 1; t < TURNS; t = t + 1) begin
      if (turn1 == t[TURN_W-1:0]) begin
        acc  = acc_i[N*32*t+:N*32];
        bias = bias_i[N*32*t+:N*32];
      end
      if (turn2 == t[TURN_W-1:0]) begin
        multiplier = multiplier_i[N*32*t+:N*32];
        shift      = shift_i[N*6*t+:N*6];
      end
    end
  end

  always @(posedge clk_i) begin
    turn_q <= {turn_q[2*TURN_W-1:0], turn_i};
    if (part_i) parts_q <= row_o[COLS*8-1:N*8];
  end
endmodule
