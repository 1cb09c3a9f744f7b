// SPDX-License-Identifier: Apache-2.0
// Walks over the rows of a command, a piece of at most AXI_BYTES bytes a step
// (docs/reference/top-units-timing.md, section 5).
// Handshake: start_i with length_i, and row_i, which stays; a piece is offered from the next cycle on
// while valid_o, the next one behind step_i. short_o: what is left is less than a row.
module top_row_walk #(
    parameter AXI_BYTES = 8,  // bytes of a piece at most: 8, 16, 32 or 64
    parameter BYTES_W = $clog2(AXI_BYTES) + 1  // derived, do not override
) (
    input  wire               clk_i,
    input  wire               rst_i,
    // command
    input  wire               start_i,
    input  wire [       31:0] length_i,   // bytes, 1 or more
    input  wire [       15:0] row_i,      // bytes of a row, 1 or more
    // piece
    input  wire               step_i,
    output wire               valid_o,
    output wire               short_o,    // the row that would be next is short
    output wire [BYTES_W-1:0] bytes_o,    // its bytes
    output wire               first_o,    // it is a row's first
    output wire               row_end_o,  // it is a row's last
    output wire               end_o       // it is the command's last
);
  localparam [31:0] BYTES = AXI_BYTES;

  reg run_q;
  reg [32:0] after_q;
  reg [15:0] left_q;
  reg first_q;

  // What is left behind the next row.
  wire [32:0] after;
  adder #(
      .WIDTH(33)
  ) u_after (
      .a_i    (start_i ? {1'b0, length_i} : after_q),
      .b_i    ({17'h1ffff, ~row_i}),
      .carry_i(1'b1),
      .sum_o  (after)
  );

  assign row_end_o = left_q <= BYTES[15:0];
  assign bytes_o   = row_end_o ? left_q[BYTES_W-1:0] : BYTES[BYTES_W-1:0];
  assign first_o   = first_q;
  assign end_o     = row_end_o && after_q == 33'd0;
  assign valid_o   = run_q && !after_q[32];
  assign short_o   = run_q && after_q[32];

  always @(posedge clk_i) begin
    if (rst_i) begin
      run_q <= 1'b0;
    end else if (start_i) begin
      run_q   <= 1'b1;
      after_q <= after;
      left_q  <= row_i;
      first_q <= 1'b1;
    end else if (step_i) begin
      first_q <= row_end_o;
      if (row_end_o) begin
        left_q  <= row_i;
        after_q <= after;
        if (end_o) run_q <= 1'b0;
      end else begin
        left_q <= left_q - BYTES[15:0];
      end
    end
  end

`ifdef SPARSYS_ASSERT
  always @(posedge clk_i) begin
    if (!rst_i && step_i && !valid_o) $stop;
  end
`endif
endmodule
