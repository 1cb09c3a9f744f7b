// SPDX-License-Identifier: Apache-2.0
// The unit of the fence channel: Nop and Fence, which may wait for all channels, write its number to
// memory and interrupt (docs/reference/top-timing.md, 11).
// Handshakes: a unit's (start_i, complete_o), a write stream's. Latency: one cycle from start_i to
// complete_o where nothing is waited for or written.
module top_fence #(
    parameter AXI_BYTES = 8,   // bytes of a beat
    parameter AXI_ADDR_W = 40  // bits of an address
) (
    input  wire                   clk_i,
    input  wire                   rst_i,
    input  wire                   clear_i,       // drops what is under way; fence_o stays
    input  wire                   start_i,
    input  wire [            7:0] opcode_i,
    input  wire [            7:0] flags_i,
    input  wire [ AXI_ADDR_W-1:0] address_i,
    input  wire [           31:0] number_i,
    output wire                   complete_o,
    input  wire                   others_idle_i,
    output wire [           31:0] fence_o,       // the last number
    output wire                   irq_o,
    output wire                   req_valid_o,
    input  wire                   req_ready_i,
    output wire [ AXI_ADDR_W-1:0] req_addr_o,
    output wire [           31:0] req_bytes_o,
    output wire                   data_valid_o,
    input  wire                   data_ready_i,
    output wire [8*AXI_BYTES-1:0] data_o,
    input  wire                   done_i
);
  `include "interface.vh"
  localparam [2:0] IDLE = 3'd0;
  localparam [2:0] ALL = 3'd1;
  localparam [2:0] ASK = 3'd2;
  localparam [2:0] DATA = 3'd3;
  localparam [2:0] ANSWER = 3'd4;
  localparam [2:0] TELL = 3'd5;

  reg [2:0] state_q;
  reg [31:0] fence_q;

  wire fence = opcode_i == OP_FENCE;
  wire tell = state_q == TELL && fence;
  wire [2:0] behind = flags_i[FENCE_WRITE] ? ASK : TELL;

  assign complete_o   = state_q == TELL;
  assign fence_o      = fence_q;
  assign irq_o        = tell && flags_i[FENCE_INTERRUPT];
  assign req_valid_o  = state_q == ASK;
  assign req_addr_o   = address_i;
  assign req_bytes_o  = 32'd8;
  assign data_valid_o = state_q == DATA;
  assign data_o       = {(AXI_BYTES / 8) {32'd0, number_i}};

  always @(posedge clk_i) begin
    if (rst_i || clear_i) state_q <= IDLE;
    else begin
      case (state_q)
        IDLE:    if (start_i) state_q <= !fence ? TELL : flags_i[FENCE_ALL] ? ALL : behind;
        ALL:     if (others_idle_i) state_q <= behind;
        ASK:     if (req_ready_i) state_q <= DATA;
        DATA:    if (data_ready_i) state_q <= ANSWER;
        ANSWER:  if (done_i) state_q <= TELL;
        default: state_q <= IDLE;
      endcase
    end
    if (rst_i) fence_q <= 32'd0;
    else if (tell) fence_q <= number_i;
  end
endmodule
