// SPDX-License-Identifier: Apache-2.0
// Sequencer: dispatches the instructions of its queue in order, one a cycle, to the queues of the
// units, with how many operations of each unit they wait for; keeps configuration writes,
// synchronisation, halt and flush; first error and performance counters. Units in vectors are, from
// bit 0: matrix, activation, host input, host output, weight fetch, accumulators.
// Handshake: an instruction is taken with inst_valid_i && inst_ready_o; it can be dispatched in the
// next cycle.
module mxu_sequencer #(
    parameter ROWS = 256,       // reported in the status words
    parameter COLS = 256,       // reported in the status words
    parameter QUEUE_DEPTH = 16  // instructions queued
) (
    input  wire         clk_i,
    input  wire         rst_i,
    // instructions
    input  wire         inst_valid_i,
    input  wire [ 95:0] inst_i,
    output wire         inst_ready_o,
    input  wire         resume_i,
    // status
    input  wire [  3:0] status_i,
    output wire [ 47:0] status_o,
    output wire         busy_o,
    output wire         quiet_o,           // nothing is under way nor will be
    output wire         error_o,
    output wire         halted_o,
    // operations
    output wire [  4:0] push_o,
    output wire [ 80:0] op_o,              // opcode's bit 0, flags, fields
    output wire [ 23:0] op_number_o,
    output wire [ 18:0] op_wait_o,         // operations to wait for: 7 bits matrix, 4 of each other
    input  wire [  4:0] full_i,
    output wire         stop_o,
    output wire         flush_o,           // to units and weights as reset
    output wire         set_matrix_o,
    output wire         set_act_o,
    output wire [  2:0] set_number_o,
    output wire [ 31:0] set_value_o,
    // state of the units
    input  wire [  3:0] done_i,
    input  wire [ 19:0] error_i,           // the fifth is that of the stream of weights
    input  wire [119:0] error_number_i,
    input  wire [  7:0] error_bus_i,
    input  wire [  4:0] idle_i,
    input  wire [  5:0] busy_i,
    input  wire         act_empty_i,
    input  wire         w_full_i,          // no weights move without a product
    // events to count
    input  wire         row_valid_i,
    input  wire [ 16:0] useful_i,
    input  wire         stall_weights_i,
    input  wire         shadow_i,
    input  wire         stall_half_i,
    input  wire [  3:0] blocked_i
);
  localparam [7:0] READ_WEIGHTS = 8'd1;
  localparam [7:0] MATRIX_MULTIPLY = 8'd2;
  localparam [7:0] CONVOLVE = 8'd3;
  localparam [7:0] ACTIVATE = 8'd4;
  localparam [7:0] READ_HOST = 8'd5;
  localparam [7:0] WRITE_HOST = 8'd6;
  localparam [7:0] SET = 8'd7;
  localparam [7:0] SYNCHRONISE = 8'd8;
  localparam [7:0] HALT = 8'd9;
  localparam [7:0] FLUSH = 8'd10;

  reg [18:0] under_way_q;
  reg [20:0] owed_q;
  reg [23:0] number_q;
  reg halted_q;
  reg flush_q;
  reg [3:0] error_q;
  reg [23:0] error_number_q;
  reg [47:0] cycles_q, active_q, useful_q, weight_stall_q;
  reg [47:0] weight_shift_q, non_matrix_q, raw_stall_q, input_stall_q;

  wire [95:0] inst;
  wire [2:0] flaw, flaw_in;
  wire empty, full, pop;
  wire restart = rst_i || (flush_q && stop_o);

  mxu_flaw #(
      .ROWS(ROWS),
      .COLS(COLS)
  ) u_flaw (
      .inst_i(inst_i),
      .flaw_o(flaw_in)
  );

  fifo #(
      .WIDTH(99),
      .DEPTH(QUEUE_DEPTH)
  ) u_queue (
      .clk_i  (clk_i),
      .rst_i  (restart),
      .push_i (inst_valid_i && inst_ready_o),
      .data_i ({flaw_in, inst_i}),
      .pop_i  (pop),
      .head_o ({flaw, inst}),
      .empty_o(empty),
      .full_o (full)
  );

  wire [7:0] opcode = inst[95:88];
  wire [7:0] waits = inst[87:80];
  wire [7:0] number = inst[79:72];

  // Unit of an operation, one-hot.
  wire [4:0] unit = {
    opcode == READ_WEIGHTS,
    opcode == WRITE_HOST,
    opcode == READ_HOST,
    opcode == ACTIVATE,
    opcode == MATRIX_MULTIPLY || opcode == CONVOLVE
  };
  wire is_operation = unit != 5'd0;
  wire is_set = opcode == SET;
  wire set_matrix = is_set && number < 8'd4;
  wire set_act = is_set && number >= 8'd8 && number <= 8'd13;
  wire set_clear = is_set && number == 8'd15;
  wire is_rest = opcode == SYNCHRONISE || opcode == HALT || opcode == FLUSH || set_clear;
  wire takes_tile = unit[0] && inst[72];

  // Made beside the decision whether it is taken.
  wire [23:0] next_number;
  increment #(
      .WIDTH(24)
  ) u_number (
      .value_i(number_q),
      .next_o (next_number)
  );

  // As many operations of a unit are under way as can be counted.
  wire [3:0] many;

  wire all_idle = idle_i == 5'h1F && busy_i == 6'd0;
  wire can = is_operation ? (unit & (full_i | {1'b0, many})) == 5'd0 :
             set_matrix   ? idle_i[0] :
             set_act      ? idle_i[1] && act_empty_i :
             is_rest      ? all_idle :
                            1'b1;
  // What is wrong with it where it stands: a tile that was not asked for, or so many asked for that
  // nothing behind could ever make room for them.
  wire unasked = takes_tile && owed_q == 21'd0;
  wire too_far = unit[4] && full_i[4] && idle_i[0] && w_full_i;
  wire wrong = flaw != 3'd0 || unasked || too_far;
  wire go = !empty && !stop_o && !halted_q && !flush_q;
  wire dispatch = go && !wrong && can;
  assign pop = go && (wrong || can);

  assign inst_ready_o = !full && !stop_o;
  assign push_o       = unit & {5{dispatch}};
  assign op_o         = {opcode[0], inst[79:0]};
  assign op_number_o  = number_q;
  assign set_matrix_o = dispatch && set_matrix;
  assign set_act_o    = dispatch && set_act;
  assign set_number_o = number[2:0];
  assign set_value_o  = inst[31:0];
  assign flush_o      = flush_q;
  assign error_o      = stop_o;
  assign halted_o     = halted_q;
  assign busy_o       = !all_idle || flush_q || (!empty && !halted_q);
  assign quiet_o      = stop_o ? busy_i == 6'd0 && !flush_q : !busy_o;

  wire [47:0] error_word;
  mxu_first_error u_first_error (
      .error_i       ({error_i, error_q}),
      .error_number_i({error_number_i, error_number_q}),
      .error_bus_i   (error_bus_i),
      .error_o       (stop_o),
      .word_o        (error_word)
  );

  reg [47:0] status;
  always @* begin
    case (status_i)
      4'd0: status = cycles_q;
      4'd1: status = active_q;
      4'd2: status = useful_q;
      4'd3: status = weight_stall_q;
      4'd4: status = weight_shift_q;
      4'd5: status = non_matrix_q;
      4'd6: status = raw_stall_q;
      4'd7: status = input_stall_q;
      4'd8: status = error_word;
      4'd9: status = {24'd0, number_q};
      4'd10: status = {16'd0, COLS[15:0], ROWS[15:0]};
      default: status = 48'd0;
    endcase
  end
  assign status_o = status;

  genvar u;
  generate
    for (u = 0; u < 4; u = u + 1) begin : g_unit
      localparam W = u == 0 ? 7 : 4;
      localparam AT = u == 0 ? 0 : 3 + 4 * u;
      wire [W-1:0] under_way = under_way_q[AT+:W];
      wire [1:0] w = waits[2*u+:2];
      // Of those ahead: the one that completes now, and the last w - 1, which it does not wait for.
      wire [1:0] spared = w - 2'd1 + {1'b0, done_i[u]};
      wire [W:0] rest = {1'b0, under_way} - {{(W - 1) {1'b0}}, spared};
      assign many[u] = under_way == {W{1'b1}};
      assign op_wait_o[AT+:W] = w == 2'd0 || rest[W] ? {W{1'b0}} : rest[W-1:0];
      always @(posedge clk_i) begin
        if (restart) under_way_q[AT+:W] <= {W{1'b0}};
        else if (push_o[u] && !done_i[u]) under_way_q[AT+:W] <= under_way + 1'b1;
        else if (done_i[u] && !push_o[u]) under_way_q[AT+:W] <= under_way - 1'b1;
      end
    end
  endgenerate

  always @(posedge clk_i) begin
    if (rst_i || flush_q) owed_q <= 21'd0;
    else if (push_o[4]) owed_q <= owed_q + {5'd0, inst[71:56]};
    else if (push_o[0] && takes_tile) owed_q <= owed_q - 21'd1;

    if (rst_i) flush_q <= 1'b0;
    else flush_q <= (dispatch && opcode == FLUSH) || (stop_o && quiet_o && resume_i);

    if (restart) begin
      number_q <= 24'd0;
      halted_q <= 1'b0;
      error_q  <= 4'd0;
    end else begin
      if (pop) number_q <= next_number;
      if (dispatch && opcode == HALT) halted_q <= 1'b1;
      else if (resume_i) halted_q <= 1'b0;
      if (go && wrong) begin
        error_q        <= flaw != 3'd0 ? {1'b0, flaw} : unasked ? 4'd6 : 4'd9;
        error_number_q <= number_q;
      end
    end
  end

  // Events, counted a cycle later.
  reg counting_q, active_event_q;
  reg [16:0] useful_event_q;
  reg weight_stall_event_q, weight_shift_event_q, non_matrix_event_q;
  reg raw_stall_event_q, input_stall_event_q;
  wire clear = dispatch && set_clear;
  wire non_matrix = !row_valid_i && !stall_weights_i;

  // Counters and their events: those that count by one, and useful work.
  wire [7*48-1:0] counters = {
    input_stall_q, raw_stall_q, non_matrix_q, weight_shift_q, weight_stall_q, active_q, cycles_q
  };
  wire [6:0] events = {
    input_stall_event_q, raw_stall_event_q, non_matrix_event_q, weight_shift_event_q,
    weight_stall_event_q, active_event_q, 1'b1
  };
  wire [7*48-1:0] counted;
  wire [47:0] useful;

  genvar k;
  generate
    for (k = 0; k < 7; k = k + 1) begin : g_counter
      adder #(
          .WIDTH(48)
      ) u_count (
          .a_i    (counters[48*k+:48]),
          .b_i    (48'd0),
          .carry_i(events[k]),
          .sum_o  (counted[48*k+:48])
      );
    end
  endgenerate
  adder #(
      .WIDTH(48)
  ) u_useful (
      .a_i    (useful_q),
      .b_i    ({31'd0, useful_event_q}),
      .carry_i(1'b0),
      .sum_o  (useful)
  );

  always @(posedge clk_i) begin
    active_event_q       <= row_valid_i;
    useful_event_q       <= useful_i;
    weight_stall_event_q <= stall_weights_i && !shadow_i;
    weight_shift_event_q <= stall_weights_i && shadow_i;
    non_matrix_event_q   <= non_matrix;
    raw_stall_event_q    <= non_matrix && (blocked_i[1] || stall_half_i);
    input_stall_event_q  <= non_matrix && blocked_i[2] && !blocked_i[1];
    if (rst_i) counting_q <= 1'b0;
    else counting_q <= busy_o && !stop_o && !clear;
    if (rst_i || clear) begin
      {input_stall_q, raw_stall_q, non_matrix_q, weight_shift_q, weight_stall_q, active_q, cycles_q} <=
          {7 * 48{1'b0}};
      useful_q <= 48'd0;
    end else if (counting_q) begin
      {input_stall_q, raw_stall_q, non_matrix_q, weight_shift_q, weight_stall_q, active_q, cycles_q} <= counted;
      useful_q <= useful;
    end
  end

  wire unused = &{1'b0, blocked_i};
endmodule
