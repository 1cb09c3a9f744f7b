// SPDX-License-Identifier: Apache-2.0
// First-in first-out queue that takes two words a cycle and gives one. Push 0 needs room_o[0], push
// 1 room_o[1], which looks only at what is stored: a pop of the same cycle makes no room. Of two
// pushes word 0 is the first; push 1 may come alone. Pops come only while it is not empty.
// head_o is combinational from the storage, as in fifo.
module fifo_2w1r #(
    parameter WIDTH = 24,  // bits of a word
    parameter DEPTH = 4    // words, a power of two
) (
    input  wire             clk_i,
    input  wire             rst_i,
    input  wire             push0_i,
    input  wire [WIDTH-1:0] data0_i,
    input  wire             push1_i,
    input  wire [WIDTH-1:0] data1_i,
    input  wire             pop_i,
    output wire [WIDTH-1:0] head_o,
    output wire             empty_o,
    output wire [      1:0] room_o
);
  localparam PTR_W = $clog2(DEPTH);
  localparam [31:0] DEPTH_32 = DEPTH;
  localparam [PTR_W:0] FULL = DEPTH_32[PTR_W:0];

  reg [WIDTH-1:0] mem_q[0:DEPTH-1];
  reg [PTR_W-1:0] wr_q;
  reg [PTR_W-1:0] rd_q;
  reg [PTR_W:0] count_q;

  wire [PTR_W-1:0] wr_next = wr_q + 1'b1;
  wire [PTR_W-1:0] wr_second = push0_i ? wr_next : wr_q;
  wire [PTR_W:0] pushes = {{PTR_W{1'b0}}, push0_i} + {{PTR_W{1'b0}}, push1_i};

  assign head_o  = mem_q[rd_q];
  assign empty_o = count_q == {(PTR_W + 1) {1'b0}};
  assign room_o  = {count_q < FULL - 1'b1, count_q < FULL};

  always @(posedge clk_i) begin
    if (push0_i && !rst_i) mem_q[wr_q] <= data0_i;
    if (push1_i && !rst_i) mem_q[wr_second] <= data1_i;
    if (rst_i) begin
      wr_q <= {PTR_W{1'b0}};
      rd_q <= {PTR_W{1'b0}};
      count_q <= {(PTR_W + 1) {1'b0}};
    end else begin
      if (push1_i) wr_q <= wr_second + 1'b1;
      else if (push0_i) wr_q <= wr_next;
      if (pop_i) rd_q <= rd_q + 1'b1;
      count_q <= count_q + pushes - {{PTR_W{1'b0}}, pop_i};
    end
  end

`ifdef SPARSYS_ASSERT
  always @(posedge clk_i) begin
    if (!rst_i) begin
      assert (!(push0_i && !room_o[0]));
      assert (!(push1_i && !room_o[1]));
      assert (!(pop_i && empty_o));
    end
  end
`endif

  generate
    if (DEPTH < 2 || (DEPTH & (DEPTH - 1)) != 0) begin : g_check_depth
      parameter_error_DEPTH_must_be_a_power_of_two_and_at_least_2 u_error ();
    end
  endgenerate
endmodule
