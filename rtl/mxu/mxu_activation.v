// SPDX-License-Identifier: Apache-2.0
// Activation unit: takes Activate operations from its queue and walks over accumulator rows, row by
// row or window by window of a map; each goes through requantisation, function and pooling of all
// columns, and each finished row is written to the unified buffer.
// Latency: an operation pushed in one cycle can be taken in the next; one window position a cycle
// from the one after, each window TURNS times, the row written 15 cycles and one for each bank after
// its window's last. done_o is in the cycle after an operation's last row is written.
module mxu_activation #(
    parameter COLS = 256,                 // columns of the array
    parameter LANES = 256,                // bytes in a row of the unified buffer, at least COLS
    parameter TILE_COLS = 32,             // columns of a bank, a divisor of COLS
    parameter UB_DEPTH = 98304,           // rows of the unified buffer
    parameter ACC_DEPTH = 4096,           // rows of the accumulators, a power of two
    parameter PARAM_SETS = 64,            // parameter sets
    parameter DIGIT = 8,                  // bits of a digit of the lanes' products
    parameter TURNS = 1,                  // columns to a lane, a divisor of TILE_COLS
    parameter UB_W = $clog2(UB_DEPTH),    // derived, do not override
    parameter ACC_W = $clog2(ACC_DEPTH),  // derived, do not override
    parameter SET_W = $clog2(PARAM_SETS)  // derived, do not override
) (
    input  wire               clk_i,
    input  wire               rst_i,
    // operations
    input  wire               push_i,
    input  wire [       80:0] op_i,            // opcode's bit 0, flags, fields
    input  wire [       23:0] op_number_i,
    input  wire [       18:0] op_wait_i,
    output wire               full_o,
    input  wire [        3:0] done_i,          // a unit completes an operation
    input  wire               stop_i,
    input  wire               set_i,
    input  wire [        2:0] set_number_i,
    input  wire [       31:0] set_value_i,
    output wire [        3:0] error_o,
    output wire [       23:0] error_number_o,
    output wire               idle_o,
    output wire               busy_o,
    output wire               empty_o,         // nothing in the pipeline
    output wire               done_o,
    // parameters
    output wire               param_re_o,
    output wire [  SET_W-1:0] param_set_o,
    input  wire [COLS*32-1:0] bias_i,
    input  wire [COLS*32-1:0] multiplier_i,
    input  wire [ COLS*6-1:0] shift_i,
    // accumulators
    input  wire [        1:0] half_busy_i,
    output wire [        1:0] act_half_o,
    output wire               act_re_o,
    output wire [  ACC_W-1:0] act_addr_o,
    input  wire [COLS*32-1:0] act_data_i,
    // unified buffer
    output wire               a_we_o,
    output wire [   UB_W-1:0] a_waddr_o,
    output wire [LANES*8-1:0] a_wdata_o
);
  localparam [1:0] RELU = 2'd1;

  reg [7:0] zero_q;
  reg [7:0] low_q;
  reg [7:0] high_q;
  reg [15:0] in_h_q;
  reg [15:0] in_w_q;
  reg [15:0] out_w_q;
  reg [7:0] stride_y_q;
  reg [7:0] stride_x_q;
  reg [7:0] win_h_q;
  reg [7:0] win_w_q;
  reg [7:0] dy_q;
  reg [7:0] dx_q;
  reg [24:0] avg_mul_q;
  reg [23:0] avg_round_q;
  reg [1:0] func_q;
  reg [1:0] pool_q;
  reg double_q;
  reg sum_q;
  reg [SET_W-1:0] set_q;
  reg [1:0] halves_q;
  reg done_q;

  // Head of the queue.
  wire [69:0] op;
  wire empty;
  wire offer;
  wire full;
  wire settles;
  wire [3:0] code;
  wire can;
  wire [3:0] blocked;

  mxu_op_queue #(
      .WIDTH(70)
  ) u_queue (
      .clk_i         (clk_i),
      .rst_i         (rst_i),
      .push_i        (push_i),
      .op_i          ({op_i[77:72], op_i[63:0]}),
      .number_i      (op_number_i),
      .wait_i        (op_wait_i),
      .full_o        (full),
      .done_i        (done_i),
      .stop_i        (stop_i),
      .empty_o       (empty),
      .op_o          (op),
      .offer_o       (offer),
      .can_i         (can),
      .code_i        (code),
      .blocked_o     (blocked),
      .error_o       (error_o),
      .error_number_o(error_number_o)
  );

  wire op_sum = op[69];
  wire op_double = op[68];
  wire [1:0] op_pool = op[67:66];
  wire [1:0] op_func = op[65:64];
  wire [7:0] op_set = op[63:56];
  wire [15:0] op_length = op[55:40];
  wire [23:0] op_first = op[23:0];
  wire op_pooled = op_pool != 2'd0;

  // What is known ahead of the head.
  wire ahead;
  wire [1:0] next_halves;
  wire [31:0] next_line;
  wire [31:0] next_other;
  wire [31:0] line_step;

  mxu_activation_ahead #(
      .UB_DEPTH  (UB_DEPTH),
      .ACC_DEPTH (ACC_DEPTH),
      .PARAM_SETS(PARAM_SETS)
  ) u_ahead (
      .clk_i      (clk_i),
      .rst_i      (rst_i),
      .set_i      (set_i),
      .in_h_i     (in_h_q),
      .in_w_i     (in_w_q),
      .out_w_i    (out_w_q),
      .stride_y_i (stride_y_q),
      .stride_x_i (stride_x_q),
      .win_h_i    (win_h_q),
      .win_w_i    (win_w_q),
      .dy_i       (dy_q),
      .settles_o  (settles),
      .line_step_o(line_step),
      .op_i       ({op_sum, op_pool, op[63:0]}),
      .stays_i    (!empty && !(offer && can)),
      .ahead_o    (ahead),
      .code_o     (code),
      .halves_o   (next_halves),
      .line_o     (next_line),
      .other_o    (next_other)
  );

  wire half_free = (next_halves & half_busy_i) == 2'd0;
  assign can = ahead && !run && empty_o && (half_free || code != 4'd0);
  wire load = offer && can && code == 4'd0;

  // The walk over window positions.
  localparam TURN_W = TURNS > 1 ? $clog2(TURNS) : 1;
  wire run, issue, in_map, first, last, very_last, turn_last;
  wire [1:0] position;
  wire [TURN_W-1:0] turn;

  mxu_walk #(
      .ACC_DEPTH(ACC_DEPTH),
      .TURNS    (TURNS)
  ) u_walk (
      .clk_i      (clk_i),
      .rst_i      (rst_i),
      .load_i     (load),
      .line_i     (next_line),
      .other_i    (next_other),
      .length_i   (op_length),
      .load_pool_i(op_pooled),
      .load_sum_i (op_sum),
      .pooled_i   (pool_q != 2'd0),
      .sum_i      (sum_q),
      .in_h_i     (in_h_q),
      .in_w_i     (in_w_q),
      .out_w_i    (out_w_q),
      .stride_y_i (stride_y_q),
      .stride_x_i (stride_x_q),
      .win_h_i    (win_h_q),
      .win_w_i    (win_w_q),
      .dy_i       (dy_q),
      .dx_i       (dx_q),
      .line_step_i(line_step),
      .run_o      (run),
      .issue_o    (issue),
      .inside_o   (in_map),
      .first_o    (first),
      .last_o     (last),
      .end_o      (very_last),
      .position_o (position),
      .turn_o     (turn),
      .turn_last_o(turn_last),
      .act_re_o   (act_re_o),
      .act_addr_o (act_addr_o)
  );

  // An operand and a sum have sets of their own, one behind the other.
  wire [SET_W+1:0] next_set = {2'd0, set_q} + {{SET_W{1'b0}}, position};

  assign full_o         = full || settles;
  assign idle_o         = !run && empty;
  assign busy_o         = run || rows_busy || done_q;
  assign done_o         = done_q;
  assign param_re_o     = load || (run && sum_q);
  assign param_set_o    = load ? op_set[SET_W-1:0] : next_set[SET_W-1:0];
  assign act_half_o     = halves_q & {2{run}};

  always @(posedge clk_i) begin
    if (rst_i) begin
      zero_q      <= 8'd0;
      low_q       <= 8'd0;
      high_q      <= 8'd0;
      in_h_q      <= 16'd0;
      in_w_q      <= 16'd0;
      out_w_q     <= 16'd0;
      stride_y_q  <= 8'd0;
      stride_x_q  <= 8'd0;
      win_h_q     <= 8'd0;
      win_w_q     <= 8'd0;
      dy_q        <= 8'd0;
      dx_q        <= 8'd0;
      avg_mul_q   <= 25'd0;
      avg_round_q <= 24'd0;
    end else if (set_i) begin
      case (set_number_i)
        3'd0: {high_q, low_q, zero_q} <= set_value_i[23:0];
        3'd1: {in_w_q, in_h_q} <= set_value_i;
        3'd2: {stride_x_q, stride_y_q, out_w_q} <= set_value_i;
        3'd3: {dx_q, dy_q, win_w_q, win_h_q} <= set_value_i;
        3'd4: avg_mul_q <= set_value_i[24:0];
        default: avg_round_q <= set_value_i[23:0];
      endcase
    end
  end

  always @(posedge clk_i) begin
    if (rst_i) done_q <= 1'b0;
    else begin
      done_q <= written_last;
      if (load) begin
        func_q   <= op_func;
        pool_q   <= op_pool;
        double_q <= op_double;
        sum_q    <= op_sum;
        set_q    <= op_set[SET_W-1:0];
        halves_q <= next_halves;
      end
    end
  end

  // Constants of the operation, for all lanes.
  wire written_last;
  wire rows_busy;
  wire relu = func_q == RELU && $signed(zero_q) > $signed(low_q);
  wire [7:0] low = relu ? zero_q : low_q;
  wire [24:0] round = {1'b0, avg_round_q};
  wire [24:0] round_below = double_q ? 25'h1000000 - round : round;

  mxu_lane_banks #(
      .COLS     (COLS),
      .LANES    (LANES),
      .TILE_COLS(TILE_COLS),
      .UB_DEPTH (UB_DEPTH),
      .DIGIT    (DIGIT),
      .TURNS    (TURNS)
  ) u_banks (
      .clk_i       (clk_i),
      .rst_i       (rst_i),
      .load_i      (load),
      .row_i       (op_first[UB_W-1:0]),
      .valid_i     (issue),
      .inside_i    (in_map),
      .first_i     (first),
      .last_i      (last),
      .end_i       (very_last),
      .turn_i      (turn),
      .turn_last_i (turn_last),
      .op_i        ({sum_q, double_q, func_q[1], pool_q == 2'd1, pool_q[1], zero_q, low, high_q,
                     avg_mul_q, round, round_below}),
      .acc_i       (act_data_i),
      .bias_i      (bias_i),
      .multiplier_i(multiplier_i),
      .shift_i     (shift_i),
      .empty_o     (empty_o),
      .busy_o      (rows_busy),
      .end_o       (written_last),
      .we_o        (a_we_o),
      .waddr_o     (a_waddr_o),
      .wdata_o     (a_wdata_o)
  );

  wire unused = &{1'b0, op_i[80:78], op_i[71:64], op_first, op_set, next_set, blocked};
endmodule
