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
// one that stays in order. That of weight fetch keeps how many tiles, up to 3, are asked for.
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
  generate
    if (WIDTH == 48) begin : g_tiles
      reg [1:0] tiles_q[0:DEPTH-1];
      assign head_o = {14'd0, tiles_q[0], 32'd0};
      genvar e;
      for (e = 0; e < DEPTH; e = e + 1) begin : g_entry
        localparam [4:0] PLACE = e;
        always @(posedge clk_i) begin
          if (push_i && PLACE == (pop ? count_q - 5'd1 : count_q)) tiles_q[e] <= data_i[33:32];
          else if (pop) tiles_q[e] <= tiles_q[e == DEPTH-1 ? e : e+1];
        end
      end
      always @(posedge clk_i) assume (!push_i || data_i[33:32] != 2'd0);
    end else begin : g_any
      (* anyseq *) wire [WIDTH-1:0] any;
      assign head_o = any;
    end
  endgenerate
endmodule
