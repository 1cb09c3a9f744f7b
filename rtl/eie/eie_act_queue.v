// SPDX-License-Identifier: Apache-2.0
// Activation queue: activations waiting for this PE, each with the entries of its column (first and
// one past the last). Evens out the load between PEs; full_o in any PE holds the broadcast.
// Handshake and latency as fifo.
module eie_act_queue #(
    parameter QUEUE_DEPTH = 8  // columns that can wait, at least 1
) (
    input  wire        clk_i,
    input  wire        rst_i,
    input  wire        push_i,
    input  wire [15:0] push_act_i,
    input  wire [15:0] push_start_i,
    input  wire [15:0] push_end_i,
    input  wire        pop_i,
    output wire [15:0] head_act_o,
    output wire [15:0] head_start_o,
    output wire [15:0] head_end_o,
    output wire        empty_o,
    output wire        full_o
);
  fifo #(
      .WIDTH(48),
      .DEPTH(QUEUE_DEPTH)
  ) u_queue (
      .clk_i  (clk_i),
      .rst_i  (rst_i),
      .push_i (push_i),
      .data_i ({push_act_i, push_end_i, push_start_i}),
      .pop_i  (pop_i),
      .head_o ({head_act_o, head_end_o, head_start_o}),
      .empty_o(empty_o),
      .full_o (full_o)
  );
endmodule
