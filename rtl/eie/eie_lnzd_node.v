// SPDX-License-Identifier: Apache-2.0
// One node of the leading-non-zero tree: merges four streams of (column, activation), each rising
// in its column, into one rising stream (EIE, Han 2016, section IV).
// Handshake: a child offers with valid and is taken by pop in the same cycle; done says that
// nothing will follow. Child 0 holds lower columns than child 1 wherever their rows are equal.
// Latency one cycle, throughput one a cycle.
module eie_lnzd_node #(
    parameter COL_W = 12,  // bits of a column number
    parameter ROW_LSB = 6  // columns are compared from this bit up, below it children are in order
) (
    input  wire               clk_i,
    input  wire               rst_i,
    input  wire [        3:0] child_valid_i,
    input  wire [        3:0] child_done_i,
    input  wire [4*COL_W-1:0] child_col_i,
    input  wire [       63:0] child_act_i,
    output wire [        3:0] child_pop_o,
    output wire               valid_o,
    output wire               done_o,
    output wire [  COL_W-1:0] col_o,
    output wire [       15:0] act_o,
    input  wire               pop_i
);
  localparam ROW_W = COL_W - ROW_LSB;

  reg valid_q;
  reg [COL_W-1:0] col_q;
  reg [15:0] act_q;

  wire [ROW_W-1:0] row0 = child_col_i[0*COL_W+ROW_LSB+:ROW_W];
  wire [ROW_W-1:0] row1 = child_col_i[1*COL_W+ROW_LSB+:ROW_W];
  wire [ROW_W-1:0] row2 = child_col_i[2*COL_W+ROW_LSB+:ROW_W];
  wire [ROW_W-1:0] row3 = child_col_i[3*COL_W+ROW_LSB+:ROW_W];

  // Two rounds of a knock-out: pick_x is the child that leads its pair, ties go to the lower child.
  wire pick_01 = !child_valid_i[0] || (child_valid_i[1] && row1 < row0);
  wire pick_23 = !child_valid_i[2] || (child_valid_i[3] && row3 < row2);
  wire [ROW_W-1:0] row_01 = pick_01 ? row1 : row0;
  wire [ROW_W-1:0] row_23 = pick_23 ? row3 : row2;
  wire valid_01 = child_valid_i[0] || child_valid_i[1];
  wire valid_23 = child_valid_i[2] || child_valid_i[3];
  wire pick_high = !valid_01 || (valid_23 && row_23 < row_01);

  wire settled = &(child_valid_i | child_done_i);
  wire take = (!valid_q || pop_i) && settled && (valid_01 || valid_23);

  wire [COL_W-1:0] col_01 = pick_01 ? child_col_i[1*COL_W+:COL_W] : child_col_i[0*COL_W+:COL_W];
  wire [COL_W-1:0] col_23 = pick_23 ? child_col_i[3*COL_W+:COL_W] : child_col_i[2*COL_W+:COL_W];
  wire [15:0] act_01 = pick_01 ? child_act_i[31:16] : child_act_i[15:0];
  wire [15:0] act_23 = pick_23 ? child_act_i[63:48] : child_act_i[47:32];

  assign child_pop_o = {
    take && pick_high && pick_23,
    take && pick_high && !pick_23,
    take && !pick_high && pick_01,
    take && !pick_high && !pick_01
  };

  assign valid_o = valid_q;
  assign done_o  = !valid_q && (&child_done_i);
  assign col_o   = col_q;
  assign act_o   = act_q;

  always @(posedge clk_i) begin
    if (rst_i) valid_q <= 1'b0;
    else if (take) valid_q <= 1'b1;
    else if (pop_i) valid_q <= 1'b0;
    if (take && !rst_i) begin
      col_q <= pick_high ? col_23 : col_01;
      act_q <= pick_high ? act_23 : act_01;
    end
  end
endmodule
