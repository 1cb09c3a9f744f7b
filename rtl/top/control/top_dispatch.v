// SPDX-License-Identifier: Apache-2.0
// Hands checked commands over to their channels, in the ring's order; holds the ring behind a Fence with
// `all` and at a Halt (docs/reference/top-timing.md, 9).
// Handshake: ready_i with a command and its verdict until take_o; push_o of a channel takes it into
// the queue. halt_o for a cycle: a Halt takes effect. Latency: none.
module top_dispatch (
    input  wire        clk_i,
    input  wire        rst_i,
    input  wire        clear_i,        // drops what is held; head_o stays
    input  wire        stop_i,
    input  wire        ready_i,
    input  wire [ 3:0] code_i,
    input  wire [ 4:0] channel_i,
    input  wire        is_halt_i,
    input  wire        is_all_i,
    input  wire [ 4:0] full_i,
    input  wire [ 4:0] idle_i,
    input  wire        ring_still_i,
    output wire        take_o,
    output wire [ 4:0] push_o,
    output wire        halting_o,      // a Halt is at the front
    output wire        halt_o,
    output wire        error_o,        // a command that broke a rule is at the front
    output wire [31:0] head_o
);
  reg [31:0] head_q;
  reg hold_q;

  wire [31:0] head_next;
  wire front = ready_i && !stop_i && !hold_q;
  wire good = front && code_i == 4'd0;

  adder #(
      .WIDTH(32),
      .BLOCK(8)
  ) u_head (
      .a_i    (head_q),
      .b_i    (32'd0),
      .carry_i(1'b1),
      .sum_o  (head_next)
  );

  assign push_o    = channel_i & ~full_i & {5{good}};
  assign halting_o = ready_i && is_halt_i;
  assign halt_o    = good && is_halt_i && idle_i == 5'b11111 && ring_still_i;
  assign take_o    = push_o != 5'd0 || halt_o;
  assign error_o   = front && code_i != 4'd0;
  assign head_o    = head_q;

  always @(posedge clk_i) begin
    if (rst_i) head_q <= 32'd0;
    else if (take_o) head_q <= head_next;
    if (rst_i || clear_i) hold_q <= 1'b0;
    else if (push_o[4] && is_all_i) hold_q <= 1'b1;
    else if (idle_i[4]) hold_q <= 1'b0;
  end
endmodule
