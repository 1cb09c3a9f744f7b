// SPDX-License-Identifier: Apache-2.0
// The sparse engine with its unit (docs/reference/top-units-timing.md, section 11).
// Handshakes and latency: those of top_sparse.
module top_eie #(
    parameter AXI_BYTES = 8,         // bytes of a beat: 8, 16, 32 or 64
    parameter AXI_ADDR_W = 40,       // bits of an address, 32 to 44
    parameter N_PE = 64,             // as in eie, like all below
    parameter ENTRY_DEPTH = 131072,  // entries of a PE
    parameter PTR_DEPTH = 16384,     // pointers of a PE
    parameter ACT_REGS = 64,         // source registers of a PE
    parameter ACT_RAM_DEPTH = 1024,  // activation RAM words of a PE
    parameter QUEUE_DEPTH = 8,       // activation queue of a PE
    parameter ACC_WIDTH = 32,        // accumulator bits
    parameter CODEBOOKS = 16,        // codebook RAM
    parameter LIST_DEPTH = 256,      // list RAM in descriptors
    parameter LANES = 1,             // entries of a column that a PE takes a cycle
    parameter BANKS = 1,             // banks of a PE's accumulators
    parameter BANK_DEPTH = 4,        // entries that can wait in a bank
    parameter GROUPS = 1             // broadcasts a cycle
) (
    input  wire                   clk_i,
    input  wire                   rst_i,
    // command
    input  wire                   start_i,
    input  wire [            7:0] opcode_i,
    input  wire [            7:0] flags_i,
    input  wire [ AXI_ADDR_W-1:0] address_i,
    input  wire [           63:0] word2_i,
    input  wire [           63:0] word3_i,
    output wire                   complete_o,
    output wire                   error_o,
    output wire [            3:0] code_o,
    output wire [           31:0] detail_o,
    output wire                   busy_o,         // the engine runs a list
    // read stream
    output wire                   r_req_valid_o,
    input  wire                   r_req_ready_i,
    output wire [ AXI_ADDR_W-1:0] r_req_addr_o,
    output wire [           31:0] r_req_beats_o,
    input  wire                   r_data_valid_i,
    output wire                   r_data_ready_o,
    input  wire [8*AXI_BYTES-1:0] r_data_i,
    // write stream
    output wire                   w_req_valid_o,
    input  wire                   w_req_ready_i,
    output wire [ AXI_ADDR_W-1:0] w_req_addr_o,
    output wire [           31:0] w_req_bytes_o,
    output wire                   w_data_valid_o,
    input  wire                   w_data_ready_i,
    output wire [8*AXI_BYTES-1:0] w_data_o,
    input  wire                   w_done_i
);
  localparam LIST_W = $clog2(LIST_DEPTH);

  wire start, done;
  wire [LIST_W-1:0] list_first;
  wire [LIST_W:0] list_count;
  wire [6:0] flags;
  wire io_valid, io_write, io_ready, io_rvalid;
  wire [31:0] io_addr;
  wire [63:0] io_wdata, io_rdata;

  top_sparse #(
      .AXI_BYTES (AXI_BYTES),
      .AXI_ADDR_W(AXI_ADDR_W),
      .N_PE      (N_PE),
      .LIST_DEPTH(LIST_DEPTH)
  ) u_unit (
      .clk_i         (clk_i),
      .rst_i         (rst_i),
      .start_i       (start_i),
      .opcode_i      (opcode_i),
      .flags_i       (flags_i),
      .address_i     (address_i),
      .word2_i       (word2_i),
      .word3_i       (word3_i),
      .complete_o    (complete_o),
      .error_o       (error_o),
      .code_o        (code_o),
      .detail_o      (detail_o),
      .r_req_valid_o (r_req_valid_o),
      .r_req_ready_i (r_req_ready_i),
      .r_req_addr_o  (r_req_addr_o),
      .r_req_beats_o (r_req_beats_o),
      .r_data_valid_i(r_data_valid_i),
      .r_data_ready_o(r_data_ready_o),
      .r_data_i      (r_data_i),
      .w_req_valid_o (w_req_valid_o),
      .w_req_ready_i (w_req_ready_i),
      .w_req_addr_o  (w_req_addr_o),
      .w_req_bytes_o (w_req_bytes_o),
      .w_data_valid_o(w_data_valid_o),
      .w_data_ready_i(w_data_ready_i),
      .w_data_o      (w_data_o),
      .w_done_i      (w_done_i),
      .eie_start_o   (start),
      .list_first_o  (list_first),
      .list_count_o  (list_count),
      .eie_done_i    (done),
      .eie_flags_i   (flags),
      .io_valid_o    (io_valid),
      .io_write_o    (io_write),
      .io_addr_o     (io_addr),
      .io_wdata_o    (io_wdata),
      .io_ready_i    (io_ready),
      .io_rvalid_i   (io_rvalid),
      .io_rdata_i    (io_rdata)
  );

  eie #(
      .N_PE         (N_PE),
      .ENTRY_DEPTH  (ENTRY_DEPTH),
      .PTR_DEPTH    (PTR_DEPTH),
      .ACT_REGS     (ACT_REGS),
      .ACT_RAM_DEPTH(ACT_RAM_DEPTH),
      .QUEUE_DEPTH  (QUEUE_DEPTH),
      .ACC_WIDTH    (ACC_WIDTH),
      .CODEBOOKS    (CODEBOOKS),
      .LIST_DEPTH   (LIST_DEPTH),
      .LANES        (LANES),
      .BANKS        (BANKS),
      .BANK_DEPTH   (BANK_DEPTH),
      .GROUPS       (GROUPS)
  ) u_eie (
      .clk_i       (clk_i),
      .rst_i       (rst_i),
      .start_i     (start),
      .abort_i     (1'b0),
      .list_first_i(list_first),
      .list_count_i(list_count),
      .busy_o      (busy_o),
      .done_o      (done),
      .flags_o     (flags),
      .io_valid_i  (io_valid),
      .io_write_i  (io_write),
      .io_addr_i   (io_addr),
      .io_wdata_i  (io_wdata),
      .io_ready_o  (io_ready),
      .io_rvalid_o (io_rvalid),
      .io_rdata_o  (io_rdata)
  );
endmodule
