// SPDX-License-Identifier: Apache-2.0
// Sixteen events: set as commands complete, cleared as commands begin that waited for them; set wins
// (docs/reference/top-timing.md, 10). Latency: one cycle.
module top_events #(
    parameter CHANNELS = 5  // channels
) (
    input  wire                   clk_i,
    input  wire                   rst_i,
    input  wire [16*CHANNELS-1:0] clear_i,
    input  wire [16*CHANNELS-1:0] set_i,
    output wire [           15:0] events_o
);
  reg [15:0] events_q;

  wire [15:0] clear;
  wire [15:0] set;

  or_reduce #(
      .WIDTH(16),
      .COUNT(CHANNELS)
  ) u_clear (
      .words_i(clear_i),
      .word_o (clear)
  );
  or_reduce #(
      .WIDTH(16),
      .COUNT(CHANNELS)
  ) u_set (
      .words_i(set_i),
      .word_o (set)
  );

  assign events_o = events_q;

  always @(posedge clk_i) begin
    if (rst_i) events_q <= 16'd0;
    else events_q <= (events_q & ~clear) | set;
  end
endmodule
