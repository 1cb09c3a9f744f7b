// SPDX-License-Identifier: Apache-2.0
// The accelerator's registers and its control (docs/reference/top-timing.md).
// Handshakes and latency: those of top_registers and top_control.
module top_command #(
    parameter AXI_BYTES = 8,         // bytes of the master's data: 8, 16, 32 or 64
    parameter AXI_ADDR_W = 40,       // bits of its addresses, 32 to 44
    parameter BURST_BEATS = 16,      // beats of a burst at most: 2, 4, 8 or 16
    parameter CHANNEL_DEPTH = 4,     // commands queued in a channel, 2 to 16
    parameter SPARSE = 1,            // 0 leaves the sparse engine out
    parameter MATRIX = 1,            // 0 leaves the matrix unit out
    parameter N_PE = 64,             // processing elements
    parameter LANES = 1,             // entries of a column that a PE takes a cycle
    parameter GROUPS = 1,            // broadcasts a cycle
    parameter ENTRY_DEPTH = 131072,  // entries of a PE
    parameter PTR_DEPTH = 16384,     // pointers of a PE
    parameter ACT_REGS = 64,         // source registers of a PE
    parameter ACT_RAM_DEPTH = 1024,  // activation RAM words of a PE
    parameter LIST_DEPTH = 256,      // list RAM in descriptors
    parameter CODEBOOKS = 16,        // codebook RAM
    parameter ROWS = 256,            // rows of the array
    parameter COLS = 256,            // columns of the array
    parameter UB_DEPTH = 98304,      // rows of the unified buffer
    parameter ACC_DEPTH = 4096,      // rows of the accumulators
    parameter PARAM_SETS = 64,       // parameter sets of the activation unit
    parameter FIFO_WORDS = 128       // words of 8 bytes in the weight FIFO of four columns
) (
    input  wire                    clk_i,
    input  wire                    rst_i,
    // AXI4-Lite, and interrupt
    input  wire                    s_arvalid_i,
    output wire                    s_arready_o,
    input  wire [            11:0] s_araddr_i,
    output wire                    s_rvalid_o,
    input  wire                    s_rready_i,
    output wire [            31:0] s_rdata_o,
    output wire [             1:0] s_rresp_o,
    input  wire                    s_awvalid_i,
    output wire                    s_awready_o,
    input  wire [            11:0] s_awaddr_i,
    input  wire                    s_wvalid_i,
    output wire                    s_wready_o,
    input  wire [            31:0] s_wdata_i,
    input  wire [             3:0] s_wstrb_i,
    output wire                    s_bvalid_o,
    input  wire                    s_bready_i,
    output wire [             1:0] s_bresp_o,
    output wire                    irq_o,
    // units, masters, read stream 0, write stream 2: as in top_control
    output wire [             3:0] start_o,
    output wire [            31:0] opcode_o,
    output wire [            31:0] flags_o,
    output wire [4*AXI_ADDR_W-1:0] address_o,
    output wire [           255:0] word2_o,
    output wire [           255:0] word3_o,
    input  wire [             3:0] complete_i,
    input  wire [             3:0] error_i,
    input  wire [            15:0] code_i,
    input  wire [           127:0] detail_i,
    output wire                    stop_o,
    output wire                    clear_o,
    input  wire                    sparse_busy_i,
    input  wire                    matrix_busy_i,
    input  wire                    progress_i,
    output wire                    ring_valid_o,
    input  wire                    ring_ready_i,
    output wire [  AXI_ADDR_W-1:0] ring_addr_o,
    output wire [            31:0] ring_beats_o,
    input  wire                    ring_data_valid_i,
    output wire                    ring_data_ready_o,
    input  wire [ 8*AXI_BYTES-1:0] ring_data_i,
    output wire                    fence_valid_o,
    input  wire                    fence_ready_i,
    output wire [  AXI_ADDR_W-1:0] fence_addr_o,
    output wire [            31:0] fence_bytes_o,
    output wire                    fence_data_valid_o,
    input  wire                    fence_data_ready_i,
    output wire [ 8*AXI_BYTES-1:0] fence_data_o,
    input  wire                    fence_done_i,
    input  wire                    read_idle_i,
    input  wire                    read_address_i,
    input  wire                    read_beat_i,
    input  wire                    read_error_i,
    input  wire [             2:0] read_error_id_i,
    input  wire [  AXI_ADDR_W-1:0] read_error_addr_i,
    input  wire                    write_idle_i,
    input  wire                    write_address_i,
    input  wire                    write_beat_i,
    input  wire                    write_response_i,
    input  wire                    write_error_i,
    input  wire [             2:0] write_error_id_i,
    input  wire [  AXI_ADDR_W-1:0] write_error_addr_i
);
  localparam ROW_BYTES = ROWS > COLS ? ROWS : COLS;
  localparam W_LANES = ((COLS + 3) / 4 + 7) / 8;

  wire control_we;
  wire [3:0] control;
  wire tail_we;
  wire [31:0] tail;
  wire [31:0] ring_page;
  wire [4:0] ring_log2;
  wire [31:0] watchdog;
  wire [31:0] window_first;
  wire [31:0] window_last;
  wire counters_clear;
  wire run;
  wire [5:0] status;
  wire [7:0] error_code;
  wire [7:0] error_channel;
  wire [31:0] error_command;
  wire [31:0] error_detail;
  wire [31:0] error_page;
  wire [31:0] head;
  wire [31:0] fence;
  wire [2:0] irq_set;
  wire soft_reset;
  wire [223:0] counters;

  top_registers #(
      .AXI_BYTES    (AXI_BYTES),
      .AXI_ADDR_W   (AXI_ADDR_W),
      .BURST_BEATS  (BURST_BEATS),
      .SPARSE       (SPARSE),
      .MATRIX       (MATRIX),
      .N_PE         (N_PE),
      .LANES        (LANES),
      .GROUPS       (GROUPS),
      .ENTRY_DEPTH  (ENTRY_DEPTH),
      .PTR_DEPTH    (PTR_DEPTH),
      .ACT_REGS     (ACT_REGS),
      .ACT_RAM_DEPTH(ACT_RAM_DEPTH),
      .LIST_DEPTH   (LIST_DEPTH),
      .CODEBOOKS    (CODEBOOKS),
      .ROWS         (ROWS),
      .COLS         (COLS),
      .UB_DEPTH     (UB_DEPTH),
      .ACC_DEPTH    (ACC_DEPTH),
      .PARAM_SETS   (PARAM_SETS),
      .FIFO_WORDS   (FIFO_WORDS)
  ) u_registers (
      .clk_i           (clk_i),
      .rst_i           (rst_i),
      .s_arvalid_i     (s_arvalid_i),
      .s_arready_o     (s_arready_o),
      .s_araddr_i      (s_araddr_i),
      .s_rvalid_o      (s_rvalid_o),
      .s_rready_i      (s_rready_i),
      .s_rdata_o       (s_rdata_o),
      .s_rresp_o       (s_rresp_o),
      .s_awvalid_i     (s_awvalid_i),
      .s_awready_o     (s_awready_o),
      .s_awaddr_i      (s_awaddr_i),
      .s_wvalid_i      (s_wvalid_i),
      .s_wready_o      (s_wready_o),
      .s_wdata_i       (s_wdata_i),
      .s_wstrb_i       (s_wstrb_i),
      .s_bvalid_o      (s_bvalid_o),
      .s_bready_i      (s_bready_i),
      .s_bresp_o       (s_bresp_o),
      .irq_o           (irq_o),
      .control_we_o    (control_we),
      .control_o       (control),
      .tail_we_o       (tail_we),
      .tail_o          (tail),
      .ring_page_o     (ring_page),
      .ring_log2_o     (ring_log2),
      .watchdog_o      (watchdog),
      .window_first_o  (window_first),
      .window_last_o   (window_last),
      .counters_clear_o(counters_clear),
      .run_i           (run),
      .status_i        (status),
      .error_code_i    (error_code),
      .error_channel_i (error_channel),
      .error_command_i (error_command),
      .error_detail_i  (error_detail),
      .error_page_i    (error_page),
      .head_i          (head),
      .fence_i         (fence),
      .irq_set_i       (irq_set),
      .soft_reset_i    (soft_reset),
      .counters_i      (counters)
  );

  top_control #(
      .AXI_BYTES    (AXI_BYTES),
      .AXI_ADDR_W   (AXI_ADDR_W),
      .CHANNEL_DEPTH(CHANNEL_DEPTH),
      .SPARSE       (SPARSE),
      .MATRIX       (MATRIX),
      .N_PE         (N_PE),
      .ROW_BYTES    (ROW_BYTES),
      .W_LANES      (W_LANES)
  ) u_control (
      .clk_i             (clk_i),
      .rst_i             (rst_i),
      .control_we_i      (control_we),
      .control_i         (control),
      .tail_we_i         (tail_we),
      .tail_i            (tail),
      .ring_page_i       (ring_page),
      .ring_log2_i       (ring_log2),
      .watchdog_i        (watchdog),
      .window_first_i    (window_first),
      .window_last_i     (window_last),
      .counters_clear_i  (counters_clear),
      .run_o             (run),
      .status_o          (status),
      .error_code_o      (error_code),
      .error_channel_o   (error_channel),
      .error_command_o   (error_command),
      .error_detail_o    (error_detail),
      .error_page_o      (error_page),
      .head_o            (head),
      .fence_o           (fence),
      .irq_set_o         (irq_set),
      .soft_reset_o      (soft_reset),
      .counters_o        (counters),
      .start_o           (start_o),
      .opcode_o          (opcode_o),
      .flags_o           (flags_o),
      .address_o         (address_o),
      .word2_o           (word2_o),
      .word3_o           (word3_o),
      .complete_i        (complete_i),
      .error_i           (error_i),
      .code_i            (code_i),
      .detail_i          (detail_i),
      .stop_o            (stop_o),
      .clear_o           (clear_o),
      .sparse_busy_i     (sparse_busy_i),
      .matrix_busy_i     (matrix_busy_i),
      .progress_i        (progress_i),
      .ring_valid_o      (ring_valid_o),
      .ring_ready_i      (ring_ready_i),
      .ring_addr_o       (ring_addr_o),
      .ring_beats_o      (ring_beats_o),
      .ring_data_valid_i (ring_data_valid_i),
      .ring_data_ready_o (ring_data_ready_o),
      .ring_data_i       (ring_data_i),
      .fence_valid_o     (fence_valid_o),
      .fence_ready_i     (fence_ready_i),
      .fence_addr_o      (fence_addr_o),
      .fence_bytes_o     (fence_bytes_o),
      .fence_data_valid_o(fence_data_valid_o),
      .fence_data_ready_i(fence_data_ready_i),
      .fence_data_o      (fence_data_o),
      .fence_done_i      (fence_done_i),
      .read_idle_i       (read_idle_i),
      .read_address_i    (read_address_i),
      .read_beat_i       (read_beat_i),
      .read_error_i      (read_error_i),
      .read_error_id_i   (read_error_id_i),
      .read_error_addr_i (read_error_addr_i),
      .write_idle_i      (write_idle_i),
      .write_address_i   (write_address_i),
      .write_beat_i      (write_beat_i),
      .write_response_i  (write_response_i),
      .write_error_i     (write_error_i),
      .write_error_id_i  (write_error_id_i),
      .write_error_addr_i(write_error_addr_i)
  );
endmodule
