// SPDX-License-Identifier: Apache-2.0
// The five channels with the events between them, and the fence channel's unit
// (docs/reference/top-timing.md, 10 and 11). Vectors over channels; those of units are channels 0 to 3.
// Handshakes: push_i unless full_o; a unit's start_o, complete_i; the fence's write stream.
// Latency: three cycles from push_i to start_o.
module top_channels #(
    parameter AXI_BYTES = 8,     // bytes of a beat
    parameter AXI_ADDR_W = 40,   // bits of an address
    parameter CHANNEL_DEPTH = 4  // commands queued in a channel
) (
    input  wire                    clk_i,
    input  wire                    rst_i,               // all, fence_o too
    input  wire                    clear_i,             // all but fence_o
    input  wire                    stop_i,
    input  wire [             4:0] push_i,
    input  wire [           255:0] cmd_i,
    input  wire [            31:0] number_i,
    output wire [             4:0] full_o,
    output wire [             4:0] idle_o,
    // units
    output wire [             3:0] start_o,
    output wire [            31:0] opcode_o,
    output wire [            31:0] flags_o,
    output wire [4*AXI_ADDR_W-1:0] address_o,
    output wire [           255:0] word2_o,
    output wire [           255:0] word3_o,
    input  wire [             3:0] complete_i,
    // state
    output wire [             4:0] begin_o,
    output wire [             4:0] begun_o,
    output wire [             4:0] complete_o,
    output wire [           159:0] number_o,
    // fence
    output wire [            31:0] fence_o,
    output wire                    irq_o,
    output wire                    fence_valid_o,
    input  wire                    fence_ready_i,
    output wire [  AXI_ADDR_W-1:0] fence_addr_o,
    output wire [            31:0] fence_bytes_o,
    output wire                    fence_data_valid_o,
    input  wire                    fence_data_ready_i,
    output wire [ 8*AXI_BYTES-1:0] fence_data_o,
    input  wire                    fence_done_i
);
  wire rst = rst_i || clear_i;
  wire [4:0] start;
  wire [4:0] complete;
  wire [39:0] opcodes;
  wire [39:0] flags;
  wire [5*AXI_ADDR_W-1:0] addresses;
  wire [319:0] words2;
  wire [319:0] words3;
  wire [15:0] events;
  wire [79:0] events_clear;
  wire [79:0] events_set;
  wire fence_complete;

  assign complete = {fence_complete, complete_i};

  genvar c;
  generate
    for (c = 0; c < 5; c = c + 1) begin : g_channel
      top_channel #(
          .AXI_ADDR_W   (AXI_ADDR_W),
          .CHANNEL_DEPTH(CHANNEL_DEPTH)
      ) u_channel (
          .clk_i     (clk_i),
          .rst_i     (rst),
          .stop_i    (stop_i),
          .push_i    (push_i[c]),
          .cmd_i     (cmd_i),
          .number_i  (number_i),
          .full_o    (full_o[c]),
          .idle_o    (idle_o[c]),
          .events_i  (events),
          .clear_o   (events_clear[16*c+:16]),
          .set_o     (events_set[16*c+:16]),
          .start_o   (start[c]),
          .opcode_o  (opcodes[8*c+:8]),
          .flags_o   (flags[8*c+:8]),
          .address_o (addresses[AXI_ADDR_W*c+:AXI_ADDR_W]),
          .word2_o   (words2[64*c+:64]),
          .word3_o   (words3[64*c+:64]),
          .complete_i(complete[c]),
          .begin_o   (begin_o[c]),
          .begun_o   (begun_o[c]),
          .complete_o(complete_o[c]),
          .number_o  (number_o[32*c+:32])
      );
    end
  endgenerate
  top_events #(
      .CHANNELS(5)
  ) u_events (
      .clk_i   (clk_i),
      .rst_i   (rst),
      .clear_i (events_clear),
      .set_i   (events_set),
      .events_o(events)
  );
  top_fence #(
      .AXI_BYTES (AXI_BYTES),
      .AXI_ADDR_W(AXI_ADDR_W)
  ) u_fence (
      .clk_i        (clk_i),
      .rst_i        (rst_i),
      .clear_i      (clear_i),
      .start_i      (start[4]),
      .opcode_i     (opcodes[39:32]),
      .flags_i      (flags[39:32]),
      .address_i    (addresses[4*AXI_ADDR_W+:AXI_ADDR_W]),
      .number_i     (words2[256+:32]),
      .complete_o   (fence_complete),
      .others_idle_i(idle_o[3:0] == 4'b1111),
      .fence_o      (fence_o),
      .irq_o        (irq_o),
      .req_valid_o  (fence_valid_o),
      .req_ready_i  (fence_ready_i),
      .req_addr_o   (fence_addr_o),
      .req_bytes_o  (fence_bytes_o),
      .data_valid_o (fence_data_valid_o),
      .data_ready_i (fence_data_ready_i),
      .data_o       (fence_data_o),
      .done_i       (fence_done_i)
  );

  assign start_o   = start[3:0];
  assign opcode_o  = opcodes[31:0];
  assign flags_o   = flags[31:0];
  assign address_o = addresses[4*AXI_ADDR_W-1:0];
  assign word2_o   = words2[255:0];
  assign word3_o   = words3[255:0];

  wire unused = &{1'b0, words2[319:288], words3[319:256]};
endmodule
