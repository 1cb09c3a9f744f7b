// SPDX-License-Identifier: Apache-2.0
// The accelerator: a sparse engine and a matrix unit behind an AXI4-Lite slave with registers, an AXI4
// master and an interrupt, run by commands from a ring in memory (docs/reference/top-format.md).
// Handshakes: AXI's; all outputs come from registers. Reset is synchronous, memories keep what they hold.
// Latency: docs/reference/top-timing.md.
module sparsys_top #(
    parameter AXI_BYTES = 8,             // bytes of the master's data: 8, 16, 32 or 64
    parameter AXI_ADDR_W = 40,           // bits of its addresses, 32 to 44
    parameter BURST_BEATS = 16,          // beats of a burst at most: 2, 4, 8 or 16
    parameter READ_BURSTS = 4,           // bursts that a read stream's buffer holds, a power of two from 2 to 16
    parameter CHANNEL_DEPTH = 4,         // commands queued in a channel, 2 to 16
    parameter SPARSE = 1,                // 0 leaves the sparse engine out
    parameter MATRIX = 1,                // 0 leaves the matrix unit out
    parameter EIE_N_PE = 64,             // processing elements, a power of two from 1 to 256
    parameter EIE_ENTRY_DEPTH = 131072,  // entries of a PE, a power of two from 32 to 524288
    parameter EIE_PTR_DEPTH = 16384,     // pointers of a PE, a power of two from 4 to 65536
    parameter EIE_ACT_REGS = 64,         // source registers of a PE, as many destination ones; 4 to 64
    parameter EIE_ACT_RAM_DEPTH = 1024,  // activation RAM words of a PE, a power of two from 4 to 65536
    parameter EIE_QUEUE_DEPTH = 8,       // activation queue of a PE, 1 to 256
    parameter EIE_ACC_WIDTH = 32,        // accumulator bits, 20 to 48
    parameter EIE_CODEBOOKS = 16,        // codebook RAM, a power of two from 2 to 256
    parameter EIE_LIST_DEPTH = 256,      // list RAM in descriptors, a power of two from 2 to 32768
    parameter EIE_LANES = 1,             // entries of a column that a PE takes a cycle: 1, 4, 8 or 16
    parameter EIE_BANKS = 1,             // banks of a PE's accumulators: twice EIE_LANES, 1 with one lane
    parameter EIE_BANK_DEPTH = 4,        // entries that can wait in a bank, 2, 4 or 8
    parameter EIE_GROUPS = 1,            // broadcasts a cycle, 1, 2, 4 or 8, at most EIE_BANKS; 1 with one lane
    parameter MXU_ROWS = 256,            // rows of the array: inputs of a tile, 1 to 256
    parameter MXU_COLS = 256,            // columns of the array: outputs of a tile
    parameter MXU_TILE_ROWS = 32,        // rows of a tile of cells, a divisor of MXU_ROWS
    parameter MXU_TILE_COLS = 32,        // columns of a tile of cells and of a bank, MXU_COLS or a divisor of it that 4 divides
    parameter MXU_FIFO_WORDS = 128,      // words of 8 bytes in the weight FIFO of four columns, a power of two from 32 to 4096
    parameter MXU_UB_DEPTH = 98304,      // rows of the unified buffer, 2 to 2^24
    parameter MXU_ACC_DEPTH = 4096,      // rows of the accumulators, a power of two from 4 to 65536
    parameter MXU_PARAM_SETS = 64,       // parameter sets of the activation unit, 2 to 256
    parameter MXU_QUEUE_DEPTH = 16,      // instructions queued, 2 to 255
    parameter MXU_ACT_LANES = 0,         // activation lanes; MXU_COLS over them divides MXU_TILE_COLS; 0: MXU_COLS of them
    parameter MXU_DIGIT = 8              // bits of a product's digits: 8 for cells, 16 for an FPGA's multipliers
) (
    input  wire                   clk_i,        // everything happens at its rising edge
    input  wire                   rst_i,        // synchronous; the interconnect is reset too
    output wire                   irq_o,        // an interrupt that is enabled stands
    // AXI4-Lite slave
    input  wire                   s_arvalid_i,  // read address
    output wire                   s_arready_o,  // it is taken
    input  wire [           11:0] s_araddr_i,   // register's offset
    output wire                   s_rvalid_o,   // answer
    input  wire                   s_rready_i,   // it is taken
    output wire [           31:0] s_rdata_o,    // value
    output wire [            1:0] s_rresp_o,    // OKAY or SLVERR
    input  wire                   s_awvalid_i,  // write address
    output wire                   s_awready_o,  // it is taken
    input  wire [           11:0] s_awaddr_i,   // register's offset
    input  wire                   s_wvalid_i,   // write data
    output wire                   s_wready_o,   // they are taken
    input  wire [           31:0] s_wdata_i,    // value
    input  wire [            3:0] s_wstrb_i,    // all 1, else nothing is written
    output wire                   s_bvalid_o,   // answer
    input  wire                   s_bready_i,   // it is taken
    output wire [            1:0] s_bresp_o,    // OKAY or SLVERR
    // AXI4 master
    output wire                   m_arvalid_o,  // read address
    input  wire                   m_arready_i,  // it is taken
    output wire [ AXI_ADDR_W-1:0] m_araddr_o,   // first byte of the burst
    output wire [            2:0] m_arid_o,     // stream
    output wire [            7:0] m_arlen_o,    // beats less 1
    output wire [            2:0] m_arsize_o,   // log2 of a beat's bytes: `AXI_BYTES`
    output wire [            1:0] m_arburst_o,  // INCR
    output wire                   m_arlock_o,   // 0
    output wire [            3:0] m_arcache_o,  // 0011
    output wire [            2:0] m_arprot_o,   // 000
    output wire [            3:0] m_arqos_o,    // 0
    input  wire                   m_rvalid_i,   // read beat
    output wire                   m_rready_o,   // 1
    input  wire [            2:0] m_rid_i,      // its stream
    input  wire [8*AXI_BYTES-1:0] m_rdata_i,    // its bytes
    input  wire [            1:0] m_rresp_i,    // 0 or 1: no error
    input  wire                   m_rlast_i,    // the burst's last
    output wire                   m_awvalid_o,  // write address
    input  wire                   m_awready_i,  // it is taken
    output wire [ AXI_ADDR_W-1:0] m_awaddr_o,   // first byte of the burst
    output wire [            2:0] m_awid_o,     // stream
    output wire [            7:0] m_awlen_o,    // beats less 1
    output wire [            2:0] m_awsize_o,   // log2 of a beat's bytes: `AXI_BYTES`
    output wire [            1:0] m_awburst_o,  // INCR
    output wire                   m_awlock_o,   // 0
    output wire [            3:0] m_awcache_o,  // 0011
    output wire [            2:0] m_awprot_o,   // 000
    output wire [            3:0] m_awqos_o,    // 0
    output wire                   m_wvalid_o,   // write beat
    input  wire                   m_wready_i,   // it is taken
    output wire [8*AXI_BYTES-1:0] m_wdata_o,    // its bytes
    output wire [  AXI_BYTES-1:0] m_wstrb_o,    // those that are written
    output wire                   m_wlast_o,    // the burst's last
    input  wire                   m_bvalid_i,   // answer to a write burst
    output wire                   m_bready_o,   // 1
    input  wire [            2:0] m_bid_i,      // its stream
    input  wire [            1:0] m_bresp_i     // 0 or 1: no error
);
  localparam AW = AXI_ADDR_W;
  localparam DW = 8 * AXI_BYTES;

  // Units, in vectors: sparse, matrix, rows in, rows out.
  wire [3:0] start, complete, error;
  wire [31:0] opcode, flags;
  wire [4*AW-1:0] address;
  wire [255:0] word2, word3;
  wire [15:0] code;
  wire [127:0] detail;
  wire stop, clear, sparse_busy, matrix_busy, progress;
  // Read streams: ring, sparse, instructions, weights, rows in.
  wire [4:0] r_req_valid, r_req_ready, r_data_valid, r_data_ready;
  wire [5*AW-1:0] r_req_addr;
  wire [159:0] r_req_beats;
  wire [5*DW-1:0] r_data;
  // Write streams: sparse, rows out, fence.
  wire [2:0] w_req_valid, w_req_ready, w_data_valid, w_data_ready, w_done;
  wire [3*AW-1:0] w_req_addr;
  wire [95:0] w_req_bytes;
  wire [3*DW-1:0] w_data;
  // The masters' state.
  wire read_idle, read_address, read_beat, read_error;
  wire write_idle, write_address, write_beat, write_response, write_error;
  wire [2:0] read_error_id, write_error_id;
  wire [AW-1:0] read_error_addr, write_error_addr;

  top_command #(
      .AXI_BYTES(AXI_BYTES), .AXI_ADDR_W(AXI_ADDR_W), .BURST_BEATS(BURST_BEATS), .CHANNEL_DEPTH(CHANNEL_DEPTH),
      .SPARSE(SPARSE), .MATRIX(MATRIX), .N_PE(EIE_N_PE), .LANES(EIE_LANES), .GROUPS(EIE_GROUPS),
      .ENTRY_DEPTH(EIE_ENTRY_DEPTH), .PTR_DEPTH(EIE_PTR_DEPTH), .ACT_REGS(EIE_ACT_REGS),
      .ACT_RAM_DEPTH(EIE_ACT_RAM_DEPTH), .LIST_DEPTH(EIE_LIST_DEPTH), .CODEBOOKS(EIE_CODEBOOKS),
      .ROWS(MXU_ROWS), .COLS(MXU_COLS), .UB_DEPTH(MXU_UB_DEPTH), .ACC_DEPTH(MXU_ACC_DEPTH),
      .PARAM_SETS(MXU_PARAM_SETS), .FIFO_WORDS(MXU_FIFO_WORDS)
  ) u_command (
      .clk_i(clk_i), .rst_i(rst_i), .s_arvalid_i(s_arvalid_i), .s_arready_o(s_arready_o),
      .s_araddr_i(s_araddr_i), .s_rvalid_o(s_rvalid_o), .s_rready_i(s_rready_i), .s_rdata_o(s_rdata_o),
      .s_rresp_o(s_rresp_o), .s_awvalid_i(s_awvalid_i), .s_awready_o(s_awready_o), .s_awaddr_i(s_awaddr_i),
      .s_wvalid_i(s_wvalid_i), .s_wready_o(s_wready_o), .s_wdata_i(s_wdata_i), .s_wstrb_i(s_wstrb_i),
      .s_bvalid_o(s_bvalid_o), .s_bready_i(s_bready_i), .s_bresp_o(s_bresp_o), .irq_o(irq_o),
      .start_o(start), .opcode_o(opcode), .flags_o(flags), .address_o(address), .word2_o(word2),
      .word3_o(word3), .complete_i(complete), .error_i(error), .code_i(code), .detail_i(detail), .stop_o(stop),
      .clear_o(clear), .sparse_busy_i(sparse_busy), .matrix_busy_i(matrix_busy), .progress_i(progress),
      .ring_valid_o(r_req_valid[0]), .ring_ready_i(r_req_ready[0]), .ring_addr_o(r_req_addr[AW-1:0]),
      .ring_beats_o(r_req_beats[31:0]), .ring_data_valid_i(r_data_valid[0]),
      .ring_data_ready_o(r_data_ready[0]), .ring_data_i(r_data[DW-1:0]), .fence_valid_o(w_req_valid[2]),
      .fence_ready_i(w_req_ready[2]), .fence_addr_o(w_req_addr[3*AW-1:2*AW]),
      .fence_bytes_o(w_req_bytes[95:64]), .fence_data_valid_o(w_data_valid[2]),
      .fence_data_ready_i(w_data_ready[2]), .fence_data_o(w_data[3*DW-1:2*DW]), .fence_done_i(w_done[2]),
      .read_idle_i(read_idle), .read_address_i(read_address), .read_beat_i(read_beat),
      .read_error_i(read_error), .read_error_id_i(read_error_id), .read_error_addr_i(read_error_addr),
      .write_idle_i(write_idle), .write_address_i(write_address), .write_beat_i(write_beat),
      .write_response_i(write_response), .write_error_i(write_error), .write_error_id_i(write_error_id),
      .write_error_addr_i(write_error_addr)
  );

  top_masters #(
      .AXI_BYTES(AXI_BYTES), .AXI_ADDR_W(AXI_ADDR_W), .BURST_BEATS(BURST_BEATS), .READ_BURSTS(READ_BURSTS)
  ) u_masters (
      .clk_i(clk_i), .rst_i(rst_i), .stop_i(stop), .clear_i(clear), .r_req_valid_i(r_req_valid),
      .r_req_ready_o(r_req_ready), .r_req_addr_i(r_req_addr), .r_req_beats_i(r_req_beats),
      .r_data_valid_o(r_data_valid), .r_data_ready_i(r_data_ready), .r_data_o(r_data),
      .w_req_valid_i(w_req_valid), .w_req_ready_o(w_req_ready), .w_req_addr_i(w_req_addr),
      .w_req_bytes_i(w_req_bytes), .w_data_valid_i(w_data_valid), .w_data_ready_o(w_data_ready),
      .w_data_i(w_data), .w_done_o(w_done), .read_idle_o(read_idle), .read_address_o(read_address),
      .read_beat_o(read_beat), .read_error_o(read_error), .read_error_id_o(read_error_id),
      .read_error_addr_o(read_error_addr), .write_idle_o(write_idle), .write_address_o(write_address),
      .write_beat_o(write_beat), .write_response_o(write_response), .write_error_o(write_error),
      .write_error_id_o(write_error_id), .write_error_addr_o(write_error_addr),
      .m_arvalid_o(m_arvalid_o), .m_arready_i(m_arready_i), .m_araddr_o(m_araddr_o), .m_arid_o(m_arid_o),
      .m_arlen_o(m_arlen_o), .m_arsize_o(m_arsize_o), .m_arburst_o(m_arburst_o), .m_arlock_o(m_arlock_o),
      .m_arcache_o(m_arcache_o), .m_arprot_o(m_arprot_o), .m_arqos_o(m_arqos_o), .m_rvalid_i(m_rvalid_i),
      .m_rready_o(m_rready_o), .m_rid_i(m_rid_i), .m_rdata_i(m_rdata_i), .m_rresp_i(m_rresp_i),
      .m_rlast_i(m_rlast_i), .m_awvalid_o(m_awvalid_o), .m_awready_i(m_awready_i), .m_awaddr_o(m_awaddr_o),
      .m_awid_o(m_awid_o), .m_awlen_o(m_awlen_o), .m_awsize_o(m_awsize_o), .m_awburst_o(m_awburst_o),
      .m_awlock_o(m_awlock_o), .m_awcache_o(m_awcache_o), .m_awprot_o(m_awprot_o), .m_awqos_o(m_awqos_o),
      .m_wvalid_o(m_wvalid_o), .m_wready_i(m_wready_i), .m_wdata_o(m_wdata_o), .m_wstrb_o(m_wstrb_o),
      .m_wlast_o(m_wlast_o), .m_bvalid_i(m_bvalid_i), .m_bready_o(m_bready_o), .m_bid_i(m_bid_i),
      .m_bresp_i(m_bresp_i)
  );

  top_engines #(
      .AXI_BYTES(AXI_BYTES), .AXI_ADDR_W(AXI_ADDR_W), .SPARSE(SPARSE), .MATRIX(MATRIX), .EIE_N_PE(EIE_N_PE),
      .EIE_ENTRY_DEPTH(EIE_ENTRY_DEPTH), .EIE_PTR_DEPTH(EIE_PTR_DEPTH), .EIE_ACT_REGS(EIE_ACT_REGS),
      .EIE_ACT_RAM_DEPTH(EIE_ACT_RAM_DEPTH), .EIE_QUEUE_DEPTH(EIE_QUEUE_DEPTH), .EIE_ACC_WIDTH(EIE_ACC_WIDTH),
      .EIE_CODEBOOKS(EIE_CODEBOOKS), .EIE_LIST_DEPTH(EIE_LIST_DEPTH), .EIE_LANES(EIE_LANES),
      .EIE_BANKS(EIE_BANKS), .EIE_BANK_DEPTH(EIE_BANK_DEPTH), .EIE_GROUPS(EIE_GROUPS), .MXU_ROWS(MXU_ROWS),
      .MXU_COLS(MXU_COLS), .MXU_TILE_ROWS(MXU_TILE_ROWS), .MXU_TILE_COLS(MXU_TILE_COLS),
      .MXU_FIFO_WORDS(MXU_FIFO_WORDS), .MXU_UB_DEPTH(MXU_UB_DEPTH), .MXU_ACC_DEPTH(MXU_ACC_DEPTH),
      .MXU_PARAM_SETS(MXU_PARAM_SETS), .MXU_QUEUE_DEPTH(MXU_QUEUE_DEPTH), .MXU_ACT_LANES(MXU_ACT_LANES),
      .MXU_DIGIT(MXU_DIGIT)
  ) u_engines (
      .clk_i(clk_i), .rst_i(rst_i || clear), .start_i(start), .opcode_i(opcode[7:0]), .flags_i(flags[7:0]),
      .address_i(address), .word2_i(word2), .word3_i(word3), .complete_o(complete), .error_o(error),
      .code_o(code), .detail_o(detail), .sparse_busy_o(sparse_busy), .matrix_busy_o(matrix_busy),
      .progress_o(progress),
      .r_req_valid_o(r_req_valid[4:1]), .r_req_ready_i(r_req_ready[4:1]), .r_req_addr_o(r_req_addr[5*AW-1:AW]),
      .r_req_beats_o(r_req_beats[159:32]), .r_data_valid_i(r_data_valid[4:1]),
      .r_data_ready_o(r_data_ready[4:1]), .r_data_i(r_data[5*DW-1:DW]), .w_req_valid_o(w_req_valid[1:0]),
      .w_req_ready_i(w_req_ready[1:0]), .w_req_addr_o(w_req_addr[2*AW-1:0]), .w_req_bytes_o(w_req_bytes[63:0]),
      .w_data_valid_o(w_data_valid[1:0]), .w_data_ready_i(w_data_ready[1:0]), .w_data_o(w_data[2*DW-1:0]),
      .w_done_i(w_done[1:0])
  );

  generate
    // Words in a beat of weights: a power of two.
    if (MATRIX != 0 && ((MXU_COLS > 64 && MXU_COLS <= 96) || (MXU_COLS > 128 && MXU_COLS <= 224))) begin : g_check_cols
      parameter_error_MXU_COLS_must_be_1_to_64_97_to_128_or_225_to_256 u_error ();
    end
  endgenerate

  wire unused = &{1'b0, opcode[31:8], flags[31:8]};
endmodule
