// SPDX-License-Identifier: Apache-2.0
// Walk of the activation unit over accumulator rows: row by row, window by window of a map, or over
// the operands and sums of two maps; each window once for every turn of the columns at the lanes. One
// position a cycle from the one after load_i until the last.
module mxu_walk #(
    parameter ACC_DEPTH = 4096,           // rows of the accumulators, a power of two
    parameter TURNS = 1,                  // turns of a window, 1 to 256
    parameter ACC_W = $clog2(ACC_DEPTH),  // derived, do not override
    parameter TURN_W = TURNS > 1 ? $clog2(TURNS) : 1  // derived, do not override
) (
    input  wire             clk_i,
    input  wire             rst_i,
    // an operation to begin
    input  wire             load_i,
    input  wire [     31:0] line_i,       // first accumulator row, with pooling dy lines further
    input  wire [     31:0] other_i,      // the same, or of a sum that of the other operands
    input  wire [     15:0] length_i,     // rows of the result
    input  wire             load_pool_i,
    input  wire             load_sum_i,
    // the operation under way, and the geometry of pooling
    input  wire             pooled_i,
    input  wire             sum_i,
    input  wire [     15:0] in_h_i,
    input  wire [     15:0] in_w_i,
    input  wire [     15:0] out_w_i,
    input  wire [      7:0] stride_y_i,
    input  wire [      7:0] stride_x_i,
    input  wire [      7:0] win_h_i,
    input  wire [      7:0] win_w_i,
    input  wire [      7:0] dy_i,
    input  wire [      7:0] dx_i,
    input  wire [     31:0] line_step_i,  // accumulator rows from a line of windows to the next
    output wire             run_o,
    // the position of this cycle
    output wire             issue_o,      // there is one
    output wire             inside_o,     // in the map
    output wire             first_o,      // of its window
    output wire             last_o,
    output wire             end_o,        // the operation's last
    output wire [      1:0] position_o,   // in a sum: first, second operand, sum
    output wire [TURN_W-1:0] turn_o,      // whose columns it is for,
    output wire             turn_last_o,  // the last ones
    output wire             act_re_o,
    output wire [ACC_W-1:0] act_addr_o
);
  localparam [31:0] TURNS_32 = TURNS;
  localparam [31:0] LAST_32 = TURNS - 1;
  localparam [31:0] TWO_32 = 2;
  localparam LEFT_W = 17 + $clog2(TURNS);
  localparam [LEFT_W-1:0] LEFT_2 = TWO_32[LEFT_W-1:0];

  reg run_q;
  reg [LEFT_W-1:0] left_q;  // turns of windows
  reg [31:0] x0_q;
  reg [31:0] y0_q;
  reg [7:0] wx_q;
  reg [7:0] wy_q;
  reg [15:0] ox_q;
  reg [31:0] l0_q;
  reg [31:0] lw_q;

  wire [31:0] dx = {{24{dx_i[7]}}, dx_i};

  wire [31:0] iy = y0_q + {24'd0, wy_q};
  wire [31:0] ix = x0_q + {24'd0, wx_q};
  wire line_last = pooled_i && ox_q == out_w_i - 16'd1;
  wire window_line_last = sum_i ? wx_q == 8'd2 : !pooled_i || wx_q == win_w_i - 8'd1;
  wire [31:0] next_line = l0_q + line_step_i;
  // A sum is issued two turns behind its operands: the first two have none, the last two only the sum.
  wire total = wx_q[1];
  wire in_sum = total ? third : left_q[LEFT_W-1:1] != {(LEFT_W - 1) {1'b0}} && left_q != LEFT_2;
  wire [LEFT_W-1:0] turns;
  wire [31:0] address = sum_i ? (wx_q[0] ? l0_q : lw_q) + x0_q : lw_q + ix;

  assign run_o      = run_q;
  assign issue_o    = run_q && (!sum_i || in_sum);
  assign inside_o   = !pooled_i || (iy < {16'd0, in_h_i} && ix < {16'd0, in_w_i});
  assign first_o    = wy_q == 8'd0 && wx_q == 8'd0;
  assign last_o     = window_line_last && (!pooled_i || wy_q == win_h_i - 8'd1);
  assign end_o      = last_o && left_q == {{(LEFT_W - 1) {1'b0}}, 1'b1};
  assign position_o = wx_q[1:0];
  assign act_re_o   = issue_o && inside_o && !(sum_i && total);
  assign act_addr_o = address[ACC_W-1:0];

  // Turns of the columns at the lanes.
  wire turn_last;
  wire third;  // or a later turn of the operation
  generate
    if (TURNS == 1) begin : g_one
      assign turns       = {1'b0, length_i};
      assign turn_last   = 1'b1;
      assign third       = ox_q[15:1] != 15'd0;
      assign turn_o      = 1'b0;
      assign turn_last_o = 1'b1;
    end else begin : g_turns
      localparam [TURN_W-1:0] LAST = LAST_32[TURN_W-1:0];
      reg [TURN_W-1:0] turn_q;
      // The turn of two turns before.
      wire [TURN_W:0] two_ago = {1'b0, turn_q} - TWO_32[TURN_W:0];
      wire [TURN_W:0] wrapped = two_ago[TURN_W] ? two_ago + TURNS_32[TURN_W:0] : two_ago;
      assign turns       = {{(LEFT_W - 16) {1'b0}}, length_i} * TURNS_32[LEFT_W-1:0];
      assign turn_last   = turn_q == LAST;
      assign third       = ox_q != 16'd0 || (TURNS > 2 && !two_ago[TURN_W]);
      assign turn_o      = sum_i && total ? wrapped[TURN_W-1:0] : turn_q;
      assign turn_last_o = turn_o == LAST;
      always @(posedge clk_i) begin
        if (!rst_i) begin
          if (load_i) turn_q <= {TURN_W{1'b0}};
          else if (run_q && last_o) turn_q <= turn_last ? {TURN_W{1'b0}} : turn_q + 1'b1;
        end
      end
      wire unused = &{1'b0, wrapped[TURN_W]};
    end
  endgenerate

  always @(posedge clk_i) begin
    if (rst_i) run_q <= 1'b0;
    else begin
      if (load_i) run_q <= 1'b1;
      else if (run_q && end_o) run_q <= 1'b0;

      if (load_i) begin
        left_q <= turns + {{(LEFT_W - 2) {1'b0}}, load_sum_i, 1'b0};
        x0_q   <= load_pool_i ? dx : 32'd0;
        y0_q   <= load_pool_i ? {{24{dy_i[7]}}, dy_i} : 32'd0;
        wx_q   <= 8'd0;
        wy_q   <= 8'd0;
        ox_q   <= 16'd0;
        l0_q   <= other_i;
        lw_q   <= line_i;
      end else if (run_q) begin
        if (!window_line_last) wx_q <= wx_q + 8'd1;
        else begin
          wx_q <= 8'd0;
          if (!last_o) begin
            wy_q <= wy_q + 8'd1;
            lw_q <= lw_q + {16'd0, in_w_i};
          end else begin
            wy_q   <= 8'd0;
            left_q <= left_q - 1'b1;
            if (!turn_last) begin
              if (!sum_i) lw_q <= l0_q;
            end else if (line_last) begin
              ox_q <= 16'd0;
              x0_q <= dx;
              y0_q <= y0_q + {24'd0, stride_y_i};
              l0_q <= next_line;
              lw_q <= next_line;
            end else begin
              ox_q <= ox_q + 16'd1;
              x0_q <= x0_q + (pooled_i ? {24'd0, stride_x_i} : 32'd1);
              if (!sum_i) lw_q <= l0_q;
            end
          end
        end
      end
    end
  end

  wire unused = &{1'b0, address, TURNS_32, LAST_32, TWO_32};
endmodule
