// SPDX-License-Identifier: Apache-2.0
// Performance counters of 32 bits (docs/reference/top-timing.md, 13). Latency: what is added in a cycle is
// in count_o two cycles later.
module top_counters #(
    parameter COUNT = 7  // counters
) (
    input  wire                clk_i,
    input  wire                rst_i,
    input  wire                clear_i,
    input  wire [ 3*COUNT-1:0] add_i,    // 0 to 7 each
    output wire [32*COUNT-1:0] count_o
);
  genvar c;
  generate
    for (c = 0; c < COUNT; c = c + 1) begin : g_counter
      reg [2:0] add_q;
      reg [31:0] count_q;
      wire [31:0] next;
      adder #(
          .WIDTH(32),
          .BLOCK(8)
      ) u_next (
          .a_i    (count_q),
          .b_i    ({29'd0, add_q}),
          .carry_i(1'b0),
          .sum_o  (next)
      );
      assign count_o[32*c+:32] = count_q;
      always @(posedge clk_i) begin
        if (rst_i || clear_i) begin
          add_q   <= 3'd0;
          count_q <= 32'd0;
        end else begin
          add_q   <= add_i[3*c+:3];
          count_q <= next;
        end
      end
    end
  endgenerate
endmodule
