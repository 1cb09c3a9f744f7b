// SPDX-License-Identifier: Apache-2.0
// Run and halt; takes the first error, stops, waits until the bus owes nothing, clears; abort and renew
// reset (docs/reference/top-timing.md, 12).
// Handshake: pulses. stop_o from an error, abort or reset on until the soft reset; clear_o and
// soft_reset_o for a cycle. Latency: stop_o two cycles after an error is told.
module top_stop #(
    parameter AXI_ADDR_W = 40  // bits of an address
) (
    input  wire                  clk_i,
    input  wire                  rst_i,
    // registers
    input  wire                  control_we_i,
    input  wire [           3:0] control_i,
    input  wire                  tail_we_i,
    input  wire [          31:0] tail_i,
    output wire                  run_o,
    output wire [           3:0] status_o,          // quiet, error, halted, running
    output wire [           7:0] error_code_o,
    output wire [           7:0] error_channel_o,
    output wire [          31:0] error_command_o,
    output wire [          31:0] error_detail_o,
    output wire [          31:0] error_page_o,
    output wire                  irq_error_o,
    output wire                  stop_o,
    output wire                  clear_o,
    output wire                  soft_reset_o,
    output wire                  active_o,          // not stopped (for the watchdog)
    // state
    input  wire                  halt_i,            // a Halt takes effect
    input  wire                  work_i,            // ring or a channel is not idle
    input  wire                  read_idle_i,
    input  wire                  write_idle_i,
    input  wire [          31:0] head_i,
    input  wire [         159:0] numbers_i,         // of the channels' commands
    // errors
    input  wire                  check_error_i,
    input  wire [           3:0] check_code_i,
    input  wire [          31:0] check_detail_i,
    input  wire [          31:0] check_page_i,
    input  wire                  over_i,
    input  wire [          31:0] waiting_i,
    input  wire [           3:0] unit_error_i,
    input  wire [          15:0] unit_code_i,
    input  wire [         127:0] unit_detail_i,
    input  wire                  read_error_i,
    input  wire [           2:0] read_error_id_i,
    input  wire [AXI_ADDR_W-1:0] read_error_addr_i,
    input  wire                  write_error_i,
    input  wire [           2:0] write_error_id_i,
    input  wire [AXI_ADDR_W-1:0] write_error_addr_i,
    input  wire                  watchdog_i,
    input  wire [          31:0] watchdog_detail_i
);
  `include "interface.vh"
  localparam [1:0] RUN = 2'd0;
  localparam [1:0] DRAIN = 2'd1;
  localparam [1:0] HELD = 2'd2;

  reg run_q;
  reg halted_q;
  reg [1:0] state_q;
  reg stop_q;
  reg clear_q;
  reg soft_q;
  reg wanted_q;
  reg tail_we_q;
  reg error_q;
  reg [3:0] code_q;
  reg [2:0] channel_q;
  reg [31:0] command_q;
  reg [31:0] detail_q;
  reg [31:0] page_q;
  // Errors of the cycle before.
  reg ring_error_q;
  reg [3:0] ring_code_q;
  reg [31:0] ring_detail_q;
  reg [31:0] ring_page_q;
  reg [3:0] unit_error_q;
  reg [3:0] unit_code_q;
  reg [31:0] unit_detail_q;
  reg read_error_q;
  reg [2:0] read_id_q;
  reg [AXI_ADDR_W-1:0] read_addr_q;
  reg write_error_q;
  reg [2:0] write_id_q;
  reg [AXI_ADDR_W-1:0] write_addr_q;
  reg watchdog_q;
  reg [31:0] watchdog_detail_q;
  reg abort_q;

  // First stage.
  wire wants_reset = control_we_i && control_i[CONTROL_RESET];
  wire wants_force = wants_reset && control_i[CONTROL_FORCE];
  wire wants_abort = control_we_i && control_i[CONTROL_ABORT] && !wants_reset && (run_q || work_i);
  wire over = over_i && run_q;
  wire [3:0] first_unit = unit_error_i & ~(unit_error_i - 4'd1);
  wire [3:0] unit_code;
  wire [31:0] unit_detail;
  wire [15:0] unit_codes;
  wire [127:0] unit_details;

  genvar u;
  generate
    for (u = 0; u < 4; u = u + 1) begin : g_unit
      assign unit_codes[4*u+:4] = unit_code_i[4*u+:4] & {4{first_unit[u]}};
      assign unit_details[32*u+:32] = unit_detail_i[32*u+:32] & {32{first_unit[u]}};
    end
  endgenerate
  or_reduce #(
      .WIDTH(4),
      .COUNT(4)
  ) u_unit_code (
      .words_i(unit_codes),
      .word_o (unit_code)
  );
  or_reduce #(
      .WIDTH(32),
      .COUNT(4)
  ) u_unit_detail (
      .words_i(unit_details),
      .word_o (unit_detail)
  );

  // Accept: which error, whose command.
  wire unit_error = unit_error_q != 4'd0;
  wire any = ring_error_q || unit_error || read_error_q || write_error_q || watchdog_q || abort_q;
  wire accept = any && state_q == RUN && !stop_q && !soft_q;
  wire by_unit = !ring_error_q && unit_error;
  wire by_read = !ring_error_q && !unit_error && read_error_q;
  wire by_write = !ring_error_q && !unit_error && !read_error_q && write_error_q;
  wire by_watchdog = !ring_error_q && !unit_error && !read_error_q && !write_error_q && watchdog_q;
  wire [43:0] read_addr = {{(44 - AXI_ADDR_W) {1'b0}}, read_addr_q};
  wire [43:0] write_addr = {{(44 - AXI_ADDR_W) {1'b0}}, write_addr_q};
  reg [2:0] channel;
  reg [31:0] command;

  always @* begin
    channel = CHANNEL_RING[2:0];
    if (by_unit) begin
      channel = unit_error_q[0] ? CHANNEL_SPARSE[2:0] : unit_error_q[1] ? CHANNEL_MATRIX[2:0] :
                unit_error_q[2] ? CHANNEL_ROWS_IN[2:0] : CHANNEL_ROWS_OUT[2:0];
    end else if (by_read) begin
      case (read_id_q)
        3'd0:    channel = CHANNEL_RING[2:0];
        3'd1:    channel = CHANNEL_SPARSE[2:0];
        3'd4:    channel = CHANNEL_ROWS_IN[2:0];
        default: channel = CHANNEL_MATRIX[2:0];
      endcase
    end else if (by_write) begin
      case (write_id_q)
        3'd0:    channel = CHANNEL_SPARSE[2:0];
        3'd1:    channel = CHANNEL_ROWS_OUT[2:0];
        default: channel = CHANNEL_FENCE[2:0];
      endcase
    end
    case (channel)
      CHANNEL_SPARSE[2:0]:   command = numbers_i[0+:32];
      CHANNEL_MATRIX[2:0]:   command = numbers_i[32+:32];
      CHANNEL_ROWS_IN[2:0]:  command = numbers_i[64+:32];
      CHANNEL_ROWS_OUT[2:0]: command = numbers_i[96+:32];
      CHANNEL_FENCE[2:0]:    command = numbers_i[128+:32];
      default:               command = head_i;
    endcase
  end

  wire quiet = state_q == HELD ||
               (state_q == RUN && !stop_q && !soft_q && !work_i && read_idle_i && write_idle_i);
  wire drained = state_q == DRAIN && read_idle_i && write_idle_i;
  wire renew = wants_force || (wants_reset && quiet) || (drained && (wanted_q || wants_reset));
  wire leaves = accept || (state_q == RUN && wants_reset && !renew && !soft_q);

  assign run_o           = run_q;
  assign status_o        = {quiet, error_q, halted_q, run_q};
  assign error_code_o    = {4'd0, code_q};
  assign error_channel_o = {5'd0, channel_q};
  assign error_command_o = command_q;
  assign error_detail_o  = detail_q;
  assign error_page_o    = page_q;
  assign irq_error_o     = accept;
  assign stop_o          = stop_q;
  assign clear_o         = clear_q;
  assign soft_reset_o    = soft_q;
  assign active_o        = state_q == RUN && !stop_q;

  always @(posedge clk_i) begin
    if (rst_i || soft_q) begin
      run_q     <= 1'b0;
      halted_q  <= 1'b0;
      stop_q    <= 1'b0;
      wanted_q  <= 1'b0;
      tail_we_q <= 1'b0;
      error_q   <= 1'b0;
      code_q    <= 4'd0;
      channel_q <= 3'd0;
      command_q <= 32'd0;
      detail_q  <= 32'd0;
      page_q    <= 32'd0;
    end else begin
      if (accept || state_q != RUN || wants_reset || halt_i) run_q <= 1'b0;
      else if (control_we_i) run_q <= control_i[CONTROL_RUN];
      if (halt_i) halted_q <= 1'b1;
      else if (control_we_i && control_i[CONTROL_RUN]) halted_q <= 1'b0;
      if (leaves) stop_q <= 1'b1;
      if (wants_reset && !renew) wanted_q <= 1'b1;
      tail_we_q <= tail_we_i && halted_q;
      if (accept) begin
        error_q   <= 1'b1;
        code_q    <= ring_error_q ? ring_code_q : by_unit ? unit_code_q : by_read ? ERR_READ :
                     by_write ? ERR_WRITE : by_watchdog ? ERR_WATCHDOG : ERR_ABORTED;
        channel_q <= channel;
        command_q <= command;
        detail_q  <= ring_error_q ? ring_detail_q : by_unit ? unit_detail_q :
                     by_read ? read_addr[31:0] : by_write ? write_addr[31:0] :
                     by_watchdog ? watchdog_detail_q : 32'd0;
        page_q    <= ring_error_q ? ring_page_q : by_read ? read_addr[43:12] :
                     by_write ? write_addr[43:12] : 32'd0;
      end
    end
    if (rst_i) begin
      state_q <= RUN;
      clear_q <= 1'b0;
      soft_q  <= 1'b0;
    end else begin
      soft_q  <= renew;
      clear_q <= renew || drained;
      if (renew || soft_q) state_q <= RUN;
      else if (drained) state_q <= HELD;
      else if (leaves) state_q <= DRAIN;
    end
  end

  always @(posedge clk_i) begin
    if (rst_i || clear_q) begin
      ring_error_q  <= 1'b0;
      unit_error_q  <= 4'd0;
      read_error_q  <= 1'b0;
      write_error_q <= 1'b0;
      watchdog_q    <= 1'b0;
      abort_q       <= 1'b0;
    end else begin
      ring_error_q  <= check_error_i || over || tail_we_q;
      unit_error_q  <= first_unit;
      read_error_q  <= read_error_i;
      write_error_q <= write_error_i;
      watchdog_q    <= watchdog_i;
      abort_q       <= wants_abort;
    end
    ring_code_q       <= check_error_i ? check_code_i : over ? ERR_RING : ERR_HALTED;
    ring_detail_q     <= check_error_i ? check_detail_i : over ? waiting_i : tail_i;
    ring_page_q       <= check_error_i ? check_page_i : 32'd0;
    unit_code_q       <= unit_code;
    unit_detail_q     <= unit_detail;
    read_id_q         <= read_error_id_i;
    read_addr_q       <= read_error_addr_i;
    write_id_q        <= write_error_id_i;
    write_addr_q      <= write_error_addr_i;
    watchdog_detail_q <= watchdog_detail_i;
  end
endmodule
