// SPDX-License-Identifier: Apache-2.0
// Tells when nothing has moved for limit_i cycles while there is work; 0: never
// (docs/reference/top-timing.md, 13). Latency: trip_o in the last of these cycles.
module top_watchdog (
    input  wire        clk_i,
    input  wire        rst_i,
    input  wire        work_i,
    input  wire        move_i,   // something moves
    input  wire [31:0] limit_i,
    output wire        trip_o
);
  reg moved_q;
  reg [31:0] left_q;

  wire [31:0] left_next;

  adder #(
      .WIDTH(32),
      .BLOCK(8)
  ) u_left (
      .a_i    (left_q),
      .b_i    ({32{1'b1}}),
      .carry_i(1'b0),
      .sum_o  (left_next)
  );

  assign trip_o = work_i && !moved_q && left_q == 32'd1;

  always @(posedge clk_i) begin
    if (rst_i) begin
      moved_q <= 1'b0;
      left_q  <= 32'd0;
    end else begin
      moved_q <= move_i;
      if (!work_i || moved_q) left_q <= limit_i;
      else if (left_q != 32'd0) left_q <= left_next;
    end
  end
endmodule
