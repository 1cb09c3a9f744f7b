// SPDX-License-Identifier: Apache-2.0
// The accelerator's control: fetches commands from the ring, checks them, hands them to five channels,
// begins them when their events are there; fences, errors, stop and clear, watchdog, counters
// (docs/reference/top-format.md, top-timing.md sections 7 to 13). Vectors of units: sparse 0, matrix 1,
// rows in 2, rows out 3, which are channels 1 to 4.
// Handshakes: start_o for a cycle begins a unit's command, whose fields stay until its complete_i or
// error_i, one cycle each and at least a cycle after start_o. stop_o: nothing is begun any more;
// clear_o for a cycle when the bus owes nothing: units, streams and engines begin anew.
module top_control #(
    parameter AXI_BYTES = 8,      // bytes of the master's data: 8, 16, 32 or 64
    parameter AXI_ADDR_W = 40,    // bits of its addresses, 32 to 44
    parameter CHANNEL_DEPTH = 4,  // commands queued in a channel, 2 to 16
    parameter SPARSE = 1,         // the sparse engine is there
    parameter MATRIX = 1,         // the matrix unit is there
    parameter N_PE = 64,          // processing elements, a power of two from 1 to 256
    parameter ROW_BYTES = 256,    // LANES of the matrix unit: bytes of a row, 1 to 256
    parameter W_LANES = 8         // words in a beat of weights: 1, 2, 4 or 8
) (
    input  wire                    clk_i,
    input  wire                    rst_i,
    // registers
    input  wire                    control_we_i,
    input  wire [             3:0] control_i,
    input  wire                    tail_we_i,
    input  wire [            31:0] tail_i,
    input  wire [            31:0] ring_page_i,
    input  wire [             4:0] ring_log2_i,
    input  wire [            31:0] watchdog_i,
    input  wire [            31:0] window_first_i,
    input  wire [            31:0] window_last_i,
    input  wire                    counters_clear_i,
    output wire                    run_o,
    output wire [             5:0] status_o,
    output wire [             7:0] error_code_o,
    output wire [             7:0] error_channel_o,
    output wire [            31:0] error_command_o,
    output wire [            31:0] error_detail_o,
    output wire [            31:0] error_page_o,
    output wire [            31:0] head_o,
    output wire [            31:0] fence_o,
    output wire [             2:0] irq_set_o,
    output wire                    soft_reset_o,
    output wire [           223:0] counters_o,
    // units
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
    input  wire                    sparse_busy_i,    // STATUS 4
    input  wire                    matrix_busy_i,    // STATUS 5
    input  wire                    progress_i,       // a step of a unit or engine (for the watchdog)
    // read stream 0 and write stream 2
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
    // masters: their outputs of these names
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
  wire stop, clear, renew, active;
  wire rst = rst_i || clear;
  wire run;
  wire [3:0] status;
  wire ring_work, ring_still, over;
  wire [31:0] waiting;
  wire cmd_valid, take, ready, is_halt, is_all, halting, halt, check_error;
  wire [255:0] cmd;
  wire [3:0] code;
  wire [31:0] detail;
  wire [31:0] page;
  wire [4:0] channel;
  wire [31:0] head;
  wire [4:0] push, full, idle, begins, begun, completes;
  wire [159:0] numbers;
  wire irq_fence, irq_error, trip;
  wire work = ring_work || idle != 5'b11111;
  wire moves = read_address_i || read_beat_i || write_address_i || write_beat_i || write_response_i ||
               begins != 5'd0 || completes != 5'd0 || progress_i;
  wire [2:0] completed = {2'b00, completes[0]} + {2'b00, completes[1]} + {2'b00, completes[2]} +
                         {2'b00, completes[3]} + {2'b00, completes[4]} + {2'b00, halt};

  top_ring #(
      .AXI_BYTES (AXI_BYTES),
      .AXI_ADDR_W(AXI_ADDR_W)
  ) u_ring (
      .clk_i       (clk_i),
      .rst_i       (rst),
      .run_i       (run && !stop && !halting),
      .flush_i     (halt),
      .page_i      (ring_page_i),
      .log2_i      (ring_log2_i),
      .tail_i      (tail_i),
      .head_i      (head),
      .over_o      (over),
      .waiting_o   (waiting),
      .still_o     (ring_still),
      .work_o      (ring_work),
      .req_valid_o (ring_valid_o),
      .req_ready_i (ring_ready_i),
      .req_addr_o  (ring_addr_o),
      .req_beats_o (ring_beats_o),
      .data_valid_i(ring_data_valid_i),
      .data_ready_o(ring_data_ready_o),
      .data_i      (ring_data_i),
      .cmd_valid_o (cmd_valid),
      .cmd_o       (cmd),
      .cmd_take_i  (take)
  );
  top_check #(
      .AXI_ADDR_W(AXI_ADDR_W),
      .SPARSE    (SPARSE),
      .MATRIX    (MATRIX),
      .N_PE      (N_PE),
      .ROW_BYTES (ROW_BYTES),
      .W_LANES   (W_LANES)
  ) u_check (
      .clk_i         (clk_i),
      .rst_i         (rst),
      .cmd_valid_i   (cmd_valid),
      .cmd_i         (cmd),
      .take_i        (take),
      .window_first_i(window_first_i),
      .window_last_i (window_last_i),
      .ready_o       (ready),
      .code_o        (code),
      .detail_o      (detail),
      .page_o        (page),
      .channel_o     (channel),
      .halt_o        (is_halt),
      .all_o         (is_all)
  );
  top_dispatch u_dispatch (
      .clk_i       (clk_i),
      .rst_i       (rst_i || renew),
      .clear_i     (clear),
      .stop_i      (stop),
      .ready_i     (ready),
      .code_i      (code),
      .channel_i   (channel),
      .is_halt_i   (is_halt),
      .is_all_i    (is_all),
      .full_i      (full),
      .idle_i      (idle),
      .ring_still_i(ring_still),
      .take_o      (take),
      .push_o      (push),
      .halting_o   (halting),
      .halt_o      (halt),
      .error_o     (check_error),
      .head_o      (head)
  );

  top_channels #(
      .AXI_BYTES    (AXI_BYTES),
      .AXI_ADDR_W   (AXI_ADDR_W),
      .CHANNEL_DEPTH(CHANNEL_DEPTH)
  ) u_channels (
      .clk_i             (clk_i),
      .rst_i             (rst_i || renew),
      .clear_i           (clear),
      .stop_i            (stop),
      .push_i            (push),
      .cmd_i             (cmd),
      .number_i          (head),
      .full_o            (full),
      .idle_o            (idle),
      .start_o           (start_o),
      .opcode_o          (opcode_o),
      .flags_o           (flags_o),
      .address_o         (address_o),
      .word2_o           (word2_o),
      .word3_o           (word3_o),
      .complete_i        (complete_i),
      .begin_o           (begins),
      .begun_o           (begun),
      .complete_o        (completes),
      .number_o          (numbers),
      .fence_o           (fence_o),
      .irq_o             (irq_fence),
      .fence_valid_o     (fence_valid_o),
      .fence_ready_i     (fence_ready_i),
      .fence_addr_o      (fence_addr_o),
      .fence_bytes_o     (fence_bytes_o),
      .fence_data_valid_o(fence_data_valid_o),
      .fence_data_ready_i(fence_data_ready_i),
      .fence_data_o      (fence_data_o),
      .fence_done_i      (fence_done_i)
  );
  top_stop #(
      .AXI_ADDR_W(AXI_ADDR_W)
  ) u_stop (
      .clk_i             (clk_i),
      .rst_i             (rst_i),
      .control_we_i      (control_we_i),
      .control_i         (control_i),
      .tail_we_i         (tail_we_i),
      .tail_i            (tail_i),
      .run_o             (run),
      .status_o          (status),
      .error_code_o      (error_code_o),
      .error_channel_o   (error_channel_o),
      .error_command_o   (error_command_o),
      .error_detail_o    (error_detail_o),
      .error_page_o      (error_page_o),
      .irq_error_o       (irq_error),
      .stop_o            (stop),
      .clear_o           (clear),
      .soft_reset_o      (renew),
      .active_o          (active),
      .halt_i            (halt),
      .work_i            (work),
      .read_idle_i       (read_idle_i),
      .write_idle_i      (write_idle_i),
      .head_i            (head),
      .numbers_i         (numbers),
      .check_error_i     (check_error),
      .check_code_i      (code),
      .check_detail_i    (detail),
      .check_page_i      (page),
      .over_i            (over),
      .waiting_i         (waiting),
      .unit_error_i      (error_i),
      .unit_code_i       (code_i),
      .unit_detail_i     (detail_i),
      .read_error_i      (read_error_i),
      .read_error_id_i   (read_error_id_i),
      .read_error_addr_i (read_error_addr_i),
      .write_error_i     (write_error_i),
      .write_error_id_i  (write_error_id_i),
      .write_error_addr_i(write_error_addr_i),
      .watchdog_i        (trip),
      .watchdog_detail_i ({26'd0, status_o})
  );
  top_watchdog u_watchdog (
      .clk_i  (clk_i),
      .rst_i  (rst),
      .work_i (work && active),
      .move_i (moves),
      .limit_i(watchdog_i),
      .trip_o (trip)
  );
  top_counters #(
      .COUNT(7)
  ) u_counters (
      .clk_i  (clk_i),
      .rst_i  (rst_i),
      .clear_i(counters_clear_i),
      .add_i  ({completed, 2'b00, write_beat_i, 2'b00, read_beat_i, 2'b00, run && begun[0] && begun[1],
                2'b00, run && begun[1], 2'b00, run && begun[0], 2'b00, run}),
      .count_o(counters_o)
  );

  assign run_o        = run;
  assign status_o     = {matrix_busy_i, sparse_busy_i, status};
  assign head_o       = head;
  assign irq_set_o    = {irq_error, halt, irq_fence};
  assign soft_reset_o = renew;
  assign stop_o       = stop;
  assign clear_o      = clear;

  wire unused = &{1'b0, begun[4:2]};
endmodule
