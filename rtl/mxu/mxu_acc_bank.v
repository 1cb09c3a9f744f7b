// SPDX-License-Identifier: Apache-2.0
// Accumulators of one tile's columns, in two halves, and the deskew that puts the columns' sums side
// by side. valid_i, add_i and addr_i belong to the deskewed sums.
// Latency: the old row is read in the cycle of valid_i, put in a register in the next, and the new one
// written in the one after. A row that was hit one or two rows before gets its sum forwarded.
// A read of the activation unit waits in a register, from which the next bank takes it: act_data_o is
// there two cycles after act_re_i.
module mxu_acc_bank #(
    parameter TILE_COLS = 32,            // columns
    parameter SUM_W = 24,                // bits of a sum, at most 32
    parameter ACC_DEPTH = 4096,          // rows in both halves
    parameter ACC_W = $clog2(ACC_DEPTH)  // derived, do not override
) (
    input  wire                       clk_i,
    input  wire                       rst_i,
    input  wire                       valid_i,
    input  wire                       add_i,
    input  wire [          ACC_W-1:0] addr_i,
    input  wire [TILE_COLS*SUM_W-1:0] sum_i,
    output wire                       s1_valid_o,
    output wire                       s2_valid_o,
    // read port of the activation unit
    input  wire                       act_re_i,
    input  wire [          ACC_W-1:0] act_addr_i,
    output wire                       act_re_o,
    output wire [          ACC_W-1:0] act_addr_o,
    output wire [   TILE_COLS*32-1:0] act_data_o
);
  reg act_re_q;
  reg [ACC_W-1:0] act_addr_q;
  reg act_half_q;
  reg s1_valid_q;
  reg s1_add_q;
  reg [ACC_W-1:0] s1_addr_q;
  reg [TILE_COLS*SUM_W-1:0] s1_sum_q;
  reg s2_valid_q;
  reg s2_again_q;
  reg [ACC_W-1:0] s2_addr_q;
  reg [TILE_COLS*SUM_W-1:0] s2_sum_q;
  reg [TILE_COLS*32-1:0] s2_old_q;
  reg s3_valid_q;
  reg [ACC_W-1:0] s3_addr_q;
  reg [TILE_COLS*32-1:0] s3_data_q;

  wire [TILE_COLS*SUM_W-1:0] sum;
  wire [2*TILE_COLS*32-1:0] rdata;
  wire [TILE_COLS*32-1:0] result;

  // Stage 1: the sum of the row before the last is in stage 3, that of the last will be.
  wire again = s1_add_q && s2_valid_q && s2_addr_q == s1_addr_q;
  wire forward = s3_valid_q && s3_addr_q == s1_addr_q;
  wire [TILE_COLS*32-1:0] stored = s1_addr_q[ACC_W-1] ? rdata[TILE_COLS*32+:TILE_COLS*32] :
                                                        rdata[0+:TILE_COLS*32];
  wire [TILE_COLS*32-1:0] old = !s1_add_q ? {TILE_COLS * 32{1'b0}} :
                                forward ? s3_data_q : stored;
  // Stage 2.
  wire [TILE_COLS*32-1:0] augend = s2_again_q ? s3_data_q : s2_old_q;

  assign s1_valid_o = s1_valid_q;
  assign s2_valid_o = s2_valid_q;
  assign act_re_o   = act_re_q;
  assign act_addr_o = act_addr_q;
  assign act_data_o = act_half_q ? rdata[TILE_COLS*32+:TILE_COLS*32] : rdata[0+:TILE_COLS*32];

  genvar c;
  genvar h;
  generate
    for (c = 0; c < TILE_COLS; c = c + 1) begin : g_col
      localparam STAGES = TILE_COLS - 1 - c;
      if (STAGES == 0) begin : g_last
        assign sum[SUM_W*c+:SUM_W] = sum_i[SUM_W*c+:SUM_W];
      end else begin : g_deskew
        reg [SUM_W*STAGES-1:0] deskew_q;
        assign sum[SUM_W*c+:SUM_W] = deskew_q[SUM_W*STAGES-1-:SUM_W];
        if (STAGES == 1) begin : g_one
          always @(posedge clk_i) deskew_q <= sum_i[SUM_W*c+:SUM_W];
        end else begin : g_more
          always @(posedge clk_i) begin
            deskew_q <= {deskew_q[SUM_W*(STAGES-1)-1:0], sum_i[SUM_W*c+:SUM_W]};
          end
        end
      end
      adder #(
          .WIDTH(32)
      ) u_sum (
          .a_i    (augend[32*c+:32]),
          .b_i    ({{(32 - SUM_W) {s2_sum_q[SUM_W*c+SUM_W-1]}}, s2_sum_q[SUM_W*c+:SUM_W]}),
          .carry_i(1'b0),
          .sum_o  (result[32*c+:32])
      );
    end

    for (h = 0; h < 2; h = h + 1) begin : g_half
      wire own_read = valid_i && add_i && addr_i[ACC_W-1] == (h == 1);
      wire act_read = act_re_q && act_addr_q[ACC_W-1] == (h == 1);
      ram_1r1w #(
          .WIDTH(TILE_COLS * 32),
          .DEPTH(ACC_DEPTH / 2)
      ) u_ram (
          .clk_i  (clk_i),
          .we_i   (s2_valid_q && s2_addr_q[ACC_W-1] == (h == 1)),
          .waddr_i(s2_addr_q[ACC_W-2:0]),
          .wdata_i(result),
          .re_i   (own_read || act_read),
          .raddr_i(own_read ? addr_i[ACC_W-2:0] : act_addr_q[ACC_W-2:0]),
          .rdata_o(rdata[h*TILE_COLS*32+:TILE_COLS*32])
      );
    end
  endgenerate

  always @(posedge clk_i) begin
    act_addr_q <= act_addr_i;
    if (rst_i) begin
      act_re_q   <= 1'b0;
      s1_valid_q <= 1'b0;
      s2_valid_q <= 1'b0;
      s3_valid_q <= 1'b0;
    end else begin
      act_re_q   <= act_re_i;
      if (act_re_q) act_half_q <= act_addr_q[ACC_W-1];
      s1_valid_q <= valid_i;
      if (valid_i) begin
        s1_add_q  <= add_i;
        s1_addr_q <= addr_i;
        s1_sum_q  <= sum;
      end
      s2_valid_q <= s1_valid_q;
      if (s1_valid_q) begin
        s2_again_q <= again;
        s2_addr_q  <= s1_addr_q;
        s2_sum_q   <= s1_sum_q;
        s2_old_q   <= old;
      end
      s3_valid_q <= s2_valid_q;
      if (s2_valid_q) begin
        s3_addr_q <= s2_addr_q;
        s3_data_q <= result;
      end
    end
  end
endmodule
