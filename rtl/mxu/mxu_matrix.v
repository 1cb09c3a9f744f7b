// SPDX-License-Identifier: Apache-2.0
// Matrix unit's control: takes Matrix_Multiply and Convolve operations from its queue and issues one
// row a cycle: the read of the unified buffer (or a pad row, outside a convolution's map), the swap
// of the weights with the first row of an operation with `switch`, and what the accumulators need to
// know of the row. A row is issued whenever weights and accumulators allow it, back to back over
// operations.
// Latency: an operation pushed in one cycle is decoded in the next two, can be taken in the third, and
// its first row issued in the one after; behind a Set of the geometry four cycles later.
module mxu_matrix #(
    parameter ROWS = 256,                // rows of the array
    parameter COLS = 256,                // columns of the array
    parameter UB_DEPTH = 98304,          // rows of the unified buffer
    parameter ACC_DEPTH = 4096,          // rows of the accumulators, a power of two
    parameter UB_W = $clog2(UB_DEPTH),   // derived, do not override
    parameter ACC_W = $clog2(ACC_DEPTH)  // derived, do not override
) (
    input  wire             clk_i,
    input  wire             rst_i,
    // operations
    input  wire             push_i,
    input  wire [     80:0] op_i,             // opcode's bit 0, flags, fields
    input  wire [     23:0] op_number_i,
    input  wire [     18:0] op_wait_i,
    output wire             full_o,
    input  wire [      3:0] done_i,           // a unit completes an operation
    input  wire             stop_i,
    input  wire             set_i,
    input  wire [      1:0] set_number_i,
    input  wire [     31:0] set_value_i,
    output wire [      3:0] error_o,
    output wire [     23:0] error_number_o,
    output wire             idle_o,
    output wire             busy_o,           // a product has begun and issues rows
    // weights
    input  wire             loaded_i,
    output wire             swap_o,
    // unified buffer and set-up
    output wire             m_re_o,
    output wire [ UB_W-1:0] m_raddr_o,
    output wire             pad_o,
    output wire [      7:0] pad_value_o,
    // accumulators
    output wire             row_valid_o,
    output wire             row_add_o,
    output wire             row_last_o,
    output wire [ACC_W-1:0] row_addr_o,
    // halves of the accumulators: read by the activation unit, by rows to add
    input  wire [      1:0] act_half_i,
    output wire [      1:0] half_busy_o,
    // performance counters
    output wire [     16:0] useful_o,
    output wire             stall_weights_o,
    output wire             stall_half_o,
    output wire [      3:0] blocked_o
);
  localparam TIMER_W = $clog2(ROWS + COLS + 3);
  localparam [31:0] TIMER_32 = ROWS + COLS + 2;
  localparam [TIMER_W-1:0] TIMER = TIMER_32[TIMER_W-1:0];

  reg [15:0] in_h_q;
  reg [15:0] in_w_q;
  reg [15:0] out_w_q;
  reg [15:0] out_h_q;
  reg [15:0] pitch_q;
  reg [7:0] stride_y_q;
  reg [7:0] stride_x_q;
  reg [7:0] pad_value_q;
  reg run_q;
  reg first_q;
  reg switch_q;
  reg add_q;
  reg conv_q;
  reg [16:0] left_q;
  reg [16:0] useful_q;
  reg [16:0] acc_q;
  reg [31:0] line_q;
  reg [31:0] ix_q;
  reg [31:0] iy_q;
  reg [15:0] ox_q;
  reg [7:0] dx_q;
  reg [2*TIMER_W-1:0] timer_q;

  // Head of the queue.
  wire [74:0] op;
  wire empty;
  wire offer;
  wire full;
  wire settles;
  wire [3:0] code;
  wire can;
  wire [3:0] blocked;
  wire last;

  mxu_op_queue #(
      .WIDTH(75)
  ) u_queue (
      .clk_i         (clk_i),
      .rst_i         (rst_i),
      .push_i        (push_i),
      .op_i          ({op_i[80], op_i[73:0]}),
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

  wire op_conv = op[74];
  wire op_add = op[73];
  wire op_switch = op[72];
  wire [7:0] op_dx = op[55:48];
  wire [7:0] op_dy = op[47:40];
  wire [15:0] op_acc = op[39:24];
  wire [16:0] op_length = op_conv ? out_count : {1'b0, op[55:40]};
  wire [31:0] op_dx_wide = {{24{op_dx[7]}}, op_dx};
  wire [31:0] op_dy_wide = {{24{op_dy[7]}}, op_dy};

  // What is known ahead of the head.
  wire ahead;
  wire [16:0] out_count;
  wire [31:0] line_step;
  wire [16:0] next_useful;
  wire [31:0] next_line;

  mxu_matrix_ahead #(
      .UB_DEPTH (UB_DEPTH),
      .ACC_DEPTH(ACC_DEPTH)
  ) u_ahead (
      .clk_i      (clk_i),
      .rst_i      (rst_i),
      .set_i      (set_i),
      .in_h_i     (in_h_q),
      .in_w_i     (in_w_q),
      .out_w_i    (out_w_q),
      .out_h_i    (out_h_q),
      .pitch_i    (pitch_q),
      .stride_y_i (stride_y_q),
      .stride_x_i (stride_x_q),
      .settles_o  (settles),
      .line_step_o(line_step),
      .out_count_o(out_count),
      .op_i       ({op[74], op[71:0]}),
      .stays_i    (!empty && !(offer && can)),
      .ahead_o    (ahead),
      .code_o     (code),
      .useful_o   (next_useful),
      .line_o     (next_line)
  );

  // Issue.
  wire half = acc_q[ACC_W-1];
  wire wait_weights = first_q && switch_q && !loaded_i;
  wire wait_half = add_q && act_half_i[half];
  // A product that has issued no row has not begun.
  wire issue = run_q && !(first_q && stop_i) && !wait_weights && !wait_half;
  assign last = issue && left_q == 17'd1;
  assign can = ahead && (!run_q || last);
  wire load = offer && can && code == 4'd0;
  wire in_map = !conv_q || (iy_q < {16'd0, in_h_q} && ix_q < {16'd0, in_w_q});
  wire [31:0] address;
  wire [31:0] ix_after;
  wire [31:0] iy_after;
  wire [31:0] line_after;
  adder #(
      .WIDTH(32)
  ) u_address (
      .a_i    (line_q),
      .b_i    (ix_q),
      .carry_i(1'b0),
      .sum_o  (address)
  );
  adder #(
      .WIDTH(32)
  ) u_ix (
      .a_i    (ix_q),
      .b_i    (conv_q ? {24'd0, stride_x_q} : 32'd1),
      .carry_i(1'b0),
      .sum_o  (ix_after)
  );
  adder #(
      .WIDTH(32)
  ) u_iy (
      .a_i    (iy_q),
      .b_i    ({24'd0, stride_y_q}),
      .carry_i(1'b0),
      .sum_o  (iy_after)
  );
  adder #(
      .WIDTH(32)
  ) u_line (
      .a_i    (line_q),
      .b_i    (line_step),
      .carry_i(1'b0),
      .sum_o  (line_after)
  );
  wire line_last = ox_q == out_w_q - 16'd1;
  wire [1:0] half_issue = {issue && add_q && half, issue && add_q && !half};

  assign full_o          = full || settles;
  assign idle_o          = !run_q && empty;
  assign busy_o          = run_q && !(first_q && stop_i);
  assign swap_o          = issue && first_q && switch_q;
  assign m_re_o          = issue && in_map;
  assign m_raddr_o       = address[UB_W-1:0];
  assign pad_o           = issue && !in_map;
  assign pad_value_o     = pad_value_q;
  assign row_valid_o     = issue;
  assign row_add_o       = add_q;
  assign row_last_o      = last;
  assign row_addr_o      = acc_q[ACC_W-1:0];
  assign useful_o        = m_re_o ? useful_q : 17'd0;
  assign stall_weights_o = run_q && wait_weights;
  assign stall_half_o    = run_q && wait_half;
  assign blocked_o       = run_q ? 4'd0 : blocked;

  always @(posedge clk_i) begin
    if (rst_i) begin
      in_h_q      <= 16'd0;
      in_w_q      <= 16'd0;
      out_w_q     <= 16'd0;
      out_h_q     <= 16'd0;
      pitch_q     <= 16'd0;
      stride_y_q  <= 8'd0;
      stride_x_q  <= 8'd0;
      pad_value_q <= 8'd0;
    end else if (set_i) begin
      case (set_number_i)
        2'd0: {in_w_q, in_h_q} <= set_value_i;
        2'd1: {out_h_q, out_w_q} <= set_value_i;
        2'd2: {stride_x_q, stride_y_q, pitch_q} <= set_value_i;
        default: pad_value_q <= set_value_i[7:0];
      endcase
    end
  end

  always @(posedge clk_i) begin
    if (rst_i) begin
      run_q <= 1'b0;
    end else begin
      if (load) run_q <= 1'b1;
      else if (last) run_q <= 1'b0;

      if (load) begin
        first_q  <= 1'b1;
        switch_q <= op_switch;
        add_q    <= op_add;
        conv_q   <= op_conv;
        left_q   <= op_length;
        useful_q <= next_useful;
        acc_q    <= {1'b0, op_acc};
        line_q   <= next_line;
        ix_q     <= op_conv ? op_dx_wide : 32'd0;
        iy_q     <= op_conv ? op_dy_wide : 32'd0;
        ox_q     <= 16'd0;
        dx_q     <= op_conv ? op_dx : 8'd0;
      end else if (issue) begin
        first_q <= 1'b0;
        left_q  <= left_q - 17'd1;
        acc_q   <= acc_q + 17'd1;
        if (conv_q && line_last) begin
          ox_q   <= 16'd0;
          ix_q   <= {{24{dx_q[7]}}, dx_q};
          iy_q   <= iy_after;
          line_q <= line_after;
        end else begin
          if (conv_q) ox_q <= ox_q + 16'd1;
          ix_q <= ix_after;
        end
      end
    end
  end

  // How long rows to add may still read a half.
  genvar h;
  generate
    for (h = 0; h < 2; h = h + 1) begin : g_half
      wire [TIMER_W-1:0] timer = timer_q[h*TIMER_W+:TIMER_W];
      assign half_busy_o[h] = timer != {TIMER_W{1'b0}} || half_issue[h];
      always @(posedge clk_i) begin
        if (rst_i) timer_q[h*TIMER_W+:TIMER_W] <= {TIMER_W{1'b0}};
        else if (half_issue[h]) timer_q[h*TIMER_W+:TIMER_W] <= TIMER;
        else if (timer != {TIMER_W{1'b0}}) timer_q[h*TIMER_W+:TIMER_W] <= timer - 1'b1;
      end
    end
  endgenerate

  wire unused = &{1'b0, op_i[79:74], address, acc_q};
endmodule
