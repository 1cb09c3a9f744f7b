// SPDX-License-Identifier: Apache-2.0
// The matrix unit with its three units: programs 0 (with the weights), rows in 1, rows out 2 in the vectors of
// commands; read streams: instructions 0, weights 1, rows in 2 (docs/reference/top-units-timing.md, section 11).
// Handshakes and latency: those of top_matrix, top_weights, top_rows_in, top_rows_out.
module top_mxu #(
    parameter AXI_BYTES = 8,     // bytes of a beat: 8, 16, 32 or 64
    parameter AXI_ADDR_W = 40,   // bits of an address, 32 to 44
    parameter ROWS = 256,        // as in mxu, like all below
    parameter COLS = 256,        // columns of the array
    parameter TILE_ROWS = 32,    // rows of a tile of cells
    parameter TILE_COLS = 32,    // columns of a tile of cells
    parameter FIFO_WORDS = 128,  // words in the weight FIFO of four columns
    parameter UB_DEPTH = 98304,  // rows of the unified buffer
    parameter ACC_DEPTH = 4096,  // rows of the accumulators
    parameter PARAM_SETS = 64,   // parameter sets of the activation unit
    parameter QUEUE_DEPTH = 16,  // instructions queued
    parameter ACT_LANES = 0,     // activation lanes
    parameter DIGIT = 8          // bits of a product's digits
) (
    input  wire                    clk_i,
    input  wire                    rst_i,
    // commands
    input  wire [             2:0] start_i,
    input  wire [3*AXI_ADDR_W-1:0] address_i,
    input  wire [           191:0] word2_i,
    input  wire [            63:0] word3_i,        // of programs
    output wire [             2:0] complete_o,
    output wire [             2:0] error_o,
    output wire [            11:0] code_o,
    output wire [            95:0] detail_o,
    output wire                    busy_o,         // the matrix unit is busy
    output wire                    moved_o,        // it has taken something or given a row, or its array was active
    // read streams
    output wire [             2:0] r_req_valid_o,
    input  wire [             2:0] r_req_ready_i,
    output wire [3*AXI_ADDR_W-1:0] r_req_addr_o,
    output wire [            95:0] r_req_beats_o,
    input  wire [             2:0] r_data_valid_i,
    output wire [             2:0] r_data_ready_o,
    input  wire [24*AXI_BYTES-1:0] r_data_i,
    // write stream
    output wire                    w_req_valid_o,
    input  wire                    w_req_ready_i,
    output wire [  AXI_ADDR_W-1:0] w_req_addr_o,
    output wire [            31:0] w_req_bytes_o,
    output wire                    w_data_valid_o,
    input  wire                    w_data_ready_i,
    output wire [ 8*AXI_BYTES-1:0] w_data_o,
    input  wire                    w_done_i
);
  localparam LANES = ROWS > COLS ? ROWS : COLS;
  localparam W_LANES = ((COLS + 3) / 4 + 7) / 8;
  localparam AW = AXI_ADDR_W;
  localparam DW = 8 * AXI_BYTES;

  wire inst_valid, inst_ready;
  wire [95:0] inst;
  wire wm_valid, wm_ready, w_valid, w_ready;
  wire [31:0] wm_addr;
  wire [4:0] wm_beats;
  wire [64*W_LANES-1:0] w_data;
  wire hi_valid, hi_ready, ho_valid, ho_ready;
  wire [LANES*8-1:0] hi_data, ho_data;
  wire [16:0] hi_asked;
  wire [3:0] status_number;
  wire [47:0] status;
  wire quiet, error, halted, resume, active;
  wire run, over;
  wire [31:0] over_beat;

  assign moved_o = active || (inst_valid && inst_ready) || (hi_valid && hi_ready) ||
                   (ho_valid && ho_ready);

  top_matrix #(
      .AXI_BYTES (AXI_BYTES),
      .AXI_ADDR_W(AXI_ADDR_W)
  ) u_unit (
      .clk_i         (clk_i),
      .rst_i         (rst_i),
      .start_i       (start_i[0]),
      .address_i     (address_i[AW-1:0]),
      .count_i       (word2_i[31:0]),
      .complete_o    (complete_o[0]),
      .error_o       (error_o[0]),
      .code_o        (code_o[3:0]),
      .detail_o      (detail_o[31:0]),
      .r_req_valid_o (r_req_valid_o[0]),
      .r_req_ready_i (r_req_ready_i[0]),
      .r_req_addr_o  (r_req_addr_o[AW-1:0]),
      .r_req_beats_o (r_req_beats_o[31:0]),
      .r_data_valid_i(r_data_valid_i[0]),
      .r_data_ready_o(r_data_ready_o[0]),
      .r_data_i      (r_data_i[DW-1:0]),
      .run_o         (run),
      .over_i        (over),
      .over_beat_i   (over_beat),
      .inst_valid_o  (inst_valid),
      .inst_o        (inst),
      .inst_ready_i  (inst_ready),
      .resume_o      (resume),
      .status_o      (status_number),
      .status_i      (status),
      .busy_i        (busy_o),
      .error_i       (error),
      .halted_i      (halted),
      .active_o      (active)
  );

  top_weights #(
      .AXI_BYTES (AXI_BYTES),
      .AXI_ADDR_W(AXI_ADDR_W),
      .W_LANES   (W_LANES)
  ) u_weights (
      .clk_i         (clk_i),
      .rst_i         (rst_i),
      .run_i         (run),
      .base_i        (word3_i[AW-1:0]),
      .limit_i       (word2_i[63:32]),
      .over_o        (over),
      .over_beat_o   (over_beat),
      .wm_valid_i    (wm_valid),
      .wm_addr_i     (wm_addr),
      .wm_beats_i    (wm_beats),
      .wm_ready_o    (wm_ready),
      .w_valid_o     (w_valid),
      .w_data_o      (w_data),
      .w_ready_i     (w_ready),
      .r_req_valid_o (r_req_valid_o[1]),
      .r_req_ready_i (r_req_ready_i[1]),
      .r_req_addr_o  (r_req_addr_o[AW+:AW]),
      .r_req_beats_o (r_req_beats_o[63:32]),
      .r_data_valid_i(r_data_valid_i[1]),
      .r_data_ready_o(r_data_ready_o[1]),
      .r_data_i      (r_data_i[DW+:DW])
  );

  top_rows_in #(
      .AXI_BYTES (AXI_BYTES),
      .AXI_ADDR_W(AXI_ADDR_W),
      .LANES     (LANES)
  ) u_rows_in (
      .clk_i         (clk_i),
      .rst_i         (rst_i),
      .start_i       (start_i[1]),
      .address_i     (address_i[AW+:AW]),
      .word2_i       (word2_i[127:64]),
      .complete_o    (complete_o[1]),
      .error_o       (error_o[1]),
      .code_o        (code_o[7:4]),
      .detail_o      (detail_o[63:32]),
      .r_req_valid_o (r_req_valid_o[2]),
      .r_req_ready_i (r_req_ready_i[2]),
      .r_req_addr_o  (r_req_addr_o[2*AW+:AW]),
      .r_req_beats_o (r_req_beats_o[95:64]),
      .r_data_valid_i(r_data_valid_i[2]),
      .r_data_ready_o(r_data_ready_o[2]),
      .r_data_i      (r_data_i[2*DW+:DW]),
      .hi_valid_o    (hi_valid),
      .hi_data_o     (hi_data),
      .hi_ready_i    (hi_ready)
  );

  top_rows_out #(
      .AXI_BYTES (AXI_BYTES),
      .AXI_ADDR_W(AXI_ADDR_W),
      .LANES     (LANES)
  ) u_rows_out (
      .clk_i         (clk_i),
      .rst_i         (rst_i),
      .start_i       (start_i[2]),
      .address_i     (address_i[2*AW+:AW]),
      .word2_i       (word2_i[191:128]),
      .complete_o    (complete_o[2]),
      .error_o       (error_o[2]),
      .code_o        (code_o[11:8]),
      .detail_o      (detail_o[95:64]),
      .w_req_valid_o (w_req_valid_o),
      .w_req_ready_i (w_req_ready_i),
      .w_req_addr_o  (w_req_addr_o),
      .w_req_bytes_o (w_req_bytes_o),
      .w_data_valid_o(w_data_valid_o),
      .w_data_ready_i(w_data_ready_i),
      .w_data_o      (w_data_o),
      .w_done_i      (w_done_i),
      .ho_valid_i    (ho_valid),
      .ho_data_i     (ho_data),
      .ho_ready_o    (ho_ready)
  );

  mxu #(
      .ROWS       (ROWS),
      .COLS       (COLS),
      .TILE_ROWS  (TILE_ROWS),
      .TILE_COLS  (TILE_COLS),
      .FIFO_WORDS (FIFO_WORDS),
      .UB_DEPTH   (UB_DEPTH),
      .ACC_DEPTH  (ACC_DEPTH),
      .PARAM_SETS (PARAM_SETS),
      .QUEUE_DEPTH(QUEUE_DEPTH),
      .ACT_LANES  (ACT_LANES),
      .DIGIT      (DIGIT)
  ) u_mxu (
      .clk_i       (clk_i),
      .rst_i       (rst_i),
      .inst_valid_i(inst_valid),
      .inst_i      (inst),
      .inst_ready_o(inst_ready),
      .wm_valid_o  (wm_valid),
      .wm_addr_o   (wm_addr),
      .wm_beats_o  (wm_beats),
      .wm_ready_i  (wm_ready),
      .w_valid_i   (w_valid),
      .w_data_i    (w_data),
      .w_ready_o   (w_ready),
      .hi_valid_i  (hi_valid),
      .hi_data_i   (hi_data),
      .hi_ready_o  (hi_ready),
      .hi_asked_o  (hi_asked),
      .ho_valid_o  (ho_valid),
      .ho_data_o   (ho_data),
      .ho_ready_i  (ho_ready),
      .status_i    (status_number),
      .status_o    (status),
      .busy_o      (busy_o),
      .quiet_o     (quiet),
      .error_o     (error),
      .halted_o    (halted),
      .resume_i    (resume)
  );

  wire unused = &{1'b0, hi_asked, quiet, word3_i};
endmodule
