// SPDX-License-Identifier: Apache-2.0
// Matrix unit (after TPU v1, Jouppi 2017): a weight-stationary systolic array of signed bytes with
// unified buffer, weight FIFO, accumulators and activation unit, run by a queue of instructions
// (docs/reference/mxu-format.md, docs/reference/mxu-timing.md).
// Handshakes: instructions inst_valid_i && inst_ready_o; requests for tiles of weights
// wm_valid_o && wm_ready_i, answered in order with rows on w_valid_i && w_ready_o; the host's streams
// hi_valid_i && hi_ready_o and ho_valid_o && ho_ready_i. status_o is combinational from status_i.
// Latency: docs/reference/mxu-timing.md section 13.
module mxu #(
    parameter ROWS = 256,        // rows of the array: inputs of a tile, 1 to 256
    parameter COLS = 256,        // columns of the array: outputs of a tile, 1 to 256
    parameter TILE_ROWS = 32,    // rows of a tile of cells, a divisor of ROWS
    parameter TILE_COLS = 32,    // columns of a tile of cells and of a bank, a divisor of COLS
    parameter FIFO_TILES = 4,    // tiles of weights stored, 2 to 16
    parameter UB_DEPTH = 98304,  // rows of the unified buffer, 2 to 2^24
    parameter ACC_DEPTH = 4096,  // rows of the accumulators, a power of two from 4 to 65536
    parameter PARAM_SETS = 64,   // parameter sets of the activation unit, 2 to 256
    parameter QUEUE_DEPTH = 16,  // instructions queued, 2 to 255
    parameter DIGIT = 8,         // bits of a product's digits: 8 for cells, 16 for an FPGA's multipliers
    parameter LANES = ROWS > COLS ? ROWS : COLS  // derived, do not override
) (
    input  wire               clk_i,         // everything happens at its rising edge
    input  wire               rst_i,         // synchronous; memories keep what they hold
    // instructions
    input  wire               inst_valid_i,  // an instruction
    input  wire [       95:0] inst_i,        // opcode 95:88, waits 87:80, flags 79:72, fields
    output wire               inst_ready_o,  // the queue has room
    // weight memory: requests for tiles, and their rows
    output wire               wm_valid_o,    // request of a tile
    output wire [       31:0] wm_tile_o,     // number of the tile
    input  wire               wm_ready_i,    // the request is taken
    input  wire               w_valid_i,     // a row of a tile asked for, in order
    input  wire [ COLS*8-1:0] w_data_i,      // its bytes, column 0 lowest
    output wire               w_ready_o,     // rows that were asked for have not come
    // host's streams
    input  wire               hi_valid_i,    // a row from the host
    input  wire [LANES*8-1:0] hi_data_i,     // its bytes, lane 0 lowest
    output wire               hi_ready_o,    // an operation takes the row
    output wire [       16:0] hi_asked_o,    // rows that it has asked for and that have not come
    output wire               ho_valid_o,    // a row for the host
    output wire [LANES*8-1:0] ho_data_o,     // its bytes, lane 0 lowest
    input  wire               ho_ready_i,    // the row is taken
    // status
    input  wire [        3:0] status_i,      // number of the status word
    output wire [       47:0] status_o,      // that word, in the same cycle
    output wire               busy_o,        // an operation is queued or under way
    output wire               quiet_o,       // nothing is under way, nor owed at a port
    output wire               error_o,       // stopped by an error, until reset or flush
    output wire               halted_o,      // Halt reached, all units idle
    input  wire               resume_i       // goes on behind the Halt; in error and quiet: flush
);
  localparam UB_W = $clog2(UB_DEPTH);
  localparam ACC_W = $clog2(ACC_DEPTH);
  localparam SET_W = $clog2(PARAM_SETS);
  localparam SUM_W = 15 + $clog2(ROWS + 1);

  wire [4:0] push;
  wire [80:0] op;
  wire [23:0] op_number;
  wire [18:0] op_wait;
  wire [4:0] full;
  wire stop;
  wire flush;
  wire set_matrix;
  wire set_act;
  wire [2:0] set_number;
  wire [31:0] set_value;
  wire [3:0] unit_done;
  wire [15:0] error;
  wire [95:0] error_number;
  wire [4:0] idle;
  wire [5:0] busy;
  wire act_empty;
  wire row_valid;
  wire row_add;
  wire row_last;
  wire [ACC_W-1:0] row_addr;
  wire [16:0] useful;
  wire stall_weights;
  wire shadow;
  wire w_full;
  wire stall_half;
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

  wire loaded;
  wire swap;
  wire m_re;
  wire [UB_W-1:0] m_raddr;
  wire pad;
  wire [7:0] pad_value;
  wire [1:0] act_half;
  wire [1:0] half_busy;

  mxu_matrix #(
      .ROWS     (ROWS),
      .COLS     (COLS),
      .UB_DEPTH (UB_DEPTH),
      .ACC_DEPTH(ACC_DEPTH)
  ) u_matrix (
      .clk_i          (clk_i),
      .rst_i          (unit_rst),
      .push_i         (push[0]),
      .op_i           (op),
      .op_number_i    (op_number),
      .op_wait_i      (op_wait),
      .full_o         (full[0]),
      .done_i         (unit_done),
      .stop_i         (stop),
      .set_i          (set_matrix),
      .set_number_i   (set_number[1:0]),
      .set_value_i    (set_value),
      .error_o        (error[3:0]),
      .error_number_o (error_number[23:0]),
      .idle_o         (idle[0]),
      .busy_o         (busy[0]),
      .loaded_i       (loaded),
      .swap_o         (swap),
      .m_re_o         (m_re),
      .m_raddr_o      (m_raddr),
      .pad_o          (pad),
      .pad_value_o    (pad_value),
      .row_valid_o    (row_valid),
      .row_add_o      (row_add),
      .row_last_o     (row_last),
      .row_addr_o     (row_addr),
      .act_half_i     (act_half),
      .half_busy_o    (half_busy),
      .useful_o       (useful),
      .stall_weights_o(stall_weights),
      .stall_half_o   (stall_half),
      .blocked_o      (blocked)
  );

  wire param_re;
  wire [SET_W-1:0] param_set;
  wire [COLS*32-1:0] bias;
  wire [COLS*32-1:0] multiplier;
  wire [COLS*6-1:0] shift;
  wire act_re;
  wire [ACC_W-1:0] act_addr;
  wire [COLS*32-1:0] act_data;
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
      .DIGIT     (DIGIT)
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

  wire p_we;
  wire [3:0] p_plane;
  wire [SET_W-1:0] p_set;
  wire [LANES*8-1:0] p_data;

  mxu_params #(
      .COLS      (COLS),
      .LANES     (LANES),
      .TILE_COLS (TILE_COLS),
      .PARAM_SETS(PARAM_SETS)
  ) u_params (
      .clk_i       (clk_i),
      .rst_i       (rst_i),
      .p_we_i      (p_we),
      .p_plane_i   (p_plane),
      .p_set_i     (p_set),
      .p_data_i    (p_data),
      .re_i        (param_re),
      .set_i       (param_set),
      .bias_o      (bias),
      .multiplier_o(multiplier),
      .shift_o     (shift)
  );

  wire h_we;
  wire [UB_W-1:0] h_waddr;
  wire [LANES*8-1:0] h_wdata;
  wire h_wgrant;

  mxu_host_in #(
      .LANES     (LANES),
      .UB_DEPTH  (UB_DEPTH),
      .PARAM_SETS(PARAM_SETS)
  ) u_host_in (
      .clk_i         (clk_i),
      .rst_i         (unit_rst),
      .push_i        (push[2]),
      .op_i          (op),
      .op_number_i   (op_number),
      .op_wait_i     (op_wait),
      .full_o        (full[2]),
      .done_i        (unit_done),
      .stop_i        (stop),
      .error_o       (error[11:8]),
      .error_number_o(error_number[71:48]),
      .idle_o        (idle[2]),
      .busy_o        (busy[2]),
      .done_o        (unit_done[2]),
      .hi_valid_i    (hi_valid_i),
      .hi_data_i     (hi_data_i),
      .hi_ready_o    (hi_ready_o),
      .hi_asked_o    (hi_asked_o),
      .h_we_o        (h_we),
      .h_waddr_o     (h_waddr),
      .h_wdata_o     (h_wdata),
      .h_wgrant_i    (h_wgrant),
      .p_we_o        (p_we),
      .p_plane_o     (p_plane),
      .p_set_o       (p_set),
      .p_data_o      (p_data)
  );

  wire h_re;
  wire [UB_W-1:0] h_raddr;
  wire h_rgrant;
  wire [LANES*8-1:0] ub_rdata;

  mxu_host_out #(
      .LANES   (LANES),
      .UB_DEPTH(UB_DEPTH)
  ) u_host_out (
      .clk_i         (clk_i),
      .rst_i         (unit_rst),
      .push_i        (push[3]),
      .op_i          (op),
      .op_number_i   (op_number),
      .op_wait_i     (op_wait),
      .full_o        (full[3]),
      .done_i        (unit_done),
      .stop_i        (stop),
      .error_o       (error[15:12]),
      .error_number_o(error_number[95:72]),
      .idle_o        (idle[3]),
      .busy_o        (busy[3]),
      .done_o        (unit_done[3]),
      .h_re_o        (h_re),
      .h_raddr_o     (h_raddr),
      .h_rgrant_i    (h_rgrant),
      .rdata_i       (ub_rdata),
      .ho_valid_o    (ho_valid_o),
      .ho_data_o     (ho_data_o),
      .ho_ready_i    (ho_ready_i)
  );

  wire asked;
  wire room;
  wire owed;

  mxu_weight_fetch u_weight_fetch (
      .clk_i     (clk_i),
      .rst_i     (unit_rst),
      .push_i    (push[4]),
      .op_i      (op[47:0]),
      .full_o    (full[4]),
      .stop_i    (stop),
      .idle_o    (idle[4]),
      .busy_o    (busy[4]),
      .room_i    (room),
      .owed_i    (owed),
      .w_full_i  (w_full),
      .asked_o   (asked),
      .wm_valid_o(wm_valid_o),
      .wm_tile_o (wm_tile_o),
      .wm_ready_i(wm_ready_i)
  );

  wire [ROWS-1:0] en;
  wire [COLS*8-1:0] weight;

  mxu_weight_fifo #(
      .ROWS      (ROWS),
      .COLS      (COLS),
      .TILE_COLS (TILE_COLS),
      .FIFO_TILES(FIFO_TILES)
  ) u_weight_fifo (
      .clk_i    (clk_i),
      .rst_i    (unit_rst),
      .w_valid_i(w_valid_i),
      .w_data_i (w_data_i),
      .w_ready_o(w_ready_o),
      .asked_i  (asked),
      .room_o   (room),
      .owed_o   (owed),
      .full_o   (w_full),
      .swap_i   (swap),
      .en_o     (en),
      .weight_o (weight),
      .loaded_o (loaded),
      .shadow_o (shadow)
  );

  mxu_unified_buffer #(
      .LANES   (LANES),
      .UB_DEPTH(UB_DEPTH)
  ) u_unified_buffer (
      .clk_i     (clk_i),
      .m_re_i    (m_re),
      .m_raddr_i (m_raddr),
      .h_re_i    (h_re),
      .h_raddr_i (h_raddr),
      .h_rgrant_o(h_rgrant),
      .rdata_o   (ub_rdata),
      .a_we_i    (a_we),
      .a_waddr_i (a_waddr),
      .a_wdata_i (a_wdata),
      .h_we_i    (h_we),
      .h_waddr_i (h_waddr),
      .h_wdata_i (h_wdata),
      .h_wgrant_o(h_wgrant)
  );

  wire [ROWS*8-1:0] a;

  mxu_setup #(
      .ROWS (ROWS),
      .LANES(LANES)
  ) u_setup (
      .clk_i      (clk_i),
      .rst_i      (rst_i),
      .data_i     (ub_rdata),
      .pad_i      (pad),
      .pad_value_i(pad_value),
      .a_o        (a)
  );

  wire [COLS*SUM_W-1:0] sum;

  mxu_array #(
      .ROWS     (ROWS),
      .COLS     (COLS),
      .TILE_ROWS(TILE_ROWS),
      .TILE_COLS(TILE_COLS)
  ) u_array (
      .clk_i   (clk_i),
      .rst_i   (rst_i),
      .a_i     (a),
      .en_i    (en),
      .swap_i  (swap),
      .weight_i(weight),
      .sum_o   (sum)
  );

  mxu_accumulators #(
      .ROWS     (ROWS),
      .COLS     (COLS),
      .TILE_COLS(TILE_COLS),
      .ACC_DEPTH(ACC_DEPTH)
  ) u_accumulators (
      .clk_i        (clk_i),
      .rst_i        (rst_i),
      .row_valid_i  (row_valid),
      .row_add_i    (row_add),
      .row_last_i   (row_last),
      .row_addr_i   (row_addr),
      .sum_i        (sum),
      .matrix_done_o(unit_done[0]),
      .busy_o       (busy[5]),
      .act_re_i     (act_re),
      .act_addr_i   (act_addr),
      .act_data_o   (act_data)
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
    if (FIFO_TILES < 2 || FIFO_TILES > 16) begin : g_check_fifo_tiles
      parameter_error_FIFO_TILES_must_be_from_2_to_16 u_error ();
    end
    if (UB_DEPTH < 2 || UB_DEPTH > 16777216) begin : g_check_ub_depth
      parameter_error_UB_DEPTH_must_be_from_2_to_2_to_the_24 u_error ();
    end
    if (ACC_DEPTH < 4 || ACC_DEPTH > 65536 || (ACC_DEPTH & (ACC_DEPTH - 1)) != 0) begin : g_check_acc_depth
      parameter_error_ACC_DEPTH_must_be_a_power_of_two_from_4_to_65536 u_error ();
    end
    if (PARAM_SETS < 2 || PARAM_SETS > 256) begin : g_check_param_sets
      parameter_error_PARAM_SETS_must_be_from_2_to_256 u_error ();
    end
    if (QUEUE_DEPTH < 2 || QUEUE_DEPTH > 255) begin : g_check_queue_depth
      parameter_error_QUEUE_DEPTH_must_be_from_2_to_255 u_error ();
    end
  endgenerate
endmodule
