// SPDX-License-Identifier: Apache-2.0
// AXI4-Lite slave with the accelerator's registers (docs/reference/top-format.md, 2; top-timing.md, 4).
// Handshake: AXI's; one write and one read at a time, each answered once. A write's pulse to the
// control (control_we_o and the like) is one cycle long.
// Latency: three cycles from a write's address and data to its response, two from a read's address.
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
  `include "interface.vh"
  // Sizes; those of an engine that is not there read 0.
  localparam [31:0] HAS_SPARSE = SPARSE != 0 ? 32'hFFFFFFFF : 32'd0;
  localparam [31:0] HAS_MATRIX = MATRIX != 0 ? 32'hFFFFFFFF : 32'd0;
  localparam [31:0] SIZE_BUS = (HAS_MATRIX & 32'd1 << BUS_MATRIX) | (HAS_SPARSE & 32'd1 << BUS_SPARSE) |
                               BURST_BEATS << BUS_BURST_BEATS_LSB | AXI_ADDR_W << BUS_AXI_ADDR_W_LSB | AXI_BYTES;
  localparam [31:0] SIZE_EIE_ARRAY = HAS_SPARSE &
      (GROUPS << EIE_ARRAY_GROUPS_LSB | LANES << EIE_ARRAY_LANES_LSB | N_PE);
  localparam [31:0] SIZE_EIE_ENTRIES = HAS_SPARSE & ENTRY_DEPTH;
  localparam [31:0] SIZE_EIE_POINTERS = HAS_SPARSE & PTR_DEPTH;
  localparam [31:0] SIZE_EIE_ACTS = HAS_SPARSE & (ACT_RAM_DEPTH << EIE_ACTS_ACT_RAM_DEPTH_LSB | ACT_REGS);
  localparam [31:0] SIZE_EIE_LIST = HAS_SPARSE & (CODEBOOKS << EIE_LIST_CODEBOOKS_LSB | LIST_DEPTH);
  localparam [31:0] SIZE_MXU_ARRAY = HAS_MATRIX & (COLS << MXU_ARRAY_COLS_LSB | ROWS);
  localparam [31:0] SIZE_MXU_UB = HAS_MATRIX & UB_DEPTH;
  localparam [31:0] SIZE_MXU_ACC = HAS_MATRIX & ACC_DEPTH;
  localparam [31:0] SIZE_MXU_SETS = HAS_MATRIX & (FIFO_WORDS << MXU_SETS_FIFO_WORDS_LSB | PARAM_SETS);
  // Registers that are written, as bits of sel_q; from RING_PAGE on not while running.
  localparam AT_CONTROL = 0;
  localparam AT_IRQ_STATUS = 1;
  localparam AT_IRQ_ENABLE = 2;
  localparam AT_RING_TAIL = 3;
  localparam AT_COUNTERS_CLEAR = 4;
  localparam AT_RING_PAGE = 5;
  localparam AT_RING_LOG2 = 6;
  localparam AT_WATCHDOG = 7;
  localparam AT_WINDOW_FIRST = 8;
  localparam AT_WINDOW_LAST = 9;
  localparam WRITTEN = 10;

  reg aw_have_q;
  reg w_have_q;
  reg do_q;
  reg b_valid_q;
  reg ar_have_q;
  reg r_valid_q;
  reg [11:0] aw_addr_q;
  reg [31:0] w_data_q;
  reg w_full_q;
  reg [WRITTEN-1:0] sel_q;
  reg ok_q;
  reg b_error_q;
  reg [11:0] ar_addr_q;
  reg [31:0] r_data_q;
  reg r_error_q;
  reg [2:0] irq_status_q;
  reg [2:0] irq_enable_q;
  reg [31:0] ring_page_q;
  reg [4:0] ring_log2_q;
  reg [31:0] tail_q;
  reg [31:0] watchdog_q;
  reg [31:0] window_first_q;
  reg [31:0] window_last_q;
  reg irq_q;

  // Writes.
  wire check = aw_have_q && w_have_q && !do_q && !b_valid_q;
  reg [WRITTEN-1:0] named;
  wire locked = status_i[0] && named[WRITTEN-1:AT_RING_PAGE] != {(WRITTEN - AT_RING_PAGE) {1'b0}};
  wire [WRITTEN-1:0] we = do_q && ok_q ? sel_q : {WRITTEN{1'b0}};

  always @* begin
    named = {WRITTEN{1'b0}};
    named[AT_CONTROL] = aw_addr_q == REG_CONTROL;
    named[AT_IRQ_STATUS] = aw_addr_q == REG_IRQ_STATUS;
    named[AT_IRQ_ENABLE] = aw_addr_q == REG_IRQ_ENABLE;
    named[AT_RING_TAIL] = aw_addr_q == REG_RING_TAIL;
    named[AT_COUNTERS_CLEAR] = aw_addr_q == REG_COUNTERS_CLEAR;
    named[AT_RING_PAGE] = aw_addr_q == REG_RING_PAGE;
    named[AT_RING_LOG2] = aw_addr_q == REG_RING_LOG2;
    named[AT_WATCHDOG] = aw_addr_q == REG_WATCHDOG;
    named[AT_WINDOW_FIRST] = aw_addr_q == REG_WINDOW_FIRST;
    named[AT_WINDOW_LAST] = aw_addr_q == REG_WINDOW_LAST;
  end

  // Reads.
  reg [31:0] value;
  reg known;

  always @* begin
    value = 32'd0;
    known = 1'b1;
    case (ar_addr_q)
      REG_ID:             value = RESET_ID;
      REG_VERSION:        value = RESET_VERSION;
      REG_BUS:            value = SIZE_BUS;
      REG_EIE_ARRAY:      value = SIZE_EIE_ARRAY;
      REG_EIE_ENTRIES:    value = SIZE_EIE_ENTRIES;
      REG_EIE_POINTERS:   value = SIZE_EIE_POINTERS;
      REG_EIE_ACTS:       value = SIZE_EIE_ACTS;
      REG_EIE_LIST:       value = SIZE_EIE_LIST;
      REG_MXU_ARRAY:      value = SIZE_MXU_ARRAY;
      REG_MXU_UB:         value = SIZE_MXU_UB;
      REG_MXU_ACC:        value = SIZE_MXU_ACC;
      REG_MXU_SETS:       value = SIZE_MXU_SETS;
      REG_CONTROL:        value = {31'd0, run_i};
      REG_STATUS:         value = {26'd0, status_i};
      REG_ERROR:          value = {16'd0, error_channel_i, error_code_i};
      REG_ERROR_COMMAND:  value = error_command_i;
      REG_ERROR_DETAIL:   value = error_detail_i;
      REG_ERROR_PAGE:     value = error_page_i;
      REG_IRQ_STATUS:     value = {29'd0, irq_status_q};
      REG_IRQ_ENABLE:     value = {29'd0, irq_enable_q};
      REG_RING_PAGE:      value = ring_page_q;
      REG_RING_LOG2:      value = {27'd0, ring_log2_q};
      REG_RING_TAIL:      value = tail_q;
      REG_RING_HEAD:      value = head_i;
      REG_FENCE:          value = fence_i;
      REG_WATCHDOG:       value = watchdog_q;
      REG_WINDOW_FIRST:   value = window_first_q;
      REG_WINDOW_LAST:    value = window_last_q;
      REG_CYCLES:         value = counters_i[0+:32];
      REG_CYCLES_SPARSE:  value = counters_i[32+:32];
      REG_CYCLES_MATRIX:  value = counters_i[64+:32];
      REG_CYCLES_BOTH:    value = counters_i[96+:32];
      REG_READ_BEATS:     value = counters_i[128+:32];
      REG_WRITE_BEATS:    value = counters_i[160+:32];
      REG_COMMANDS:       value = counters_i[192+:32];
      REG_COUNTERS_CLEAR: value = 32'd0;
      default: known = 1'b0;
    endcase
  end

  assign s_awready_o      = !aw_have_q;
  assign s_wready_o       = !w_have_q;
  assign s_bvalid_o       = b_valid_q;
  assign s_bresp_o        = {b_error_q, 1'b0};
  assign s_arready_o      = !ar_have_q;
  assign s_rvalid_o       = r_valid_q;
  assign s_rdata_o        = r_data_q;
  assign s_rresp_o        = {r_error_q, 1'b0};
  assign irq_o            = irq_q;
  assign control_we_o     = we[AT_CONTROL];
  assign control_o        = w_data_q[3:0];
  assign tail_we_o        = we[AT_RING_TAIL];
  assign tail_o           = tail_q;
  assign ring_page_o      = ring_page_q;
  assign ring_log2_o      = ring_log2_q;
  assign watchdog_o       = watchdog_q;
  assign window_first_o   = window_first_q;
  assign window_last_o    = window_last_q;
  assign counters_clear_o = we[AT_COUNTERS_CLEAR];

  always @(posedge clk_i) begin
    if (rst_i) begin
      aw_have_q <= 1'b0;
      w_have_q  <= 1'b0;
      do_q      <= 1'b0;
      b_valid_q <= 1'b0;
      ar_have_q <= 1'b0;
      r_valid_q <= 1'b0;
    end else begin
      if (do_q) aw_have_q <= 1'b0;
      else if (s_awvalid_i) aw_have_q <= 1'b1;
      if (do_q) w_have_q <= 1'b0;
      else if (s_wvalid_i) w_have_q <= 1'b1;
      do_q <= check;
      if (do_q) b_valid_q <= 1'b1;
      else if (s_bready_i) b_valid_q <= 1'b0;
      if (!ar_have_q) ar_have_q <= s_arvalid_i;
      else if (!r_valid_q) ar_have_q <= 1'b0;
      if (!r_valid_q) r_valid_q <= ar_have_q;
      else if (s_rready_i) r_valid_q <= 1'b0;
    end
    if (!aw_have_q) aw_addr_q <= s_awaddr_i;
    if (!w_have_q) begin
      w_data_q <= s_wdata_i;
      w_full_q <= s_wstrb_i == 4'b1111;
    end
    if (check) begin
      sel_q <= named;
      ok_q  <= w_full_q && named != {WRITTEN{1'b0}} && !locked;
    end
    if (do_q) b_error_q <= !ok_q;
    if (!ar_have_q) ar_addr_q <= s_araddr_i;
    if (!r_valid_q) begin
      r_data_q  <= value;
      r_error_q <= !known;
    end
  end

  always @(posedge clk_i) begin
    if (rst_i) begin
      irq_status_q   <= 3'd0;
      irq_enable_q   <= 3'd0;
      ring_page_q    <= 32'd0;
      ring_log2_q    <= 5'd0;
      tail_q         <= 32'd0;
      watchdog_q     <= 32'd0;
      window_first_q <= RESET_WINDOW_FIRST;
      window_last_q  <= 32'd0;
      irq_q          <= 1'b0;
    end else begin
      irq_status_q <= (irq_status_q & ~(w_data_q[2:0] & {3{we[AT_IRQ_STATUS]}})) | irq_set_i;
      if (we[AT_IRQ_ENABLE]) irq_enable_q <= w_data_q[2:0];
      if (we[AT_RING_PAGE]) ring_page_q <= w_data_q;
      if (we[AT_RING_LOG2]) ring_log2_q <= w_data_q[4:0];
      if (soft_reset_i) tail_q <= 32'd0;
      else if (we[AT_RING_TAIL]) tail_q <= w_data_q;
      if (we[AT_WATCHDOG]) watchdog_q <= w_data_q;
      if (we[AT_WINDOW_FIRST]) window_first_q <= w_data_q;
      if (we[AT_WINDOW_LAST]) window_last_q <= w_data_q;
      irq_q <= (irq_status_q & irq_enable_q) != 3'd0;
    end
  end

`ifdef SPARSYS_ASSERT
  always @(posedge clk_i) begin
    if (!rst_i) assert (!do_q || (aw_have_q && w_have_q && !b_valid_q));
  end
`endif
endmodule
