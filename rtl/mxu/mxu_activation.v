// SPDX-License-Identifier: Apache-2.0
// Activation unit: takes Activate operations from its queue and walks over accumulator rows, row by
// row or window by window of a map; each goes through requantisation, function and pooling of all
// columns, and each finished row is written to the unified buffer.
// Latency: an operation pushed in one cycle can be taken in the next; one window position a cycle
// from the one after, the row written at the end of the eighth cycle after its window's last. done_o
// is in the cycle after an operation's last row is written.
module mxu_activation #(
    parameter COLS = 256,                 // columns of the array
    parameter LANES = 256,                // bytes in a row of the unified buffer, at least COLS
    parameter UB_DEPTH = 98304,           // rows of the unified buffer
    parameter ACC_DEPTH = 4096,           // rows of the accumulators, a power of two
    parameter PARAM_SETS = 64,            // parameter sets
    parameter UB_W = $clog2(UB_DEPTH),    // derived, do not override
    parameter ACC_W = $clog2(ACC_DEPTH),  // derived, do not override
    parameter SET_W = $clog2(PARAM_SETS)  // derived, do not override
) (
    input  wire               clk_i,
    input  wire               rst_i,
    // operations
    input  wire               push_i,
    input  wire [      147:0] op_i,
    output wire               full_o,
    input  wire [       31:0] done_i,          // completed operations of the units
    input  wire               stop_i,
    input  wire               set_i,
    input  wire [        2:0] set_number_i,
    input  wire [       31:0] set_value_i,
    output wire [        2:0] error_o,
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
  localparam [32:0] UB_LIMIT = {2'b00, UB_DEPTH[30:0]};
  localparam [32:0] ACC_LIMIT = {2'b00, ACC_DEPTH[30:0]};
  localparam [32:0] HALF = {2'b0, ACC_DEPTH[31:1]};
  localparam [31:0] SETS_32 = PARAM_SETS;
  localparam [8:0] SETS = SETS_32[8:0];

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
  reg [31:0] extent_q;
  reg [31:0] line_step_q;
  reg run_q;
  reg [1:0] func_q;
  reg [1:0] pool_q;
  reg [UB_W-1:0] ub_q;
  reg [16:0] left_q;
  reg [31:0] x0_q;
  reg [31:0] y0_q;
  reg [7:0] wx_q;
  reg [7:0] wy_q;
  reg [15:0] ox_q;
  reg [31:0] l0_q;
  reg [31:0] lw_q;
  reg [1:0] halves_q;
  reg done_q;
  reg [2:0] error_q;
  reg [23:0] error_number_q;
  reg v1_q, v2_q, v3_q, v4_q, v5_q, v6_q, v7_q, v8_q;
  reg inside1_q, inside2_q, inside3_q, inside4_q, inside5_q, inside6_q;
  reg first1_q, first2_q, first3_q, first4_q, first5_q, first6_q;
  reg last1_q, last2_q, last3_q, last4_q, last5_q, last6_q, last7_q, last8_q;
  reg end1_q, end2_q, end3_q, end4_q, end5_q, end6_q, end7_q, end8_q;
  reg [UB_W-1:0] row1_q, row2_q, row3_q, row4_q, row5_q, row6_q, row7_q, row8_q;

  // Head of the queue.
  wire [147:0] op;
  wire empty;
  wire take;

  fifo #(
      .WIDTH(148),
      .DEPTH(4)
  ) u_queue (
      .clk_i  (clk_i),
      .rst_i  (rst_i),
      .push_i (push_i),
      .data_i (op_i),
      .pop_i  (take),
      .head_o (op),
      .empty_o(empty),
      .full_o (full_o)
  );

  wire [3:0] held;

  mxu_waits u_waits (
      .wanted_i(op[59:56]),
      .stamps_i(op[55:24]),
      .done_i  (done_i),
      .held_o  (held)
  );

  wire [79:0] inst = op[139:60];
  wire [23:0] op_first = inst[23:0];
  wire [15:0] op_acc = inst[39:24];
  wire [15:0] op_length = inst[55:40];
  wire [7:0] op_set = inst[63:56];
  wire op_pooled = inst[75:74] != 2'd0;
  wire [31:0] op_extent = op_pooled ? extent_q : {16'd0, op_length};
  wire [31:0] op_dx = op_pooled ? {{24{dx_q[7]}}, dx_q} : 32'd0;
  wire [31:0] op_dy = op_pooled ? {{24{dy_q[7]}}, dy_q} : 32'd0;
  wire signed [24:0] dy_lines = $signed({{17{dy_q[7]}}, dy_q}) * $signed({9'd0, in_w_q});
  wire [31:0] op_line = {16'd0, op_acc} + (op_pooled ? {{7{dy_lines[24]}}, dy_lines} : 32'd0);

  // Checks.
  wire no_window = in_h_q == 16'd0 || in_w_q == 16'd0 || out_w_q == 16'd0 || stride_y_q == 8'd0 ||
                   stride_x_q == 8'd0 || win_h_q == 8'd0 || win_w_q == 8'd0;
  wire [32:0] op_acc_end = {17'd0, op_acc} + {1'b0, op_extent};
  wire error_2 = op_length == 16'd0 || (op_pooled && no_window);
  wire error_3 = {9'd0, op_first} + {17'd0, op_length} > UB_LIMIT;
  wire error_4 = op_acc_end > ACC_LIMIT;
  wire error_5 = {1'b0, op_set} >= SETS;
  wire [2:0] code = error_2 ? 3'd2 : error_3 ? 3'd3 : error_4 ? 3'd4 : error_5 ? 3'd5 : 3'd0;

  wire [1:0] op_halves = {op_acc_end > HALF, {17'd0, op_acc} < HALF};
  wire half_free = (op_halves & half_busy_i) == 2'd0;
  wire can_take = !run_q && empty_o && !empty && held == 4'd0 && !stop_i;
  wire load = can_take && code == 3'd0 && half_free;
  wire refuse = can_take && code != 3'd0;
  assign take = load || refuse;

  // Issue of a window position.
  wire pooled = pool_q != 2'd0;
  wire [31:0] iy = y0_q + {24'd0, wy_q};
  wire [31:0] ix = x0_q + {24'd0, wx_q};
  wire in_map = !pooled || (iy < {16'd0, in_h_q} && ix < {16'd0, in_w_q});
  wire [31:0] address = lw_q + ix;
  wire first = wy_q == 8'd0 && wx_q == 8'd0;
  wire window_line_last = !pooled || wx_q == win_w_q - 8'd1;
  wire last = window_line_last && (!pooled || wy_q == win_h_q - 8'd1);
  wire line_last = pooled && ox_q == out_w_q - 16'd1;
  wire very_last = last && left_q == 17'd1;
  wire [31:0] next_line = l0_q + line_step_q;

  assign error_o        = error_q;
  assign error_number_o = error_number_q;
  assign idle_o         = !run_q && empty;
  assign empty_o        = !(v1_q || v2_q || v3_q || v4_q || v5_q || v6_q || v7_q || v8_q);
  assign busy_o         = run_q || !empty_o || done_q;
  assign done_o         = done_q;
  assign param_re_o     = load;
  assign param_set_o    = op_set[SET_W-1:0];
  assign act_half_o     = halves_q & {2{run_q}};
  assign act_re_o       = run_q && in_map;
  assign act_addr_o     = address[ACC_W-1:0];
  assign a_we_o         = v8_q && last8_q;
  assign a_waddr_o      = row8_q;

  always @(posedge clk_i) begin
    extent_q    <= {16'd0, in_h_q} * {16'd0, in_w_q};
    line_step_q <= {24'd0, stride_y_q} * {16'd0, in_w_q};
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
    if (rst_i) begin
      run_q   <= 1'b0;
      done_q  <= 1'b0;
      error_q <= 3'd0;
    end else begin
      if (refuse) begin
        error_q        <= code;
        error_number_q <= op[23:0];
      end
      if (load) run_q <= 1'b1;
      else if (run_q && very_last) run_q <= 1'b0;
      done_q <= v8_q && end8_q;

      if (load) begin
        func_q   <= inst[73:72];
        pool_q   <= inst[75:74];
        ub_q     <= op_first[UB_W-1:0];
        left_q   <= {1'b0, op_length};
        x0_q     <= op_dx;
        y0_q     <= op_dy;
        wx_q     <= 8'd0;
        wy_q     <= 8'd0;
        ox_q     <= 16'd0;
        l0_q     <= op_line;
        lw_q     <= op_line;
        halves_q <= op_halves;
      end else if (run_q) begin
        if (!window_line_last) wx_q <= wx_q + 8'd1;
        else begin
          wx_q <= 8'd0;
          if (!last) begin
            wy_q <= wy_q + 8'd1;
            lw_q <= lw_q + {16'd0, in_w_q};
          end else begin
            wy_q   <= 8'd0;
            left_q <= left_q - 17'd1;
            ub_q   <= ub_q + 1'b1;
            if (line_last) begin
              ox_q <= 16'd0;
              x0_q <= {{24{dx_q[7]}}, dx_q};
              y0_q <= y0_q + {24'd0, stride_y_q};
              l0_q <= next_line;
              lw_q <= next_line;
            end else begin
              ox_q <= ox_q + 16'd1;
              x0_q <= x0_q + (pooled ? {24'd0, stride_x_q} : 32'd1);
              lw_q <= l0_q;
            end
          end
        end
      end
    end
  end

  // The flags beside the lanes.
  always @(posedge clk_i) begin
    if (rst_i) {v8_q, v7_q, v6_q, v5_q, v4_q, v3_q, v2_q, v1_q} <= 8'd0;
    else begin
      {v8_q, v7_q, v6_q, v5_q, v4_q, v3_q, v2_q, v1_q} <=
          {v7_q, v6_q, v5_q, v4_q, v3_q, v2_q, v1_q, run_q};
      if (run_q) {inside1_q, first1_q, last1_q, end1_q, row1_q} <=
          {in_map, first, last, very_last, ub_q};
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

  // What all lanes share.
  wire [6:0] lane_valid = {v7_q, v6_q, v5_q, v4_q, v3_q, v2_q, v1_q} & {7{!rst_i}};
  wire curve = func_q[1];
  wire relu = func_q == RELU && $signed(zero_q) > $signed(low_q);
  wire [7:0] low = relu ? zero_q : low_q;

  genvar c;
  generate
    for (c = 0; c < COLS; c = c + 1) begin : g_lane
      wire [7:0] f;
      mxu_requantise u_requantise (
          .clk_i       (clk_i),
          .valid_i     (lane_valid[4:0]),
          .acc_i       (act_data_i[32*c+:32]),
          .bias_i      (bias_i[32*c+:32]),
          .multiplier_i(multiplier_i[32*c+:32]),
          .shift_i     (shift_i[6*c+:6]),
          .curve_i     (curve),
          .zero_i      (zero_q),
          .low_i       (low),
          .high_i      (high_q),
          .f_o         (f)
      );
      mxu_pool u_pool (
          .clk_i       (clk_i),
          .valid_i     (lane_valid[6:5]),
          .max_i       (pool_q == 2'd1),
          .average_i   (pool_q[1]),
          .first_i     (first6_q),
          .inside_i    (inside6_q),
          .multiplier_i(avg_mul_q),
          .round_i     (avg_round_q),
          .f_i         (f),
          .out_o       (a_wdata_o[8*c+:8])
      );
    end
    if (LANES > COLS) begin : g_zero
      assign a_wdata_o[LANES*8-1:COLS*8] = {(LANES - COLS) * 8{1'b0}};
    end
  endgenerate

  wire unused = &{1'b0, op[147:140], inst[79:76], inst[71:64], op_set, address};
endmodule
