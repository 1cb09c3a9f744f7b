// SPDX-License-Identifier: Apache-2.0
// One bank of the accumulators, with what feeds it: a FIFO that takes two entries a cycle, and a
// multiply-accumulate that takes one and never stalls:
//   1 codebook look-up   2 multiply, in parts   3 their sum   4 read, add, saturate, write
// The accumulator is read and written in one cycle, so nothing has to be forwarded. Between passes
// the write-back port reads it.
module eie_bank #(
    parameter BANK_ROWS = 4,             // accumulators, a power of two
    parameter BANK_DEPTH = 4,            // entries that can wait, a power of two
    parameter ACC_WIDTH = 32,            // accumulator bits, 20 to 48
    parameter ADDR_W = $clog2(BANK_ROWS)  // derived, do not override
) (
    input  wire                 clk_i,
    input  wire                 rst_i,
    // entries, two a cycle; not code 0
    input  wire [          1:0] push_i,
    input  wire [          7:0] code_i,
    input  wire [ 2*ADDR_W-1:0] addr_i,
    input  wire [         15:0] act_i,
    output wire [          1:0] room_o,
    // codebook, code 0 in the lowest bits
    input  wire [        255:0] cb_i,
    // accumulators
    input  wire                 clear_i,
    input  wire                 wb_read_i,
    input  wire [   ADDR_W-1:0] wb_addr_i,
    output wire [ACC_WIDTH-1:0] wb_acc_o,
    // status
    input  wire                 flags_clear_i,
    output wire                 saturated_o,
    output wire                 busy_o
);
  localparam SUM_W = (ACC_WIDTH > 32 ? ACC_WIDTH : 32) + 1;

  reg [BANK_ROWS-1:0] acc_valid_q;
  reg s1_valid_q;
  reg [ADDR_W-1:0] s1_addr_q;
  reg [15:0] s1_weight_q;
  reg [15:0] s1_act_q;
  reg s2_valid_q;
  reg [ADDR_W-1:0] s2_addr_q;
  reg s3_valid_q;
  reg [ADDR_W-1:0] s3_addr_q;
  reg [31:0] s3_product_q;
  reg saturated_q;

  wire empty;
  wire [3:0] code;
  wire [ADDR_W-1:0] addr;
  wire [15:0] act;

  fifo_2w1r #(
      .WIDTH(ADDR_W + 20),
      .DEPTH(BANK_DEPTH)
  ) u_fifo (
      .clk_i  (clk_i),
      .rst_i  (rst_i),
      .push0_i(push_i[0]),
      .data0_i({act_i, addr_i[ADDR_W-1:0], code_i[3:0]}),
      .push1_i(push_i[1]),
      .data1_i({act_i, addr_i[2*ADDR_W-1:ADDR_W], code_i[7:4]}),
      .pop_i  (!empty),
      .head_o ({act, addr, code}),
      .empty_o(empty),
      .room_o (room_o)
  );

  // Stage 2, and the sum of stage 3.
  wire [31:0] s2_product;

  eie_product u_product (
      .clk_i    (clk_i),
      .weight_i (s1_weight_q),
      .act_i    (s1_act_q),
      .product_o(s2_product)
  );

  // Stage 4. The address of the read has no more loads than the accumulators.
  wire [ADDR_W-1:0] read_addr = wb_read_i ? wb_addr_i : s3_addr_q;
  wire [ACC_WIDTH-1:0] read_data;
  wire read_valid = wb_read_i ? acc_valid_q[wb_addr_i] : acc_valid_q[s3_addr_q];
  wire [ACC_WIDTH-1:0] acc = read_valid ? read_data : {ACC_WIDTH{1'b0}};
  wire [SUM_W-1:0] sum_wide;
  wire sum_sign = sum_wide[SUM_W-1];
  wire sum_saturates;
  wire [ACC_WIDTH-1:0] sum =
      sum_saturates ? {sum_sign, {(ACC_WIDTH - 1) {!sum_sign}}} : sum_wide[ACC_WIDTH-1:0];

  carry_select #(
      .WIDTH    (SUM_W),
      .SIGN_BITS(SUM_W - ACC_WIDTH + 1)
  ) u_sum (
      .a_i     ({{(SUM_W - ACC_WIDTH) {acc[ACC_WIDTH-1]}}, acc}),
      .b_i     ({{(SUM_W - 32) {s3_product_q[31]}}, s3_product_q}),
      .sum_o   (sum_wide),
      .differ_o(sum_saturates)
  );

  regfile_1r1w #(
      .WIDTH(ACC_WIDTH),
      .DEPTH(BANK_ROWS)
  ) u_acc (
      .clk_i  (clk_i),
      .we_i   (s3_valid_q),
      .waddr_i(s3_addr_q),
      .wdata_i(sum),
      .raddr_i(read_addr),
      .rdata_o(read_data)
  );

  assign wb_acc_o    = acc;
  assign saturated_o = saturated_q;
  assign busy_o      = !empty || s1_valid_q || s2_valid_q || s3_valid_q;

  // What stage 1 holds stays until the next entry: so does what follows from it.
  always @(posedge clk_i) begin
    if (!empty) begin
      s1_addr_q   <= addr;
      s1_weight_q <= cb_i[16*code+:16];
      s1_act_q    <= act;
    end
    s2_addr_q    <= s1_addr_q;
    s3_addr_q    <= s2_addr_q;
    s3_product_q <= s2_product;
  end

  always @(posedge clk_i) begin
    if (rst_i) begin
      acc_valid_q <= {BANK_ROWS{1'b0}};
      s1_valid_q  <= 1'b0;
      s2_valid_q  <= 1'b0;
      s3_valid_q  <= 1'b0;
      saturated_q <= 1'b0;
    end else begin
      s1_valid_q <= !empty;
      s2_valid_q <= s1_valid_q;
      s3_valid_q <= s2_valid_q;

      if (clear_i) acc_valid_q <= {BANK_ROWS{1'b0}};
      else if (s3_valid_q) acc_valid_q[s3_addr_q] <= 1'b1;

      if (flags_clear_i) saturated_q <= 1'b0;
      else if (s3_valid_q && sum_saturates) saturated_q <= 1'b1;
    end
  end

// What may not happen; not by assert, whose messages give each instance code of its own.
`ifdef SPARSYS_ASSERT
  always @(posedge clk_i) begin
    if (!rst_i) begin
      if (push_i[0] && code_i[3:0] == 4'd0) $stop;
      if (push_i[1] && code_i[7:4] == 4'd0) $stop;
      if ((clear_i || wb_read_i) && busy_o) $stop;
    end
  end
`endif
endmodule
