// SPDX-License-Identifier: Apache-2.0
// AXI4-Lite slave with the accelerator's registers (docs/reference/top-format.md, 2; top-timing.md, 4).
// Handshake: AXI's; one write and one read at a time, each answered once. A write's pulse to the
// control (control_we_o and the like) is one cycle long.
// Latency: three cycles from a write's address and data, or a read's address, to its response.
module top_registers #(
    parameter AXI_BYTES = 8,           // as BUS tells it, with the next four
    parameter AXI_ADDR_W = 40,         // bits of the master's address
    parameter BURST_BEATS = 16,        // beats of a burst at most
    parameter SPARSE = 1,              // the sparse engine is there
    parameter MATRIX = 1,              // the matrix unit is there
    parameter N_PE = 64,               // of the sparse engine
    parameter LANES = 1,               // entries that a PE takes a cycle
    parameter GROUPS = 1,              // broadcasts a cycle
    parameter ENTRY_DEPTH = 131072,    // entries of a PE
    parameter PTR_DEPTH = 16384,       // pointers of a PE
    parameter ACT_REGS = 64,           // activation registers of a PE
    parameter ACT_RAM_DEPTH = 1024,    // words of its activation RAM
    parameter LIST_DEPTH = 256,        // descriptors
    parameter CODEBOOKS = 16,          // codebooks
    parameter ROWS = 256,              // of the matrix unit's array
    parameter COLS = 256,              // its columns
    parameter UB_DEPTH = 98304,        // rows of the unified buffer
    parameter ACC_DEPTH = 4096,        // rows of the accumulators
    parameter PARAM_SETS = 64,         // parameter sets
    parameter FIFO_WORDS = 128         // words of the weight FIFO
) (
    input  wire         clk_i,
    input  wire         rst_i,
    // bus
    input  wire         s_arvalid_i,
    output wire         s_arready_o,
    input  wire [ 11:0] s_araddr_i,
    output wire         s_rvalid_o,
    input  wire         s_rready_i,
    output wire [ 31:0] s_rdata_o,
    output wire [  1:0] s_rresp_o,
    input  wire         s_awvalid_i,
    output wire         s_awready_o,
    input  wire [ 11:0] s_awaddr_i,
    input  wire         s_wvalid_i,
    output wire         s_wready_o,
    input  wire [ 31:0] s_wdata_i,
    input  wire [  3:0] s_wstrb_i,
    output wire         s_bvalid_o,
    input  wire         s_bready_i,
    output wire [  1:0] s_bresp_o,
    output wire         irq_o,
    // to the control
    output wire         control_we_o,       // CONTROL is written
    output wire [  3:0] control_o,          // with force, reset, abort, run
    output wire         tail_we_o,          // RING_TAIL is written; tail_o has it in the next cycle
    output wire [ 31:0] tail_o,
    output wire [ 31:0] ring_page_o,
    output wire [  4:0] ring_log2_o,
    output wire [ 31:0] watchdog_o,
    output wire [ 31:0] window_first_o,
    output wire [ 31:0] window_last_o,
    output wire         counters_clear_o,
    // from the control
    input  wire         run_i,              // CONTROL.run
    input  wire [  5:0] status_i,           // STATUS
    input  wire [  7:0] error_code_i,
    input  wire [  7:0] error_channel_i,
    input  wire [ 31:0] error_command_i,
    input  wire [ 31:0] error_detail_i,
    input  wire [ 31:0] error_page_i,
    input  wire [ 31:0] head_i,
    input  wire [ 31:0] fence_i,
    input  wire [  2:0] irq_set_i,          // error, halt, fence: one cycle
    input  wire         soft_reset_i,       // one cycle: RING_TAIL becomes 0
    input  wire [223:0] counters_i          // 0x080 to 0x098, the first lowest
);
  assign s_arready_o = 0;
  assign s_rvalid_o = 0;
  assign s_rdata_o = 0;
  assign s_rresp_o = 0;
  assign s_awready_o = 0;
  assign s_wready_o = 0;
  assign s_bvalid_o = 0;
  assign s_bresp_o = 0;
  assign irq_o = 0;
  assign control_we_o = 0;
  assign control_o = 0;
  assign tail_we_o = 0;
  assign tail_o = 0;
  assign ring_page_o = 0;
  assign ring_log2_o = 0;
  assign watchdog_o = 0;
  assign window_first_o = 0;
  assign window_last_o = 0;
  assign counters_clear_o = 0;
  wire unused = &{1'b0, clk_i, rst_i, s_arvalid_i, s_araddr_i, s_rready_i, s_awvalid_i, s_awaddr_i, s_wvalid_i, s_wdata_i, s_wstrb_i, s_bready_i, run_i, status_i, error_code_i, error_channel_i, error_command_i, error_detail_i, error_page_i, head_i, fence_i, irq_set_i, soft_reset_i, counters_i};
endmodule
