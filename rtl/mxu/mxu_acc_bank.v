// SPDX-License-Identifier: Apache-2.0
// Accumulators of one tile's columns, in two halves, and the deskew that puts the columns' sums side
// by side. valid_i, add_i and addr_i belong to the deskewed sums.
// Latency: the old row is read in the cycle of valid_i, the new one written in the next. A row hit
// in two cycles running gets its sum forwarded. act_data_o: a cycle after act_re_i, by act_half_i.
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
    // read port of the activation unit
    input  wire                       act_re_i,
    input  wire [          ACC_W-1:0] act_addr_i,
    input  wire                       act_half_i,  // half of the last read
    output wire [   TILE_COLS*32-1:0] act_data_o
);
  reg s1_valid_q;
  reg s1_add_q;
  reg [ACC_W-1:0] s1_addr_q;
  reg [TILE_COLS*SUM_W-1:0] s1_sum_q;
  reg s2_valid_q;
  reg [ACC_W-1:0] s2_addr_q;
  reg [TILE_COLS*32-1:0] s2_data_q;

  wire [TILE_COLS*SUM_W-1:0] sum;
  wire [2*TILE_COLS*32-1:0] rdata;
  wire [TILE_COLS*32-1:0] result;
  wire forward = s2_valid_q && s2_addr_q == s1_addr_q;
  wire [TILE_COLS*32-1:0] stored = s1_addr_q[ACC_W-1] ? rdata[TILE_COLS*32+:TILE_COLS*32] :
                                                        rdata[0+:TILE_COLS*32];
  wire [TILE_COLS*32-1:0] old = !s1_add_q ? {TILE_COLS * 32{1'b0}} :
                                forward ? s2_data_q : stored;

  assign s1_valid_o = s1_valid_q;
  assign act_data_o = act_half_i ? rdata[TILE_COLS*32+:TILE_COLS*32] : rdata[0+:TILE_COLS*32];

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
      assign result[32*c+:32] = old[32*c+:32] +
          {{(32 - SUM_W) {s1_sum_q[SUM_W*c+SUM_W-1]}}, s1_sum_q[SUM_W*c+:SUM_W]};
    end

    for (h = 0; h < 2; h = h + 1) begin : g_half
      wire own_read = valid_i && add_i && addr_i[ACC_W-1] == (h == 1);
      wire act_read = act_re_i && act_addr_i[ACC_W-1] == (h == 1);
      ram_1r1w #(
          .WIDTH(TILE_COLS * 32),
          .DEPTH(ACC_DEPTH / 2)
      ) u_ram (
          .clk_i  (clk_i),
          .we_i   (s1_valid_q && s1_addr_q[ACC_W-1] == (h == 1)),
          .waddr_i(s1_addr_q[ACC_W-2:0]),
          .wdata_i(result),
          .re_i   (own_read || act_read),
          .raddr_i(own_read ? addr_i[ACC_W-2:0] : act_addr_i[ACC_W-2:0]),
          .rdata_o(rdata[h*TILE_COLS*32+:TILE_COLS*32])
      );
    end
  endgenerate

  always @(posedge clk_i) begin
    if (rst_i) begin
      s1_valid_q <= 1'b0;
      s2_valid_q <= 1'b0;
    end else begin
      s1_valid_q <= valid_i;
      if (valid_i) begin
        s1_add_q  <= add_i;
        s1_addr_q <= addr_i;
        s1_sum_q  <= sum;
      end
      s2_valid_q <= s1_valid_q;
      if (s1_valid_q) begin
        s2_addr_q <= s1_addr_q;
        s2_data_q <= result;
      end
    end
  end
endmodule
