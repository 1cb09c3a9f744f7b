// SPDX-License-Identifier: Apache-2.0
// What the activation unit knows before it takes an operation: the geometry's products, made one after
// the other behind a Set, and the head of the queue decoded and checked.
// Latency: geometry is there five cycles after the one of set_i; ahead_o tells that code_o, halves_o,
// line_o and other_o are those of the head, which takes two cycles with the same head.
module mxu_activation_ahead #(
    parameter UB_DEPTH = 98304,  // rows of the unified buffer
    parameter ACC_DEPTH = 4096,  // rows of the accumulators, a power of two
    parameter PARAM_SETS = 64    // parameter sets
) (
    input  wire        clk_i,
    input  wire        rst_i,
    // geometry
    input  wire        set_i,        // a register changes
    input  wire [15:0] in_h_i,
    input  wire [15:0] in_w_i,
    input  wire [15:0] out_w_i,
    input  wire [ 7:0] stride_y_i,
    input  wire [ 7:0] stride_x_i,
    input  wire [ 7:0] win_h_i,
    input  wire [ 7:0] win_w_i,
    input  wire [ 7:0] dy_i,
    output wire        settles_o,    // the products are not all there
    output wire [31:0] line_step_o,  // accumulator rows from a line of windows to the next
    // head of the queue
    input  wire [66:0] op_i,         // sum, pooling, fields
    input  wire        stays_i,      // there is one, which is there in the next cycle too
    output wire        ahead_o,
    output wire [ 3:0] code_o,       // what it is refused for, 0 if nothing
    output wire [ 1:0] halves_o,     // halves of the accumulators that it uses
    output wire [31:0] line_o,       // its first accumulator row, with pooling dy lines further
    output wire [31:0] other_o       // the same, or of a sum that of the other operands
);
  localparam [32:0] UB_LIMIT = {2'b00, UB_DEPTH[30:0]};
  localparam [32:0] ACC_LIMIT = {2'b00, ACC_DEPTH[30:0]};
  localparam [32:0] HALF = {2'b0, ACC_DEPTH[31:1]};
  localparam [31:0] SETS_32 = PARAM_SETS;
  localparam [9:0] SETS = SETS_32[9:0];

  reg [2:0] step_q;
  reg [31:0] extent_q;
  reg [31:0] line_step_q;
  reg [15:0] window_q;
  reg [24:0] dy_lines_q;
  reg [1:0] ahead_q;
  reg [3:0] code_q;
  reg [1:0] next_halves_q;
  reg [31:0] next_line_q;
  reg [31:0] next_other_q;
  reg [2:0] wrong_q;
  reg begins_low_q;
  reg [24:0] ub_end_q;
  reg [32:0] acc_end_q;
  reg [31:0] line_q;
  reg [31:0] other_q;

  assign settles_o   = step_q != 3'd0;
  assign line_step_o = line_step_q;
  assign ahead_o     = ahead_q[1];
  assign code_o      = code_q;
  assign halves_o    = next_halves_q;
  assign line_o      = next_line_q;
  assign other_o     = next_other_q;

  // Geometry, in steps with one multiplier: what a step multiplies is there in the next. A dy below 0
  // is 256 too large there.
  wire [31:0] product;
  reg dy_below_q;
  always @(posedge clk_i) dy_below_q <= step_q == 3'd4 && dy_i[7];
  mxu_map_product u_product (
      .clk_i   (clk_i),
      .a_i     (step_q == 3'd1 ? in_h_i :
                step_q == 3'd2 ? {8'd0, stride_y_i} :
                step_q == 3'd3 ? {8'd0, win_h_i} :
                                 {8'd0, dy_i}),
      .b_i     (step_q == 3'd3 ? {8'd0, win_w_i} : in_w_i),
      .addend_i({32{dy_below_q}} & {8'hFF, ~in_w_i, 8'hFF}),
      .carry_i (dy_below_q),
      .sum_o   (product)
  );

  always @(posedge clk_i) begin
    if (rst_i) step_q <= 3'd0;
    else begin
      if (set_i) step_q <= 3'd1;
      else if (step_q != 3'd0) step_q <= step_q == 3'd5 ? 3'd0 : step_q + 3'd1;
      if (step_q == 3'd2) extent_q <= product;
      if (step_q == 3'd3) line_step_q <= product;
      if (step_q == 3'd4) window_q <= product[15:0];
      if (step_q == 3'd5) dy_lines_q <= product[24:0];
    end
  end

  wire op_sum = op_i[66];
  wire [1:0] op_pool = op_i[65:64];
  wire [7:0] op_set = op_i[63:56];
  wire [15:0] op_length = op_i[55:40];
  wire [15:0] op_acc = op_i[39:24];
  wire [23:0] op_first = op_i[23:0];
  wire op_pooled = op_pool != 2'd0;
  wire [31:0] op_extent = op_pooled ? extent_q : op_sum ? {15'd0, op_length, 1'b0} : {16'd0, op_length};

  // Decoding ahead, first step.
  wire no_window = in_h_i == 16'd0 || in_w_i == 16'd0 || out_w_i == 16'd0 || stride_y_i == 8'd0 ||
                   stride_x_i == 8'd0 || win_h_i == 8'd0 || win_w_i == 8'd0;
  wire [32:0] acc_end;
  wire [31:0] line;
  adder #(
      .WIDTH(33)
  ) u_acc_end (
      .a_i    ({17'd0, op_acc}),
      .b_i    ({1'b0, op_extent}),
      .carry_i(1'b0),
      .sum_o  (acc_end)
  );
  adder #(
      .WIDTH(32)
  ) u_line (
      .a_i    ({16'd0, op_acc}),
      .b_i    (op_pooled ? {{7{dy_lines_q[24]}}, dy_lines_q} : 32'd0),
      .carry_i(1'b0),
      .sum_o  (line)
  );
  wire [16:0] op_other = {1'b0, op_acc} + {1'b0, op_length};

  // Second step.
  wire [3:0] code = wrong_q[0]                    ? 4'd2 :
                    {8'd0, ub_end_q} > UB_LIMIT   ? 4'd3 :
                    acc_end_q > ACC_LIMIT         ? 4'd4 :
                    wrong_q[1]                    ? 4'd5 :
                    wrong_q[2]                    ? 4'd8 :
                                                    4'd0;
  wire stays = stays_i && step_q == 3'd0;

  always @(posedge clk_i) begin
    wrong_q[0]    <= op_length == 16'd0 || (op_pooled && (no_window || op_sum));
    wrong_q[1]    <= {2'b0, op_set} + (op_sum ? 10'd2 : 10'd0) >= SETS;
    wrong_q[2]    <= op_pool[1] && window_q > 16'd255;
    ub_end_q      <= {1'b0, op_first} + {9'd0, op_length};
    acc_end_q     <= acc_end;
    begins_low_q  <= {17'd0, op_acc} < HALF;
    line_q        <= line;
    other_q       <= op_sum ? {15'd0, op_other} : line;
    code_q        <= code;
    next_halves_q <= {acc_end_q > HALF, begins_low_q};
    next_line_q   <= line_q;
    next_other_q  <= other_q;
    if (rst_i) ahead_q <= 2'd0;
    else ahead_q <= {ahead_q[0] && stays, stays};
  end
endmodule
