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
  assign run_o = 0;
  assign status_o = 0;
  assign error_code_o = 0;
  assign error_channel_o = 0;
  assign error_command_o = 0;
  assign error_detail_o = 0;
  assign error_page_o = 0;
  assign head_o = 0;
  assign fence_o = 0;
  assign irq_set_o = 0;
  assign soft_reset_o = 0;
  assign counters_o = 0;
  assign start_o = 0;
  assign opcode_o = 0;
  assign flags_o = 0;
  assign address_o = 0;
  assign word2_o = 0;
  assign word3_o = 0;
  assign stop_o = 0;
  assign clear_o = 0;
  assign ring_valid_o = 0;
  assign ring_addr_o = 0;
  assign ring_beats_o = 0;
  assign ring_data_ready_o = 0;
  assign fence_valid_o = 0;
  assign fence_addr_o = 0;
  assign fence_bytes_o = 0;
  assign fence_data_valid_o = 0;
  assign fence_data_o = 0;
  wire unused = &{1'b0, clk_i, rst_i, control_we_i, control_i, tail_we_i, tail_i, ring_page_i, ring_log2_i, watchdog_i, window_first_i, window_last_i, counters_clear_i, complete_i, error_i, code_i, detail_i, sparse_busy_i, matrix_busy_i, progress_i, ring_ready_i, ring_data_valid_i, ring_data_i, fence_ready_i, fence_data_ready_i, fence_done_i, read_idle_i, read_address_i, read_beat_i, read_error_i, read_error_id_i, read_error_addr_i, write_idle_i, write_address_i, write_beat_i, write_response_i, write_error_i, write_error_id_i, write_error_addr_i};
endmodule
