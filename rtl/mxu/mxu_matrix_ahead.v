// SPDX-License-Identifier: Apache-2.0
// What the matrix unit's control knows before it takes an operation: the geometry's products, made one
// after the other behind a Set, and the head of the queue decoded and checked.
// Latency: geometry is there four cycles after the one of set_i; ahead_o tells that code_o, useful_o
// and line_o are those of the head, which takes two cycles with the same head.
module mxu_matrix_ahead #(
    parameter UB_DEPTH = 98304,  // rows of the unified buffer
    parameter ACC_DEPTH = 4096   // rows of the accumulators
) (
    input  wire        clk_i,
    input  wire        rst_i,
    // geometry
    input  wire        set_i,        // a register changes
    input  wire [15:0] in_h_i,
    input  wire [15:0] in_w_i,
    input  wire [15:0] out_w_i,
    input  wire [15:0] out_h_i,
    input  wire [15:0] pitch_i,
    input  wire [ 7:0] stride_y_i,
    input  wire [ 7:0] stride_x_i,
    output wire        settles_o,    // the products are not all there
    output wire [31:0] line_step_o,  // rows from a line of outputs to the next
    output wire [16:0] out_count_o,  // outputs
    // head of the queue
    input  wire [72:0] op_i,         // Convolve, fields
    input  wire        stays_i,      // there is one, which is there in the next cycle too
    output wire        ahead_o,
    output wire [ 3:0] code_o,       // what it is refused for, 0 if nothing
    output wire [16:0] useful_o,     // rows times columns that it uses
    output wire [31:0] line_o        // its first row, with dy lines
);
  localparam [32:0] UB_LIMIT = {2'b00, UB_DEPTH[30:0]};
  localparam [32:0] ACC_LIMIT = {2'b00, ACC_DEPTH[30:0]};

  reg [2:0] step_q;
  reg [16:0] slack_q;
  reg [31:0] extent_q;
  reg [31:0] line_step_q;
  reg [31:0] out_count_q;
  reg [1:0] ahead_q;
  reg [16:0] next_useful_q;
  reg [3:0] code_q;
  reg [31:0] next_line_q;
  reg [1:0] wrong_q;
  reg [32:0] ub_end_q;
  reg [32:0] acc_end_q;
  reg signed [16:0] dy_low_q;
  reg signed [16:0] dy_high_q;
  reg [23:0] first_row_q;

  assign settles_o   = step_q != 3'd0;
  assign line_step_o = line_step_q;
  assign out_count_o = out_count_q[16:0];
  assign ahead_o     = ahead_q[1];
  assign code_o      = code_q;
  assign useful_o    = next_useful_q;
  assign line_o      = next_line_q;

  // Geometry, in steps with one multiplier: what a step multiplies is there in the next.
  wire [31:0] product;
  wire of_extent = step_q == 3'd2;
  mxu_map_product u_product (
      .clk_i   (clk_i),
      .a_i     (step_q == 3'd1 ? in_h_i : step_q == 3'd2 ? {8'd0, stride_y_i} : out_h_i),
      .b_i     (step_q[0] && step_q[1] ? out_w_i : pitch_i),
      .addend_i({32{of_extent}} & {{15{slack_q[16]}}, slack_q}),
      .carry_i (1'b0),
      .sum_o   (product)
  );

  wire op_conv = op_i[72];
  wire [8:0] op_cols = {1'b0, op_i[71:64]} + 9'd1;
  wire [8:0] op_rows = {1'b0, op_i[63:56]} + 9'd1;
  wire [17:0] op_useful = {9'd0, op_rows} * {9'd0, op_cols};
  wire [7:0] op_dy = op_i[47:40] & {8{op_conv}};
  wire signed [16:0] op_dy_wide = {{9{op_dy[7]}}, op_dy};
  wire [15:0] op_acc = op_i[39:24];
  wire [31:0] op_first = {8'd0, op_i[23:0]};
  wire [31:0] op_length = op_conv ? out_count_q : {16'd0, op_i[55:40]};
  wire [31:0] op_extent = op_conv ? extent_q : op_length;

  // Decoding ahead, first step: sums that are checked in the second, and products.
  wire no_map = in_h_i == 16'd0 || in_w_i == 16'd0 || out_w_i == 16'd0 || stride_y_i == 8'd0 ||
                stride_x_i == 8'd0;
  wire [32:0] ub_end;
  wire [32:0] acc_end;
  adder #(
      .WIDTH(33)
  ) u_ub_end (
      .a_i    ({1'b0, op_first}),
      .b_i    ({1'b0, op_extent}),
      .carry_i(1'b0),
      .sum_o  (ub_end)
  );
  adder #(
      .WIDTH(33)
  ) u_acc_end (
      .a_i    ({17'd0, op_acc}),
      .b_i    ({1'b0, op_length}),
      .carry_i(1'b0),
      .sum_o  (acc_end)
  );

  // Second step.
  wire [31:0] line;
  wire [31:0] dy_low = {{15{dy_low_q[16]}}, dy_low_q};
  wire [31:0] dy_high = {{7{dy_high_q[16]}}, dy_high_q, 8'd0};
  wire [31:0] row = {8'd0, first_row_q};
  wire [31:0] carry = (dy_low & dy_high) | (dy_low & row) | (dy_high & row);
  adder #(
      .WIDTH(32)
  ) u_line (
      .a_i    (dy_low ^ dy_high ^ row),
      .b_i    ({carry[30:0], 1'b0}),
      .carry_i(1'b0),
      .sum_o  (line)
  );
  wire [3:0] code = wrong_q != 2'd0       ? 4'd2 :
                    ub_end_q > UB_LIMIT   ? 4'd3 :
                    acc_end_q > ACC_LIMIT ? 4'd4 :
                                            4'd0;
  wire stays = stays_i && step_q == 3'd0;

  always @(posedge clk_i) begin
    slack_q <= {1'b0, in_w_i} - {1'b0, pitch_i};
    if (rst_i) step_q <= 3'd0;
    else begin
      if (set_i) step_q <= 3'd1;
      else if (step_q != 3'd0) step_q <= step_q == 3'd4 ? 3'd0 : step_q + 3'd1;
      if (step_q == 3'd2) extent_q <= product;
      if (step_q == 3'd3) line_step_q <= product;
      if (step_q == 3'd4) out_count_q <= product;
    end
  end

  always @(posedge clk_i) begin
    next_useful_q <= op_useful[16:0];
    wrong_q       <= {op_conv && no_map, op_length == 32'd0};
    ub_end_q      <= ub_end;
    acc_end_q     <= acc_end;
    dy_low_q      <= op_dy_wide * $signed({9'd0, pitch_i[7:0]});
    dy_high_q     <= op_dy_wide * $signed({9'd0, pitch_i[15:8]});
    first_row_q   <= op_i[23:0];
    code_q        <= code;
    next_line_q   <= line;
    if (rst_i) ahead_q <= 2'd0;
    else ahead_q <= {ahead_q[0] && stays, stays};
  end

  wire unused = &{1'b0, op_i[55:48], op_useful[17], carry[31], out_count_q};
endmodule
