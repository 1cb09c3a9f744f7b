// SPDX-License-Identifier: Apache-2.0
// First-in first-out queue of any depth. push_i is taken unless full_o, pop_i unless empty_o, both
// may come in one cycle. head_o is combinational from the storage: a word pushed in one cycle is at
// the head of an empty queue in the next.
module fifo #(
    parameter WIDTH = 48,  // bits of a word
    parameter DEPTH = 8    // words, at least 1
) (
    input  wire             clk_i,
    input  wire             rst_i,
    input  wire             push_i,
    input  wire [WIDTH-1:0] data_i,
    input  wire             pop_i,
    output wire [WIDTH-1:0] head_o,
    output wire             empty_o,
    output wire             full_o
);
  localparam PTR_W = DEPTH > 1 ? $clog2(DEPTH) : 1;
  localparam COUNT_W = $clog2(DEPTH + 1);
  localparam [31:0] DEPTH_32 = DEPTH;
  localparam [31:0] LAST_32 = DEPTH - 1;
  localparam [COUNT_W-1:0] FULL = DEPTH_32[COUNT_W-1:0];
  localparam [PTR_W-1:0] LAST = LAST_32[PTR_W-1:0];

  reg [WIDTH-1:0] mem_q[0:DEPTH-1];
  reg [PTR_W-1:0] wr_q;
  reg [PTR_W-1:0] rd_q;
  reg [COUNT_W-1:0] count_q;

  wire push = push_i && !full_o;
  wire pop = pop_i && !empty_o;

  assign head_o  = mem_q[rd_q];
  assign empty_o = count_q == {COUNT_W{1'b0}};
  assign full_o  = count_q == FULL;

  always @(posedge clk_i) begin
    if (push && !rst_i) mem_q[wr_q] <= data_i;
    if (rst_i) begin
      wr_q <= {PTR_W{1'b0}};
      rd_q <= {PTR_W{1'b0}};
      count_q <= {COUNT_W{1'b0}};
    end else begin
      if (push) wr_q <= wr_q == LAST ? {PTR_W{1'b0}} : wr_q + 1'b1;
      if (pop) rd_q <= rd_q == LAST ? {PTR_W{1'b0}} : rd_q + 1'b1;
      if (push && !pop) count_q <= count_q + 1'b1;
      else if (pop && !push) count_q <= count_q - 1'b1;
    end
  end

  generate
    if (DEPTH < 1) begin : g_check_depth
      parameter_error_DEPTH_must_be_at_least_1 u_error ();
    end
  endgenerate
endmodule
