// SPDX-License-Identifier: Apache-2.0
// What proofs of the control need not know: RAMs that give anything.
module ram_1r1w #(
    parameter WIDTH = 64,
    parameter DEPTH = 16,
    parameter ADDR_W = $clog2(DEPTH)
) (
    input  wire              clk_i,
    input  wire              we_i,
    input  wire [ADDR_W-1:0] waddr_i,
    input  wire [ WIDTH-1:0] wdata_i,
    input  wire              re_i,
    input  wire [ADDR_W-1:0] raddr_i,
    output wire [ WIDTH-1:0] rdata_o
);
  (* anyseq *) wire [WIDTH-1:0] any;
  assign rdata_o = any;
endmodule
// A queue that counts, and whose head is any: what a unit makes of any program is more than it makes of
// one that stays in order. An operation of weight fetch has a beat at least.
module fifo #(
    parameter WIDTH = 48,
    parameter DEPTH = 8
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
  reg [4:0] count_q;
  wire pop = pop_i && !empty_o;
  assign empty_o = count_q == 5'd0;
  assign full_o  = count_q == DEPTH;
  always @(posedge clk_i) begin
    if (rst_i) count_q <= 5'd0;
    else count_q <= count_q + {4'd0, push_i && !full_o} - {4'd0, pop};
  end
  (* anyseq *) wire [WIDTH-1:0] any;
  assign head_o = any;
  generate
    if (WIDTH == 74) begin : g_beats
      always @(posedge clk_i) assume (any[55:32] != 24'd0);
    end
  endgenerate
endmodule
