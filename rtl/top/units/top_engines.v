// SPDX-License-Identifier: Apache-2.0
// Both engines with their units; one that is left out does nothing (docs/reference/top-units-timing.md,
// section 11). Vectors of commands: sparse 0, matrix 1, rows in 2, rows out 3; of read streams: sparse 0,
// instructions 1, weights 2, rows in 3; of write streams: sparse 0, rows out 1.
// Handshakes and latency: those of top_eie and top_mxu.
module top_engines #(
    parameter AXI_BYTES = 8,             // bytes of the master's data: 8, 16, 32 or 64
    parameter AXI_ADDR_W = 40,           // bits of its addresses, 32 to 44
    parameter SPARSE = 1,                // 0 leaves the sparse engine out
    parameter MATRIX = 1,                // 0 leaves the matrix unit out
    parameter EIE_N_PE = 64,             // processing elements
    parameter EIE_ENTRY_DEPTH = 131072,  // entries of a PE
    parameter EIE_PTR_DEPTH = 16384,     // pointers of a PE
    parameter EIE_ACT_REGS = 64,         // source registers of a PE
    parameter EIE_ACT_RAM_DEPTH = 1024,  // activation RAM words of a PE
    parameter EIE_QUEUE_DEPTH = 8,       // activation queue of a PE
    parameter EIE_ACC_WIDTH = 32,        // accumulator bits
    parameter EIE_CODEBOOKS = 16,        // codebook RAM
    parameter EIE_LIST_DEPTH = 256,      // list RAM in descriptors
    parameter EIE_LANES = 1,             // entries of a column that a PE takes a cycle
    parameter EIE_BANKS = 1,             // banks of a PE's accumulators
    parameter EIE_BANK_DEPTH = 4,        // entries that can wait in a bank
    parameter EIE_GROUPS = 1,            // broadcasts a cycle
    parameter MXU_ROWS = 256,            // rows of the array
    parameter MXU_COLS = 256,            // columns of the array
    parameter MXU_TILE_ROWS = 32,        // rows of a tile of cells
    parameter MXU_TILE_COLS = 32,        // columns of a tile of cells and of a bank
    parameter MXU_FIFO_WORDS = 128,      // words of 8 bytes in the weight FIFO of four columns
    parameter MXU_UB_DEPTH = 98304,      // rows of the unified buffer
    parameter MXU_ACC_DEPTH = 4096,      // rows of the accumulators
    parameter MXU_PARAM_SETS = 64,       // parameter sets of the activation unit
    parameter MXU_QUEUE_DEPTH = 16,      // instructions queued
    parameter MXU_ACT_LANES = 0,         // activation lanes
    parameter MXU_DIGIT = 8              // bits of a product's digits
) (
    input  wire                    clk_i,
    input  wire                    rst_i,
    // commands
    input  wire [             3:0] start_i,         // a command begins: sparse, matrix, rows in, rows out
    input  wire [             7:0] opcode_i,        // of the sparse engine's channel
    input  wire [             7:0] flags_i,         // likewise
    input  wire [4*AXI_ADDR_W-1:0] address_i,
    input  wire [           255:0] word2_i,
    input  wire [           255:0] word3_i,
    output wire [             3:0] complete_o,
    output wire [             3:0] error_o,
    output wire [            15:0] code_o,
    output wire [           127:0] detail_o,
    output wire                    sparse_busy_o,
    output wire                    matrix_busy_o,
    output wire                    progress_o,      // an engine does something
    // read streams
    output wire [             3:0] r_req_valid_o,
    input  wire [             3:0] r_req_ready_i,
    output wire [4*AXI_ADDR_W-1:0] r_req_addr_o,
    output wire [           127:0] r_req_beats_o,
    input  wire [             3:0] r_data_valid_i,
    output wire [             3:0] r_data_ready_o,
    input  wire [32*AXI_BYTES-1:0] r_data_i,
    // write streams
    output wire [             1:0] w_req_valid_o,
    input  wire [             1:0] w_req_ready_i,
    output wire [2*AXI_ADDR_W-1:0] w_req_addr_o,
    output wire [            63:0] w_req_bytes_o,
    output wire [             1:0] w_data_valid_o,
    input  wire [             1:0] w_data_ready_i,
    output wire [16*AXI_BYTES-1:0] w_data_o,
    input  wire [             1:0] w_done_i
);
  localparam AW = AXI_ADDR_W;
  localparam DW = 8 * AXI_BYTES;

  wire moved;
  assign progress_o = sparse_busy_o || moved;

  generate
    if (SPARSE != 0) begin : g_sparse
      top_eie #(
          .AXI_BYTES    (AXI_BYTES),
          .AXI_ADDR_W   (AXI_ADDR_W),
          .N_PE         (EIE_N_PE),
          .ENTRY_DEPTH  (EIE_ENTRY_DEPTH),
          .PTR_DEPTH    (EIE_PTR_DEPTH),
          .ACT_REGS     (EIE_ACT_REGS),
          .ACT_RAM_DEPTH(EIE_ACT_RAM_DEPTH),
          .QUEUE_DEPTH  (EIE_QUEUE_DEPTH),
          .ACC_WIDTH    (EIE_ACC_WIDTH),
          .CODEBOOKS    (EIE_CODEBOOKS),
          .LIST_DEPTH   (EIE_LIST_DEPTH),
          .LANES        (EIE_LANES),
          .BANKS        (EIE_BANKS),
          .BANK_DEPTH   (EIE_BANK_DEPTH),
          .GROUPS       (EIE_GROUPS)
      ) u_sparse (
          .clk_i         (clk_i),
          .rst_i         (rst_i),
          .start_i       (start_i[0]),
          .opcode_i      (opcode_i),
          .flags_i       (flags_i),
          .address_i     (address_i[AW-1:0]),
          .word2_i       (word2_i[63:0]),
          .word3_i       (word3_i[63:0]),
          .complete_o    (complete_o[0]),
          .error_o       (error_o[0]),
          .code_o        (code_o[3:0]),
          .detail_o      (detail_o[31:0]),
          .busy_o        (sparse_busy_o),
          .r_req_valid_o (r_req_valid_o[0]),
          .r_req_ready_i (r_req_ready_i[0]),
          .r_req_addr_o  (r_req_addr_o[AW-1:0]),
          .r_req_beats_o (r_req_beats_o[31:0]),
          .r_data_valid_i(r_data_valid_i[0]),
          .r_data_ready_o(r_data_ready_o[0]),
          .r_data_i      (r_data_i[DW-1:0]),
          .w_req_valid_o (w_req_valid_o[0]),
          .w_req_ready_i (w_req_ready_i[0]),
          .w_req_addr_o  (w_req_addr_o[AW-1:0]),
          .w_req_bytes_o (w_req_bytes_o[31:0]),
          .w_data_valid_o(w_data_valid_o[0]),
          .w_data_ready_i(w_data_ready_i[0]),
          .w_data_o      (w_data_o[DW-1:0]),
          .w_done_i      (w_done_i[0])
      );
    end else begin : g_no_sparse
      assign {complete_o[0], error_o[0], code_o[3:0], detail_o[31:0], sparse_busy_o} = 39'd0;
      assign {r_req_valid_o[0], r_req_addr_o[AW-1:0], r_req_beats_o[31:0], r_data_ready_o[0]} = {(AW + 34) {1'b0}};
      assign {w_req_valid_o[0], w_req_addr_o[AW-1:0], w_req_bytes_o[31:0]} = {(AW + 33) {1'b0}};
      assign {w_data_valid_o[0], w_data_o[DW-1:0]} = {(DW + 1) {1'b0}};
      wire unused = &{1'b0, start_i[0], opcode_i, flags_i, address_i[AW-1:0], word2_i[63:0], word3_i[63:0],
                      r_req_ready_i[0], r_data_valid_i[0], r_data_i[DW-1:0], w_req_ready_i[0],
                      w_data_ready_i[0], w_done_i[0]};
    end

    if (MATRIX != 0) begin : g_matrix
      top_mxu #(
          .AXI_BYTES  (AXI_BYTES),
          .AXI_ADDR_W (AXI_ADDR_W),
          .ROWS       (MXU_ROWS),
          .COLS       (MXU_COLS),
          .TILE_ROWS  (MXU_TILE_ROWS),
          .TILE_COLS  (MXU_TILE_COLS),
          .FIFO_WORDS (MXU_FIFO_WORDS),
          .UB_DEPTH   (MXU_UB_DEPTH),
          .ACC_DEPTH  (MXU_ACC_DEPTH),
          .PARAM_SETS (MXU_PARAM_SETS),
          .QUEUE_DEPTH(MXU_QUEUE_DEPTH),
          .ACT_LANES  (MXU_ACT_LANES),
          .DIGIT      (MXU_DIGIT)
      ) u_matrix (
          .clk_i         (clk_i),
          .rst_i         (rst_i),
          .start_i       (start_i[3:1]),
          .address_i     (address_i[4*AW-1:AW]),
          .word2_i       (word2_i[255:64]),
          .word3_i       (word3_i[127:64]),
          .complete_o    (complete_o[3:1]),
          .error_o       (error_o[3:1]),
          .code_o        (code_o[15:4]),
          .detail_o      (detail_o[127:32]),
          .busy_o        (matrix_busy_o),
          .moved_o       (moved),
          .r_req_valid_o (r_req_valid_o[3:1]),
          .r_req_ready_i (r_req_ready_i[3:1]),
          .r_req_addr_o  (r_req_addr_o[4*AW-1:AW]),
          .r_req_beats_o (r_req_beats_o[127:32]),
          .r_data_valid_i(r_data_valid_i[3:1]),
          .r_data_ready_o(r_data_ready_o[3:1]),
          .r_data_i      (r_data_i[4*DW-1:DW]),
          .w_req_valid_o (w_req_valid_o[1]),
          .w_req_ready_i (w_req_ready_i[1]),
          .w_req_addr_o  (w_req_addr_o[2*AW-1:AW]),
          .w_req_bytes_o (w_req_bytes_o[63:32]),
          .w_data_valid_o(w_data_valid_o[1]),
          .w_data_ready_i(w_data_ready_i[1]),
          .w_data_o      (w_data_o[2*DW-1:DW]),
          .w_done_i      (w_done_i[1])
      );
      wire unused = &{1'b0, word3_i[255:128]};
    end else begin : g_no_matrix
      assign {complete_o[3:1], error_o[3:1], code_o[15:4], detail_o[127:32], matrix_busy_o, moved} = 116'd0;
      assign {r_req_valid_o[3:1], r_req_addr_o[4*AW-1:AW], r_req_beats_o[127:32], r_data_ready_o[3:1]} = {(3 * AW + 102) {1'b0}};
      assign {w_req_valid_o[1], w_req_addr_o[2*AW-1:AW], w_req_bytes_o[63:32]} = {(AW + 33) {1'b0}};
      assign {w_data_valid_o[1], w_data_o[2*DW-1:DW]} = {(DW + 1) {1'b0}};
      wire unused = &{1'b0, start_i[3:1], address_i[4*AW-1:AW], word2_i[255:64], word3_i[255:64], r_req_ready_i[3:1],
                      r_data_valid_i[3:1], r_data_i[4*DW-1:DW], w_req_ready_i[1], w_data_ready_i[1], w_done_i[1]};
    end
  endgenerate
endmodule
