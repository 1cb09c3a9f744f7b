// SPDX-License-Identifier: Apache-2.0
// Columns of one tile in the weight FIFO: their RAM, and the skew that makes column c (local) c
// cycles late at weight_o.
module mxu_weight_bank #(
    parameter TILE_COLS = 32,          // columns
    parameter DEPTH = 1024,            // rows
    parameter ADDR_W = $clog2(DEPTH)  // derived, do not override
) (
    input  wire                   clk_i,
    input  wire                   we_i,
    input  wire [     ADDR_W-1:0] waddr_i,
    input  wire [TILE_COLS*8-1:0] wdata_i,
    input  wire                   re_i,
    input  wire [     ADDR_W-1:0] raddr_i,
    output wire [TILE_COLS*8-1:0] weight_o
);
  wire [TILE_COLS*8-1:0] rdata;

  ram_1r1w #(
      .WIDTH(TILE_COLS * 8),
      .DEPTH(DEPTH)
  ) u_ram (
      .clk_i  (clk_i),
      .we_i   (we_i),
      .waddr_i(waddr_i),
      .wdata_i(wdata_i),
      .re_i   (re_i),
      .raddr_i(raddr_i),
      .rdata_o(rdata)
  );

  assign weight_o[7:0] = rdata[7:0];

  genvar c;
  generate
    for (c = 1; c < TILE_COLS; c = c + 1) begin : g_col
      reg [8*c-1:0] skew_q;
      assign weight_o[8*c+:8] = skew_q[8*c-1-:8];
      if (c == 1) begin : g_one
        always @(posedge clk_i) skew_q <= rdata[8*c+:8];
      end else begin : g_more
        always @(posedge clk_i) skew_q <= {skew_q[8*c-9:0], rdata[8*c+:8]};
      end
    end
  endgenerate
endmodule
