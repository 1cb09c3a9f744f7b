// SPDX-License-Identifier: Apache-2.0
// Broadcast: takes one non-zero activation a cycle from the tree's root, with the bank addresses of
// its column's pointers, to all PEs (EIE, Han 2016, section IV).
// Handshake: root_pop_o takes what root_valid_i offers, while the pass runs and no queue is full;
// hold_i stops all registers of the broadcast, here and in the PEs. Latency: one cycle.
module eie_broadcast #(
    parameter BANK_W = 13,  // address of a pointer bank
    parameter COL_W  = 12   // column number
) (
    input  wire              clk_i,
    input  wire              rst_i,
    input  wire              run_i,         // the pass runs
    input  wire [  BANK_W:0] ptr_base_i,    // number of column 0's first pointer
    // root of the leading-non-zero tree
    input  wire              root_valid_i,
    input  wire [ COL_W-1:0] root_col_i,
    input  wire [      15:0] root_act_i,
    output wire              root_pop_o,
    // to the PEs
    input  wire              hold_i,        // some queue is full
    output wire              advance_o,
    output wire              b_valid_o,
    output wire [      15:0] b_act_o,
    output wire [BANK_W-1:0] b_even_o,
    output wire [BANK_W-1:0] b_odd_o,
    output wire              b_odd_first_o
);
  reg b_valid_q;
  reg [15:0] b_act_q;
  reg [BANK_W-1:0] b_even_q;
  reg [BANK_W-1:0] b_odd_q;
  reg b_odd_first_q;

  // The column's pointer number; its successor is in the other bank.
  wire [BANK_W:0] col;
  generate
    if (COL_W > BANK_W) begin : g_col_cut
      assign col = root_col_i[BANK_W:0];
      if (COL_W > BANK_W + 1) begin : g_unused
        wire unused_col = &{1'b0, root_col_i[COL_W-1:BANK_W+1]};
      end
    end else begin : g_col_extend
      assign col = {{(BANK_W + 1 - COL_W) {1'b0}}, root_col_i};
    end
  endgenerate
  wire [BANK_W:0] ptr = ptr_base_i + col;

  assign advance_o     = !hold_i;
  assign root_pop_o    = root_valid_i && advance_o && run_i;
  assign b_valid_o     = b_valid_q;
  assign b_act_o       = b_act_q;
  assign b_even_o      = b_even_q;
  assign b_odd_o       = b_odd_q;
  assign b_odd_first_o = b_odd_first_q;

  always @(posedge clk_i) begin
    if (rst_i) begin
      b_valid_q <= 1'b0;
    end else if (advance_o) begin
      b_valid_q <= root_pop_o;
      if (root_pop_o) begin
        b_act_q       <= root_act_i;
        b_odd_first_q <= ptr[0];
        b_odd_q       <= ptr[BANK_W:1];
        b_even_q      <= ptr[BANK_W:1] + {{(BANK_W - 1) {1'b0}}, ptr[0]};
      end
    end
  end
endmodule
