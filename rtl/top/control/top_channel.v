// SPDX-License-Identifier: Apache-2.0
// A channel: queue of commands, of which one at a time begins when its events are there
// (docs/reference/top-timing.md, 10).
// Handshakes: push_i unless full_o; start_o for a cycle begins a command, whose fields stay until
// complete_i. stop_i: none begins.
// Latency: three cycles from push_i to start_o.
module top_channel #(
    parameter AXI_ADDR_W = 40,   // bits of an address
    parameter CHANNEL_DEPTH = 4  // commands queued, 2 to 16
) (
    input  wire                  clk_i,
    input  wire                  rst_i,
    input  wire                  stop_i,
    input  wire                  push_i,
    input  wire [         255:0] cmd_i,
    input  wire [          31:0] number_i,
    output wire                  full_o,
    output wire                  idle_o,
    // events
    input  wire [          15:0] events_i,
    output wire [          15:0] clear_o,
    output wire [          15:0] set_o,
    // unit
    output wire                  start_o,
    output wire [           7:0] opcode_o,
    output wire [           7:0] flags_o,
    output wire [AXI_ADDR_W-1:0] address_o,
    output wire [          63:0] word2_o,
    output wire [          63:0] word3_o,
    input  wire                  complete_i,
    // state
    output wire                  begin_o,     // a command begins
    output wire                  begun_o,
    output wire                  complete_o,
    output wire [          31:0] number_o
);
  `include "interface.vh"
  localparam WIDTH = 32 + 16 + 16 + 8 + 8 + AXI_ADDR_W + 128;

  reg loaded_q;
  reg begun_q;
  reg start_q;
  reg [31:0] number_q;
  reg [15:0] wait_q;
  reg [15:0] signal_q;
  reg [7:0] opcode_q;
  reg [7:0] flags_q;
  reg [AXI_ADDR_W-1:0] address_q;
  reg [63:0] word2_q;
  reg [63:0] word3_q;

  wire empty;
  wire [WIDTH-1:0] head;
  wire load = !empty && !loaded_q && !begun_q;
  wire begins = loaded_q && !stop_i && (wait_q & ~events_i) == 16'd0;
  wire completes = begun_q && complete_i;

  fifo #(
      .WIDTH(WIDTH),
      .DEPTH(CHANNEL_DEPTH)
  ) u_queue (
      .clk_i  (clk_i),
      .rst_i  (rst_i),
      .push_i (push_i),
      .data_i ({number_i, cmd_i[CMD_SIGNAL_LSB+:CMD_SIGNAL_W], cmd_i[CMD_WAIT_LSB+:CMD_WAIT_W],
                cmd_i[CMD_OPCODE_LSB+:CMD_OPCODE_W], cmd_i[CMD_FLAGS_LSB+:CMD_FLAGS_W],
                cmd_i[64+CMD_ADDRESS_LSB+:AXI_ADDR_W], cmd_i[255:128]}),
      .pop_i  (load),
      .head_o (head),
      .empty_o(empty),
      .full_o (full_o)
  );

  assign idle_o     = empty && !loaded_q && !begun_q;
  assign clear_o    = wait_q & {16{begins}};
  assign set_o      = signal_q & {16{completes}};
  assign start_o    = start_q;
  assign opcode_o   = opcode_q;
  assign flags_o    = flags_q;
  assign address_o  = address_q;
  assign word2_o    = word2_q;
  assign word3_o    = word3_q;
  assign begin_o    = begins;
  assign begun_o    = begun_q;
  assign complete_o = completes;
  assign number_o   = number_q;

  always @(posedge clk_i) begin
    if (rst_i) begin
      loaded_q <= 1'b0;
      begun_q  <= 1'b0;
      start_q  <= 1'b0;
    end else begin
      if (load) loaded_q <= 1'b1;
      else if (begins) loaded_q <= 1'b0;
      if (begins) begun_q <= 1'b1;
      else if (complete_i) begun_q <= 1'b0;
      start_q <= begins;
    end
    if (load) {number_q, signal_q, wait_q, opcode_q, flags_q, address_q, word3_q, word2_q} <= head;
  end

  wire unused = &{1'b0, cmd_i};

`ifdef SPARSYS_ASSERT
  always @(posedge clk_i) begin
    if (!rst_i) begin
      assert (!(push_i && full_o));
      assert (!complete_i || (begun_q && !start_q));
    end
  end
`endif

  generate
    if (CHANNEL_DEPTH < 2 || CHANNEL_DEPTH > 16) begin : g_check_channel_depth
      parameter_error_CHANNEL_DEPTH_must_be_2_to_16 u_error ();
    end
  endgenerate
endmodule
