// SPDX-License-Identifier: Apache-2.0
// Arithmetic unit: decodes an entry's code and row, multiplies by the activation and adds to the
// row's accumulator (EIE, Han 2016, section IV). Four stages, one entry a cycle, never stalls:
//   1 codebook look-up, row accumulate   2 multiply, in parts
//   3 sum of the parts, accumulator read   4 add, saturate, write
// An accumulator hit again in the next cycle gets the sum forwarded from stage 4 to stage 3. Between
// passes the write-back port reads the accumulators.
module eie_arith #(
    parameter ACT_REGS = 64,           // accumulators, a power of two
    parameter ACC_WIDTH = 32,          // accumulator bits, 20 to 48
    parameter REG_W = $clog2(ACT_REGS)  // derived, do not override
) (
    input  wire                 clk_i,
    input  wire                 rst_i,
    // entries
    input  wire                 e_valid_i,
    input  wire                 e_first_i,
    input  wire [          3:0] e_code_i,
    input  wire [          3:0] e_skip_i,
    input  wire [         15:0] e_act_i,
    // codebook load: four codes a cycle
    input  wire                 cb_we_i,
    input  wire [          1:0] cb_word_i,
    input  wire [         63:0] cb_data_i,
    // accumulators
    input  wire                 clear_i,
    input  wire                 wb_read_i,
    input  wire [    REG_W-1:0] wb_row_i,
    output wire [ACC_WIDTH-1:0] wb_acc_o,
    // status
    input  wire                 flags_clear_i,
    output wire                 saturated_o,
    output wire                 row_error_o,
    output wire                 busy_o
);
  localparam ROW_SUM_W = (REG_W > 8 ? REG_W : 8) + 2;
  localparam SUM_W = (ACC_WIDTH > 32 ? ACC_WIDTH : 32) + 1;
  localparam [31:0] ACT_REGS_32 = ACT_REGS;

  reg [15:0] cb_q[0:15];
  reg [ACT_REGS-1:0] acc_valid_q;
  reg [REG_W:0] row_q;
  reg s1_valid_q;
  reg s1_write_q;
  reg [REG_W-1:0] s1_row_q;
  reg [15:0] s1_weight_q;
  reg [15:0] s1_act_q;
  reg s2_valid_q;
  reg s2_write_q;
  reg [REG_W-1:0] s2_row_q;
  reg s3_valid_q;
  reg s3_write_q;
  reg [REG_W-1:0] s3_row_q;
  reg [31:0] s3_product_q;
  reg [ACC_WIDTH-1:0] s3_acc_q;
  reg saturated_q;
  reg row_error_q;

  // Stage 1. An entry passes skip + 1 rows, padding (code 0) 16 times as many, and lies in the last.
  wire code_zero = e_code_i == 4'd0;
  wire [7:0] passed_less_1 = code_zero ? {e_skip_i, 4'd15} : {4'd0, e_skip_i};
  wire [ROW_SUM_W-1:0] row_step = {{(ROW_SUM_W - 8) {1'b0}}, passed_less_1};
  wire [ROW_SUM_W-1:0] row_next =
      {{(ROW_SUM_W - REG_W - 1) {1'b0}}, row_q} + {{(ROW_SUM_W - 1) {1'b0}}, 1'b1} + row_step;
  wire [ROW_SUM_W-1:0] row_sum = e_first_i ? row_step : row_next;
  wire row_out = row_sum >= ACT_REGS_32[ROW_SUM_W-1:0];
  wire [REG_W:0] row = row_out ? ACT_REGS_32[REG_W:0] : row_sum[REG_W:0];
  wire [15:0] weight = code_zero ? 16'd0 : cb_q[e_code_i];

  // Stage 2, and the sum of stage 3.
  wire [31:0] s2_product;

  eie_product u_product (
      .clk_i    (clk_i),
      .weight_i (s1_weight_q),
      .act_i    (s1_act_q),
      .product_o(s2_product)
  );

  // Stage 3 reads what stage 4 writes in this cycle.
  wire [ACC_WIDTH-1:0] sum;
  wire write = s3_valid_q && s3_write_q;
  wire forward = write && s3_row_q == s2_row_q;
  wire [REG_W-1:0] read_row = wb_read_i ? wb_row_i : s2_row_q;
  wire [ACC_WIDTH-1:0] read_data;
  wire [ACC_WIDTH-1:0] read_acc = acc_valid_q[read_row] ? read_data : {ACC_WIDTH{1'b0}};

  regfile_1r1w #(
      .WIDTH(ACC_WIDTH),
      .DEPTH(ACT_REGS)
  ) u_acc (
      .clk_i  (clk_i),
      .we_i   (write),
      .waddr_i(s3_row_q),
      .wdata_i(sum),
      .raddr_i(read_row),
      .rdata_o(read_data)
  );

  // Stage 4.
  wire [SUM_W-1:0] sum_wide;
  wire sum_sign = sum_wide[SUM_W-1];
  wire sum_saturates;
  assign sum = sum_saturates ? {sum_sign, {(ACC_WIDTH - 1) {!sum_sign}}} : sum_wide[ACC_WIDTH-1:0];

  carry_select #(
      .WIDTH    (SUM_W),
      .SIGN_BITS(SUM_W - ACC_WIDTH + 1)
  ) u_sum (
      .a_i     ({{(SUM_W - ACC_WIDTH) {s3_acc_q[ACC_WIDTH-1]}}, s3_acc_q}),
      .b_i     ({{(SUM_W - 32) {s3_product_q[31]}}, s3_product_q}),
      .sum_o   (sum_wide),
      .differ_o(sum_saturates)
  );

  assign wb_acc_o    = read_acc;
  assign saturated_o = saturated_q;
  assign row_error_o = row_error_q;
  assign busy_o      = s1_valid_q || s2_valid_q || s3_valid_q;

  always @(posedge clk_i) begin
    if (cb_we_i && !rst_i) begin
      cb_q[{cb_word_i, 2'd0}] <= cb_data_i[15:0];
      cb_q[{cb_word_i, 2'd1}] <= cb_data_i[31:16];
      cb_q[{cb_word_i, 2'd2}] <= cb_data_i[47:32];
      cb_q[{cb_word_i, 2'd3}] <= cb_data_i[63:48];
    end
  end

  // The entry stays until the next one: so does what follows from it. Only its row is added once.
  always @(posedge clk_i) begin
    if (e_valid_i) begin
      row_q      <= row;
      s1_write_q <= !code_zero && !row_out;
      s1_row_q   <= row[REG_W-1:0];
    end
    s1_weight_q  <= weight;
    s1_act_q     <= e_act_i;
    s2_write_q   <= s1_write_q;
    s2_row_q     <= s1_row_q;
    s3_write_q   <= s2_write_q;
    s3_row_q     <= s2_row_q;
    s3_product_q <= s2_product;
    s3_acc_q     <= forward ? sum : read_acc;
  end

  always @(posedge clk_i) begin
    if (rst_i) begin
      acc_valid_q <= {ACT_REGS{1'b0}};
      s1_valid_q  <= 1'b0;
      s2_valid_q  <= 1'b0;
      s3_valid_q  <= 1'b0;
      saturated_q <= 1'b0;
      row_error_q <= 1'b0;
    end else begin
      s1_valid_q <= e_valid_i;
      s2_valid_q <= s1_valid_q;
      s3_valid_q <= s2_valid_q;

      if (clear_i) acc_valid_q <= {ACT_REGS{1'b0}};
      else if (write) acc_valid_q[s3_row_q] <= 1'b1;

      if (flags_clear_i) saturated_q <= 1'b0;
      else if (write && sum_saturates) saturated_q <= 1'b1;
      if (flags_clear_i) row_error_q <= 1'b0;
      else if (e_valid_i && row_out) row_error_q <= 1'b1;
    end
  end

  generate
    if (ACT_REGS < 4 || ACT_REGS > 64 || (ACT_REGS & (ACT_REGS - 1)) != 0) begin : g_check_act_regs
      parameter_error_ACT_REGS_must_be_a_power_of_two_from_4_to_64 u_error ();
    end
    if (ACC_WIDTH < 20 || ACC_WIDTH > 48) begin : g_check_acc_width
      parameter_error_ACC_WIDTH_must_be_from_20_to_48 u_error ();
    end
  endgenerate
endmodule
