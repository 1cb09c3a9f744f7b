// SPDX-License-Identifier: Apache-2.0
// Matrix unit (after TPU v1, Jouppi 2017): a weight-stationary systolic array of signed bytes with
// unified buffer, weight FIFO, accumulators and activation unit, run by a queue of instructions
// (docs/reference/mxu-format.md, docs/reference/mxu-timing.md).
// Handshakes: instructions inst_valid_i && inst_ready_o; requests for beats of weights
// wm_valid_o && wm_ready_i, answered in order on w_valid_i && w_ready_o; the host's streams
// hi_valid_i && hi_ready_o and ho_valid_o && ho_ready_i. status_o is combinational from status_i.
// Latency: docs/reference/mxu-timing.md section 13.
module mxu #(
    parameter ROWS = 256,        // rows of the array: inputs of a tile, 1 to 256
    parameter COLS = 256,        // columns of the array: outputs of a tile, 1 to 256
    parameter TILE_ROWS = 32,    // rows of a tile of cells, a divisor of ROWS
    parameter TILE_COLS = 32,    // columns of a tile of cells and of a bank, COLS or a divisor of it that 4 divides
    parameter FIFO_WORDS = 128,  // words of 8 bytes in the weight FIFO of four columns, a power of two from 32 to 4096
    parameter UB_DEPTH = 98304,  // rows of the unified buffer, 2 to 2^24
    parameter ACC_DEPTH = 4096,  // rows of the accumulators, a power of two from 4 to 65536
    parameter PARAM_SETS = 64,   // parameter sets of the activation unit, 2 to 256
    parameter QUEUE_DEPTH = 16,  // instructions queued, 2 to 255
    parameter ACT_LANES = 0,     // activation lanes; COLS over them divides TILE_COLS; 0: COLS of them
    parameter DIGIT = 8,         // bits of a product's digits: 8 for cells, 16 for an FPGA's multipliers
    parameter LANES = ROWS > COLS ? ROWS : COLS,  // derived, do not override
    parameter W_LANES = ((COLS + 3) / 4 + 7) / 8  // derived, do not override
) (
    input  wire                  clk_i,         // everything happens at its rising edge
    input  wire                  rst_i,         // synchronous; memories keep what they hold
    // instructions
    input  wire                  inst_valid_i,  // an instruction
    input  wire [          95:0] inst_i,        // opcode 95:88, waits 87:80, flags 79:72, fields
    output wire                  inst_ready_o,  // the queue has room
    // weight memory: requests for beats, and these
    output wire                  wm_valid_o,    // request
    output wire [          31:0] wm_addr_o,     // number of its first beat
    output wire [           4:0] wm_beats_o,    // beats, 1 to 16, not across a multiple of 16
    input  wire                  wm_ready_i,    // the request is taken
    input  wire                  w_valid_i,     // a beat asked for, in order
    input  wire [64*W_LANES-1:0] w_data_i,      // its words, lane 0 lowest
    output wire                  w_ready_o,     // beats that were asked for have not come
    // host's streams
    input  wire                  hi_valid_i,    // a row from the host
    input  wire [   LANES*8-1:0] hi_data_i,     // its bytes, lane 0 lowest
    output wire                  hi_ready_o,    // an operation takes the row
    output wire [          16:0] hi_asked_o,    // rows that it has asked for and that have not come
    output wire                  ho_valid_o,    // a row for the host
    output wire [   LANES*8-1:0] ho_data_o,     // its bytes, lane 0 lowest
    input  wire                  ho_ready_i,    // the row is taken
    // status
    input  wire [           3:0] status_i,      // number of the status word
    output wire [          47:0] status_o,      // that word, in the same cycle
    output wire                  busy_o,        // an operation is queued or under way
    output wire                  quiet_o,       // nothing is under way, nor owed at a port
    output wire                  error_o,       // stopped by an error, until reset or flush
    output wire                  halted_o,      // Halt reached, all units idle
    input  wire                  resume_i       // goes on behind the Halt; in error and quiet: flush
);
  localparam UB_W = $clog2(UB_DEPTH);
  localparam ACC_W = $clog2(ACC_DEPTH);
  localparam SET_W = $clog2(PARAM_SETS);
  localparam TURNS = ACT_LANES < 1 || ACT_LANES > COLS ? 1 : COLS / ACT_LANES;

  wire [4:0] push, full, idle;
  wire [80:0] op;
  wire [23:0] op_number;
  wire [18:0] op_wait;
  wire stop, flush;
  wire set_matrix, set_act;
  wire [2:0] set_number;
  wire [31:0] set_value;
  wire [3:0] unit_done;
  wire [19:0] error;
  wire [119:0] error_number;
  wire [7:0] error_bus;
  wire [5:0] busy;
  wire act_empty, row_valid;
  wire [16:0] useful;
  wire stall_weights, shadow, w_full, stall_half;
  wire [3:0] blocked;

  mxu_sequencer #(
      .ROWS       (ROWS),
      .COLS       (COLS),
      .QUEUE_DEPTH(QUEUE_DEPTH)
  ) u_sequencer (
      .clk_i          (clk_i),
      .rst_i          (rst_i),
      .inst_valid_i   (inst_valid_i),
      .inst_i         (inst_i),
      .inst_ready_o   (inst_ready_o),
      .resume_i       (resume_i),
      .status_i       (status_i),
      .status_o       (status_o),
      .busy_o         (busy_o),
      .quiet_o        (quiet_o),
      .error_o        (error_o),
      .halted_o       (halted_o),
      .push_o         (push),
      .op_o           (op),
      .op_number_o    (op_number),
      .op_wait_o      (op_wait),
      .full_i         (full),
      .stop_o         (stop),
      .flush_o        (flush),
      .set_matrix_o   (set_matrix),
      .set_act_o      (set_act),
      .set_number_o   (set_number),
      .set_value_o    (set_value),
      .done_i         (unit_done),
      .error_i        (error),
      .error_number_i (error_number),
      .error_bus_i    (error_bus),
      .idle_i         (idle),
      .busy_i         (busy),
      .act_empty_i    (act_empty),
      .w_full_i       (w_full),
      .row_valid_i    (row_valid),
      .useful_i       (useful),
      .stall_weights_i(stall_weights),
      .shadow_i       (shadow),
      .stall_half_i   (stall_half),
      .blocked_i      (blocked)
  );

  // Units and weight FIFO begin anew with a flush, too.
  wire unit_rst = rst_i || flush;
  wire m_re;
  wire [UB_W-1:0] m_raddr;
  wire [LANES*8-1:0] ub_rdata;
  wire [1:0] act_half, half_busy;
  wire act_re;
  wire [ACC_W-1:0] act_addr;
  wire [COLS*32-1:0] act_data;

  mxu_multiply #(
      .ROWS      (ROWS),
      .COLS      (COLS),
      .LANES     (LANES),
      .TILE_ROWS (TILE_ROWS),
      .TILE_COLS (TILE_COLS),
      .FIFO_WORDS(FIFO_WORDS),
      .UB_DEPTH  (UB_DEPTH),
      .ACC_DEPTH (ACC_DEPTH)
  ) u_multiply (
      .clk_i          (clk_i),
      .rst_i          (rst_i),
      .unit_rst_i     (unit_rst),
      .push_i         ({push[4], push[0]}),
      .op_i           (op),
      .op_number_i    (op_number),
      .op_wait_i      (op_wait),
      .full_o         ({full[4], full[0]}),
      .done_i         (unit_done),
      .stop_i         (stop),
      .set_i          (set_matrix),
      .set_number_i   (set_number[1:0]),
      .set_value_i    (set_value),
      .error_o        (error[3:0]),
      .error_number_o (error_number[23:0]),
      .idle_o         ({idle[4], idle[0]}),
      .busy_o         ({busy[5:4], busy[0]}),
      .done_o         (unit_done[0]),
      .wm_valid_o     (wm_valid_o),
      .wm_addr_o      (wm_addr_o),
      .wm_beats_o     (wm_beats_o),
      .wm_ready_i     (wm_ready_i),
      .w_valid_i      (w_valid_i),
      .w_data_i       (w_data_i),
      .w_ready_o      (w_ready_o),
      .w_full_o       (w_full),
      .w_error_o      (error[19:16]),
      .w_error_number_o(error_number[119:96]),
      .w_error_bus_o  (error_bus),
      .m_re_o         (m_re),
      .m_raddr_o      (m_raddr),
      .rdata_i        (ub_rdata),
      .act_half_i     (act_half),
      .half_busy_o    (half_busy),
      .act_re_i       (act_re),
      .act_addr_i     (act_addr),
      .act_data_o     (act_data),
      .row_valid_o    (row_valid),
      .useful_o       (useful),
      .stall_weights_o(stall_weights),
      .shadow_o       (shadow),
      .stall_half_o   (stall_half),
      .blocked_o      (blocked)
  );

  wire param_re;
  wire [SET_W-1:0] param_set;
  wire [COLS*32-1:0] bias;
  wire [COLS*32-1:0] multiplier;
  wire [COLS*6-1:0] shift;
  wire a_we;
  wire [UB_W-1:0] a_waddr;
  wire [LANES*8-1:0] a_wdata;

  mxu_activation #(
      .COLS      (COLS),
      .LANES     (LANES),
      .TILE_COLS (TILE_COLS),
      .UB_DEPTH  (UB_DEPTH),
      .ACC_DEPTH (ACC_DEPTH),
      .PARAM_SETS(PARAM_SETS),
      .DIGIT     (DIGIT),
      .TURNS     (TURNS)
  ) u_activation (
      .clk_i         (clk_i),
      .rst_i         (unit_rst),
      .push_i        (push[1]),
      .op_i          (op),
      .op_number_i   (op_number),
      .op_wait_i     (op_wait),
      .full_o        (full[1]),
      .done_i        (unit_done),
      .stop_i        (stop),
      .set_i         (set_act),
      .set_number_i  (set_number),
      .set_value_i   (set_value),
      .error_o       (error[7:4]),
      .error_number_o(error_number[47:24]),
      .idle_o        (idle[1]),
      .busy_o        (busy[1]),
      .empty_o       (act_empty),
      .done_o        (unit_done[1]),
      .param_re_o    (param_re),
      .param_set_o   (param_set),
      .bias_i        (bias),
      .multiplier_i  (multiplier),
      .shift_i       (shift),
      .half_busy_i   (half_busy),
      .act_half_o    (act_half),
      .act_re_o      (act_re),
      .act_addr_o    (act_addr),
      .act_data_i    (act_data),
      .a_we_o        (a_we),
      .a_waddr_o     (a_waddr),
      .a_wdata_o     (a_wdata)
  );
  mxu_storage #(
      .COLS      (COLS),
      .LANES     (LANES),
      .TILE_COLS (TILE_COLS),
      .UB_DEPTH  (UB_DEPTH),
      .PARAM_SETS(PARAM_SETS)
  ) u_storage (
      .clk_i         (clk_i),
      .rst_i         (rst_i),
      .unit_rst_i    (unit_rst),
      .push_i        (push[3:2]),
      .op_i          (op),
      .op_number_i   (op_number),
      .op_wait_i     (op_wait),
      .full_o        (full[3:2]),
      .done_i        (unit_done),
      .stop_i        (stop),
      .error_o       (error[15:8]),
      .error_number_o(error_number[95:48]),
      .idle_o        (idle[3:2]),
      .busy_o        (busy[3:2]),
      .done_o        (unit_done[3:2]),
      .hi_valid_i    (hi_valid_i),
      .hi_data_i     (hi_data_i),
      .hi_ready_o    (hi_ready_o),
      .hi_asked_o    (hi_asked_o),
      .ho_valid_o    (ho_valid_o),
      .ho_data_o     (ho_data_o),
      .ho_ready_i    (ho_ready_i),
      .m_re_i        (m_re),
      .m_raddr_i     (m_raddr),
      .rdata_o       (ub_rdata),
      .a_we_i        (a_we),
      .a_waddr_i     (a_waddr),
      .a_wdata_i     (a_wdata),
      .param_re_i    (param_re),
      .param_set_i   (param_set),
      .bias_o        (bias),
      .multiplier_o  (multiplier),
      .shift_o       (shift)
  );

  generate
    if (ROWS < 1 || ROWS > 256) begin : g_check_rows
      parameter_error_ROWS_must_be_from_1_to_256 u_error ();
    end
    if (COLS < 1 || COLS > 256) begin : g_check_cols
      parameter_error_COLS_must_be_from_1_to_256 u_error ();
    end
    if (TILE_ROWS < 1 || ROWS % TILE_ROWS != 0) begin : g_check_tile_rows
      parameter_error_TILE_ROWS_must_divide_ROWS u_error ();
    end
    if (TILE_COLS < 1 || COLS % TILE_COLS != 0) begin : g_check_tile_cols
      parameter_error_TILE_COLS_must_divide_COLS u_error ();
    end
    if (ACT_LANES < 0 || COLS % TURNS != 0 || COLS / TURNS != (ACT_LANES == 0 ? COLS : ACT_LANES)) begin : g_check_act_lanes
      parameter_error_ACT_LANES_must_be_0_or_a_divisor_of_COLS u_error ();
    end
    if (QUEUE_DEPTH < 2 || QUEUE_DEPTH > 255) begin : g_check_queue_depth
      parameter_error_QUEUE_DEPTH_must_be_from_2_to_255 u_error ();
    end
  endgenerate
endmodule
