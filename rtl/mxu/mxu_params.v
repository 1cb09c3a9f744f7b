// SPDX-License-Identifier: Apache-2.0
// Parameter sets of the activation unit: bias, multiplier and shift of every column. Written a plane
// of one byte of every column at a time by the host, read a set at a time.
// Latency: outputs a cycle after re_i, kept until the next read.
module mxu_params #(
    parameter COLS = 256,                  // columns of the array
    parameter LANES = 256,                 // bytes in a row from the host, at least COLS
    parameter PARAM_SETS = 64,             // sets stored
    parameter SET_W = $clog2(PARAM_SETS)  // derived, do not override
) (
    input  wire               clk_i,
    // host input
    input  wire               p_we_i,
    input  wire [        3:0] p_plane_i,
    input  wire [  SET_W-1:0] p_set_i,
    input  wire [LANES*8-1:0] p_data_i,
    // activation unit
    input  wire               re_i,
    input  wire [  SET_W-1:0] set_i,
    output wire [COLS*32-1:0] bias_o,
    output wire [COLS*32-1:0] multiplier_o,
    output wire [ COLS*6-1:0] shift_o
);
  wire [9*COLS*8-1:0] planes;

  genvar p;
  genvar c;
  generate
    for (p = 0; p < 9; p = p + 1) begin : g_plane
      localparam [3:0] PLANE = p;
      ram_1r1w #(
          .WIDTH(COLS * 8),
          .DEPTH(PARAM_SETS)
      ) u_ram (
          .clk_i  (clk_i),
          .we_i   (p_we_i && p_plane_i == PLANE),
          .waddr_i(p_set_i),
          .wdata_i(p_data_i[COLS*8-1:0]),
          .re_i   (re_i),
          .raddr_i(set_i),
          .rdata_o(planes[p*COLS*8+:COLS*8])
      );
    end
    for (c = 0; c < COLS; c = c + 1) begin : g_col
      assign bias_o[32*c+:32] = {
        planes[8*(3*COLS+c)+:8],
        planes[8*(2*COLS+c)+:8],
        planes[8*(COLS+c)+:8],
        planes[8*c+:8]
      };
      assign multiplier_o[32*c+:32] = {
        planes[8*(7*COLS+c)+:8],
        planes[8*(6*COLS+c)+:8],
        planes[8*(5*COLS+c)+:8],
        planes[8*(4*COLS+c)+:8]
      };
      assign shift_o[6*c+:6] = planes[8*(8*COLS+c)+:6];
      wire unused = &{1'b0, planes[8*(8*COLS+c)+6+:2]};
    end
    if (LANES > COLS) begin : g_unused
      wire unused = &{1'b0, p_data_i[LANES*8-1:COLS*8]};
    end
  endgenerate
endmodule
