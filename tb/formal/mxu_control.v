// SPDX-License-Identifier: Apache-2.0
// Sequencer, queues of operations, weight fetch and weights, with units that work for any time and
// complete in order and any stream of weights, for synth/checks/mxu_control.py: with a memory, a host
// and units that go on, a program never stands still before its end, unless by an error; after an
// error the unit becomes quiet.
module mxu_control #(
    parameter ROWS = 1,
    parameter COLS = 1
) (
    input wire        clk_i,
    input wire        rst_i,
    input wire        inst_valid_i,
    input wire [95:0] inst_i,
    input wire        wm_ready_i,
    input wire        w_valid_i,
    input wire [63:0] w_data_i,
    input wire [ 3:0] end_i,        // units end what they do
    input wire [15:0] code_i,       // what is wrong with their next operation
    input wire        resume_i,
    input wire        fair_i
);
  wire [4:0] push, full, idle;
  wire [5:0] busy;
  wire [80:0] op;
  wire [23:0] number;
  wire [18:0] waits;
  wire stop, flush, set_matrix, set_act, unit_busy, quiet, halted, inst_ready;
  wire [19:0] error;
  wire [95:0] error_number;
  wire room, owed, w_full, asked, wm_valid, w_ready, loaded, expect_begin, expect_full;
  wire [41:0] expect_data;
  wire [4:0] beats;
  wire unit_rst = rst_i || flush;
  reg [3:0] run_q, first_q, done_q;
  reg switch_q;
  wire [3:0] load, ends, empty;
  wire swap = run_q[0] && first_q[0] && switch_q && loaded && !stop && end_i[0];

  mxu_sequencer #(
      .ROWS       (ROWS),
      .COLS       (COLS),
      .QUEUE_DEPTH(2)
  ) u_sequencer (
      .clk_i(clk_i), .rst_i(rst_i), .inst_valid_i(inst_valid_i), .inst_i(inst_i),
      .inst_ready_o(inst_ready), .resume_i(resume_i), .status_i(4'd0), .status_o(),
      .busy_o(unit_busy), .quiet_o(quiet), .error_o(), .halted_o(halted),
      .push_o(push), .op_o(op), .op_number_o(number), .op_wait_o(waits), .full_i(full),
      .stop_o(stop), .flush_o(flush), .set_matrix_o(set_matrix), .set_act_o(set_act),
      .set_number_o(), .set_value_o(), .done_i(done_q), .error_i(error),
      .error_number_i({24'd0, error_number}), .error_bus_i(8'd0), .idle_i(idle), .busy_i(busy), .act_empty_i(!run_q[1]),
      .w_full_i(w_full), .row_valid_i(1'b0), .useful_i(17'd0), .stall_weights_i(1'b0),
      .shadow_i(1'b0), .stall_half_i(1'b0), .blocked_i(4'd0)
  );

  genvar u;
  generate
    for (u = 0; u < 4; u = u + 1) begin : g_unit
      wire kept;
      wire offer;
      assign load[u] = offer && !run_q[u] && code_i[4*u+:4] == 4'd0;
      mxu_op_queue #(
          .WIDTH(1)
      ) u_queue (
          .clk_i(clk_i), .rst_i(unit_rst), .push_i(push[u]), .op_i(op[72]), .number_i(24'd0),
          .wait_i(waits), .full_o(full[u]), .done_i(done_q), .stop_i(stop), .empty_o(empty[u]),
          .op_o(kept), .can_i(!run_q[u]), .code_i(code_i[4*u+:4]), .offer_o(offer),
          .blocked_o(), .error_o(error[4*u+:4]), .error_number_o(error_number[24*u+:24])
      );
      if (u == 0) begin : g_switch
        always @(posedge clk_i) if (load[0]) switch_q <= kept;
        assign ends[0] = run_q[0] && end_i[0] && !(first_q[0] && (stop || (switch_q && !loaded)));
      end else begin : g_other
        assign ends[u] = run_q[u] && end_i[u];
      end
      assign idle[u] = !run_q[u] && empty[u];
      assign busy[u] = (run_q[u] && !(u == 0 && first_q[0] && stop)) || done_q[u];
      always @(posedge clk_i) begin
        if (unit_rst) begin
          run_q[u]  <= 1'b0;
          done_q[u] <= 1'b0;
        end else begin
          if (load[u]) run_q[u] <= 1'b1;
          else if (ends[u]) run_q[u] <= 1'b0;
          first_q[u] <= 1'b1;
          done_q[u]  <= ends[u];
        end
      end
    end
  endgenerate
  assign busy[5] = 1'b0;

  mxu_weight_fetch u_fetch (
      .clk_i(clk_i), .rst_i(unit_rst), .push_i(push[4]), .op_i(op[73:0]), .full_o(full[4]),
      .stop_i(stop), .idle_o(idle[4]), .busy_o(busy[4]), .room_i(room), .owed_i(owed),
      .w_full_i(w_full), .expect_full_i(expect_full), .expect_o(expect_begin),
      .expect_data_o(expect_data), .asked_o(asked), .wm_valid_o(wm_valid), .wm_addr_o(),
      .wm_beats_o(beats), .wm_ready_i(wm_ready_i)
  );
  mxu_weights #(
      .ROWS(ROWS), .COLS(COLS), .FIFO_WORDS(32)
  ) u_weights (
      .clk_i(clk_i), .rst_i(unit_rst), .w_valid_i(w_valid_i), .w_data_i(w_data_i),
      .w_ready_o(w_ready), .asked_i(asked), .beats_i(beats), .expect_i(expect_begin),
      .expect_data_i(expect_data), .expect_full_o(expect_full), .room_o(room), .owed_o(owed),
      .full_o(w_full), .swap_i(swap), .swap_o(), .packet_o(), .loaded_o(loaded), .shadow_o(),
      .error_o(error[19:16]), .error_number_o(), .error_bus_o()
  );

  (* hierconn *) wire \u_sequencer.pop ;
  (* hierconn *) wire \u_fetch.take ;
  (* hierconn *) wire [1:0] \u_fetch.hold_q ;
  (* hierconn *) wire [5:0] \u_weights.u_arrival.pending_q ;
  (* hierconn *) wire \u_weights.g_bus[0].u_bus.u_ahead.run_q ;
  reg [3:0] still_q;
  reg begun_q = 1'b0;
  wire taken = w_valid_i && w_ready;
  // A beat that is on its way through, a word that is decoded.
  wire under_way = \u_fetch.hold_q != 2'd0 || \u_weights.u_arrival.pending_q != 6'd0 ||
                   \u_weights.g_bus[0].u_bus.u_ahead.run_q ;
  wire moves = \u_sequencer.pop  || asked || taken || under_way || \u_fetch.take  || load != 4'd0 ||
               ends != 4'd0 || done_q != 4'd0 || flush;
  wire rest = stop ? quiet : !unit_busy || halted;
  always @(posedge clk_i) begin
    begun_q <= 1'b1;
    assume (begun_q || rst_i);
    if (fair_i) assume (wm_ready_i && w_valid_i && end_i == 4'hF);
    if (rst_i) still_q <= 4'd0;
    else still_q <= moves || rest || !fair_i ? 4'd0 : still_q + 4'd1;
    if (begun_q && !rst_i) assert (still_q < 4'd4);
  end
endmodule
