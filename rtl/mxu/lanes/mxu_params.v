// SPDX-License-Identifier: Apache-2.0
// Parameter sets of the activation unit: bias, multiplier and shift of every column. Written a plane
// of one byte of every column at a time by the host, read a set at a time, in one bank of columns after
// the other, a cycle each.
// Latency: biases of bank j are there j + 2 cycles after re_i, multipliers and shifts a cycle later;
// both are kept until the next read.
module mxu_params #(
    parameter COLS = 256,                  // columns of the array
    parameter LANES = 256,                 // bytes in a row from the host, at least COLS
    parameter TILE_COLS = 32,              // columns of a bank, a divisor of COLS
    parameter PARAM_SETS = 64,             // sets stored
    parameter SET_W = $clog2(PARAM_SETS)  // derived, do not override
) (
    input  wire               clk_i,
    input  wire               rst_i,
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
  localparam NB = COLS / TILE_COLS;

  // What goes from bank to bank.
  wire [NB:0] re;
  wire [(NB+1)*SET_W-1:0] set;
  assign re[0]         = re_i;
  assign set[0+:SET_W] = set_i;

  genvar j;
  genvar p;
  genvar c;
  generate
    for (j = 0; j < NB; j = j + 1) begin : g_bank
      reg re_q;
      reg [SET_W-1:0] set_q;
      reg late_re_q;
      reg [SET_W-1:0] late_set_q;
      wire [9*TILE_COLS*8-1:0] planes;

      assign re[j+1]                   = re_q;
      assign set[SET_W*(j+1)+:SET_W] = set_q;

      always @(posedge clk_i) begin
        set_q      <= set[SET_W*j+:SET_W];
        late_set_q <= set_q;
        if (rst_i) begin
          re_q      <= 1'b0;
          late_re_q <= 1'b0;
        end else begin
          re_q      <= re[j];
          late_re_q <= re_q;
        end
      end

      for (p = 0; p < 9; p = p + 1) begin : g_plane
        localparam [3:0] PLANE = p;
        ram_1r1w #(
            .WIDTH(TILE_COLS * 8),
            .DEPTH(PARAM_SETS)
        ) u_ram (
            .clk_i  (clk_i),
            .we_i   (p_we_i && p_plane_i == PLANE),
            .waddr_i(p_set_i),
            .wdata_i(p_data_i[8*TILE_COLS*j+:8*TILE_COLS]),
            .re_i   (p < 4 ? re_q : late_re_q),
            .raddr_i(p < 4 ? set_q : late_set_q),
            .rdata_o(planes[8*TILE_COLS*p+:8*TILE_COLS])
        );
      end
      for (c = 0; c < TILE_COLS; c = c + 1) begin : g_col
        localparam COL = TILE_COLS * j + c;
        assign bias_o[32*COL+:32] = {
          planes[8*(3*TILE_COLS+c)+:8],
          planes[8*(2*TILE_COLS+c)+:8],
          planes[8*(TILE_COLS+c)+:8],
          planes[8*c+:8]
        };
        assign multiplier_o[32*COL+:32] = {
          planes[8*(7*TILE_COLS+c)+:8],
          planes[8*(6*TILE_COLS+c)+:8],
          planes[8*(5*TILE_COLS+c)+:8],
          planes[8*(4*TILE_COLS+c)+:8]
        };
        assign shift_o[6*COL+:6] = planes[8*(8*TILE_COLS+c)+:6];
        wire unused = &{1'b0, planes[8*(8*TILE_COLS+c)+6+:2]};
      end
    end
    if (LANES > COLS) begin : g_unused
      wire unused = &{1'b0, p_data_i[LANES*8-1:COLS*8]};
    end
  endgenerate

  wire unused = &{1'b0, re[NB], set[NB*SET_W+:SET_W]};
endmodule
