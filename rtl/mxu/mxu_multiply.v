// SPDX-License-Identifier: Apache-2.0
// Matrix product of the matrix unit: the control of Multiply, the weights' way from memory into the
// array, the set-up of rows from the unified buffer, the systolic array and its accumulators.
// Handshakes: operations from the sequencer as its units take them (docs/reference/mxu-timing.md,
// section 6); requests for beats of weights wm_valid_o && wm_ready_i, the beats w_valid_i && w_ready_o;
// rows of the unified buffer a cycle after m_re_o.
// Latency: docs/reference/mxu-timing.md sections 2 to 8.
module mxu_multiply #(
    parameter ROWS = 4,          // rows of the array
    parameter COLS = 4,          // columns of the array
    parameter LANES = 4,         // bytes of a row of the unified buffer
    parameter TILE_ROWS = 2,     // rows of a tile of cells
    parameter TILE_COLS = 4,     // columns of a tile of cells and of a bank; a multiple of 4, or COLS
    parameter FIFO_WORDS = 128,  // words of a bus's weight FIFO, a power of two from 32 to 4096
    parameter UB_DEPTH = 64,     // rows of the unified buffer, 2 to 2^24
    parameter ACC_DEPTH = 16,    // rows of the accumulators, a power of two from 4 to 65536
    // derived, do not override
    parameter UB_W = $clog2(UB_DEPTH),
    parameter ACC_W = $clog2(ACC_DEPTH),
    parameter W_LANES = ((COLS + 3) / 4 + 7) / 8
) (
    input  wire                  clk_i,
    input  wire                  rst_i,             // data path, which a flush leaves as it is
    input  wire                  unit_rst_i,        // controls: reset or flush
    // sequencer: bit 0 for the control of products, bit 1 for weights
    input  wire [           1:0] push_i,
    input  wire [          80:0] op_i,
    input  wire [          23:0] op_number_i,
    input  wire [          18:0] op_wait_i,
    output wire [           1:0] full_o,
    input  wire [           3:0] done_i,            // an operation of that unit has ended
    input  wire                  stop_i,
    input  wire                  set_i,
    input  wire [           1:0] set_number_i,
    input  wire [          31:0] set_value_i,
    output wire [           3:0] error_o,
    output wire [          23:0] error_number_o,
    output wire [           1:0] idle_o,
    output wire [           2:0] busy_o,            // bit 2: rows on their way to the accumulators
    output wire                  done_o,            // a product's last row is in the accumulators
    // weight memory
    output wire                  wm_valid_o,
    output wire [          31:0] wm_addr_o,
    output wire [           4:0] wm_beats_o,
    input  wire                  wm_ready_i,
    input  wire                  w_valid_i,
    input  wire [64*W_LANES-1:0] w_data_i,
    output wire                  w_ready_o,
    output wire                  w_full_o,          // no weights move without a product
    output wire [           3:0] w_error_o,         // stream of weights in error,
    output wire [          23:0] w_error_number_o,  // in this tile
    output wire [           7:0] w_error_bus_o,     // on this bus
    // unified buffer
    output wire                  m_re_o,
    output wire [      UB_W-1:0] m_raddr_o,
    input  wire [   LANES*8-1:0] rdata_i,
    // activation unit: halves of the accumulators in use, and reads of them
    input  wire [           1:0] act_half_i,
    output wire [           1:0] half_busy_o,
    input  wire                  act_re_i,
    input  wire [     ACC_W-1:0] act_addr_i,
    output wire [   COLS*32-1:0] act_data_o,
    // counters
    output wire                  row_valid_o,
    output wire [          16:0] useful_o,
    output wire                  stall_weights_o,
    output wire                  shadow_o,
    output wire                  stall_half_o,
    output wire [           3:0] blocked_o
);
  localparam SUM_W = 15 + $clog2(ROWS + 1);
  localparam BUSES = (COLS + 3) / 4;
  localparam PACKET_W = (ROWS > 1 ? $clog2(ROWS) : 1) + 11;

  wire loaded;
  wire swap;
  wire pad;
  wire [7:0] pad_value;
  wire row_add;
  wire row_last;
  wire [ACC_W-1:0] row_addr;

  mxu_matrix #(
      .ROWS     (ROWS),
      .COLS     (COLS),
      .UB_DEPTH (UB_DEPTH),
      .ACC_DEPTH(ACC_DEPTH)
  ) u_matrix (
      .clk_i          (clk_i),
      .rst_i          (unit_rst_i),
      .push_i         (push_i[0]),
      .op_i           (op_i),
      .op_number_i    (op_number_i),
      .op_wait_i      (op_wait_i),
      .full_o         (full_o[0]),
      .done_i         (done_i),
      .stop_i         (stop_i),
      .set_i          (set_i),
      .set_number_i   (set_number_i),
      .set_value_i    (set_value_i),
      .error_o        (error_o),
      .error_number_o (error_number_o),
      .idle_o         (idle_o[0]),
      .busy_o         (busy_o[0]),
      .loaded_i       (loaded),
      .swap_o         (swap),
      .m_re_o         (m_re_o),
      .m_raddr_o      (m_raddr_o),
      .pad_o          (pad),
      .pad_value_o    (pad_value),
      .row_valid_o    (row_valid_o),
      .row_add_o      (row_add),
      .row_last_o     (row_last),
      .row_addr_o     (row_addr),
      .act_half_i     (act_half_i),
      .half_busy_o    (half_busy_o),
      .useful_o       (useful_o),
      .stall_weights_o(stall_weights_o),
      .stall_half_o   (stall_half_o),
      .blocked_o      (blocked_o)
  );

  wire asked;
  wire room;
  wire owed;
  wire expect_begin;
  wire expect_full;
  wire [41:0] expect_data;

  mxu_weight_fetch u_weight_fetch (
      .clk_i        (clk_i),
      .rst_i        (unit_rst_i),
      .push_i       (push_i[1]),
      .op_i         (op_i[73:0]),
      .full_o       (full_o[1]),
      .stop_i       (stop_i),
      .idle_o       (idle_o[1]),
      .busy_o       (busy_o[1]),
      .room_i       (room),
      .owed_i       (owed),
      .w_full_i     (w_full_o),
      .expect_full_i(expect_full),
      .expect_o     (expect_begin),
      .expect_data_o(expect_data),
      .asked_o      (asked),
      .wm_valid_o   (wm_valid_o),
      .wm_addr_o    (wm_addr_o),
      .wm_beats_o   (wm_beats_o),
      .wm_ready_i   (wm_ready_i)
  );

  wire array_swap;
  wire [PACKET_W*BUSES-1:0] packet;

  mxu_weights #(
      .ROWS      (ROWS),
      .COLS      (COLS),
      .FIFO_WORDS(FIFO_WORDS)
  ) u_weights (
      .clk_i         (clk_i),
      .rst_i         (unit_rst_i),
      .w_valid_i     (w_valid_i),
      .w_data_i      (w_data_i),
      .w_ready_o     (w_ready_o),
      .asked_i       (asked),
      .beats_i       (wm_beats_o),
      .expect_i      (expect_begin),
      .expect_data_i (expect_data),
      .expect_full_o (expect_full),
      .room_o        (room),
      .owed_o        (owed),
      .full_o        (w_full_o),
      .swap_i        (swap),
      .swap_o        (array_swap),
      .packet_o      (packet),
      .loaded_o      (loaded),
      .shadow_o      (shadow_o),
      .error_o       (w_error_o),
      .error_number_o(w_error_number_o),
      .error_bus_o   (w_error_bus_o)
  );

  wire [ROWS*8-1:0] a;

  mxu_setup #(
      .ROWS (ROWS),
      .LANES(LANES)
  ) u_setup (
      .clk_i      (clk_i),
      .rst_i      (rst_i),
      .data_i     (rdata_i),
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
      .swap_i  (array_swap),
      .packet_i(packet),
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
      .row_valid_i  (row_valid_o),
      .row_add_i    (row_add),
      .row_last_i   (row_last),
      .row_addr_i   (row_addr),
      .sum_i        (sum),
      .matrix_done_o(done_o),
      .busy_o       (busy_o[2]),
      .act_re_i     (act_re_i),
      .act_addr_i   (act_addr_i),
      .act_data_o   (act_data_o)
  );

  generate
    if (ACC_DEPTH < 4 || ACC_DEPTH > 65536 || (ACC_DEPTH & (ACC_DEPTH - 1)) != 0) begin : g_check_acc_depth
      parameter_error_ACC_DEPTH_must_be_a_power_of_two_from_4_to_65536 u_error ();
    end
  endgenerate
endmodule
