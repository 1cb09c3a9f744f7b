// SPDX-License-Identifier: Apache-2.0
// Columns of the pass: what is broadcast to each group, its bias columns first, whose constants are
// in the codebook RAM, then what the group's tree finds (docs/reference/eie-timing.md, 3.7).
// Handshake: read_o asks for the constants that come next, word_i has them in the cycles after it;
// a bias column is taken by all groups in one cycle, if none is held. The trees' columns are taken
// as in eie_broadcast. Latency of either: one cycle. pending_o: bias columns are left.
module eie_columns #(
    parameter GROUPS = 1,   // groups of PEs, each with columns of its own
    parameter BANK_W = 13,  // address of a pointer bank
    parameter COL_W = 12    // column number of a tree
) (
    input  wire                     clk_i,
    input  wire                     rst_i,
    input  wire                     launch_i,        // the cycle before the pass runs
    input  wire                     run_i,           // the pass runs
    // the descriptor
    input  wire [              1:0] bias_i,          // pairs of bias constants
    input  wire [              2:0] bias_columns_i,  // bias columns of a group
    input  wire [         BANK_W:0] ptr_base_i,      // number of column 0's first pointer
    // constants: word of the codebook's, four in each
    output wire                     read_o,
    output wire                     word_o,
    input  wire [             63:0] word_i,
    output wire                     pending_o,
    // roots of the leading-non-zero trees
    input  wire [       GROUPS-1:0] root_valid_i,
    input  wire [ GROUPS*COL_W-1:0] root_col_i,
    input  wire [    GROUPS*16-1:0] root_act_i,
    output wire [       GROUPS-1:0] root_pop_o,
    output wire [       GROUPS-1:0] taken_o,         // broadcasts that take a column
    // to the PEs, see eie_broadcast
    input  wire [       GROUPS-1:0] hold_i,
    output wire [       GROUPS-1:0] advance_o,
    output wire [       GROUPS-1:0] b_valid_o,
    output wire [    GROUPS*16-1:0] b_act_o,
    output wire [GROUPS*BANK_W-1:0] b_even_o,
    output wire [GROUPS*BANK_W-1:0] b_odd_o,
    output wire [       GROUPS-1:0] b_odd_first_o
);
  // Groups that share the bias columns: as many as a word has constants, at most.
  localparam SHARING = GROUPS < 4 ? GROUPS : 4;

  reg [2:0] step_q;

  wire step = run_i && pending_o && hold_i == {GROUPS{1'b0}};
  wire [2:0] next = step_q + {2'd0, step};
  // Bias columns lie in front of column 0.
  wire [2:0] above = step_q - bias_columns_i;
  wire [BANK_W:0] bias_col;
  generate
    if (BANK_W < 3) begin : g_bias_col_cut
      assign bias_col = above[BANK_W:0];
      wire unused_above = &{1'b0, above};
    end else begin : g_bias_col
      assign bias_col = {{(BANK_W - 2) {1'b1}}, above};
    end
  endgenerate

  assign pending_o  = step_q != bias_columns_i;
  assign read_o     = (launch_i || step) && next != bias_columns_i;
  assign word_o     = SHARING == 1 ? next[2] : SHARING == 2 ? next[1] : next[0];
  assign root_pop_o = taken_o & {GROUPS{!pending_o}};

  genvar g;
  generate
    for (g = 0; g < GROUPS; g = g + 1) begin : g_group
      localparam LANE = g % SHARING;
      // The number of the constant of this step, of which there are twice bias_i.
      wire [3:0] constant = ({1'b0, step_q} << $clog2(SHARING)) | {2'd0, LANE[1:0]};
      wire bias_valid = step && g < SHARING && constant[3:1] < {1'b0, bias_i};
      wire [BANK_W:0] tree_col;
      if (COL_W > BANK_W) begin : g_col_cut
        assign tree_col = root_col_i[COL_W*g+:BANK_W+1];
      end else begin : g_col_extend
        assign tree_col = {{(BANK_W + 1 - COL_W) {1'b0}}, root_col_i[COL_W*g+:COL_W]};
      end

      eie_broadcast #(
          .BANK_W(BANK_W),
          .COL_W (BANK_W + 1)
      ) u_broadcast (
          .clk_i        (clk_i),
          .rst_i        (rst_i),
          .run_i        (run_i),
          .ptr_base_i   (ptr_base_i),
          .root_valid_i (pending_o ? bias_valid : root_valid_i[g]),
          .root_col_i   (pending_o ? bias_col : tree_col),
          .root_act_i   (pending_o ? word_i[16*constant[1:0]+:16] : root_act_i[16*g+:16]),
          .root_pop_o   (taken_o[g]),
          .hold_i       (hold_i[g]),
          .advance_o    (advance_o[g]),
          .b_valid_o    (b_valid_o[g]),
          .b_act_o      (b_act_o[16*g+:16]),
          .b_even_o     (b_even_o[BANK_W*g+:BANK_W]),
          .b_odd_o      (b_odd_o[BANK_W*g+:BANK_W]),
          .b_odd_first_o(b_odd_first_o[g])
      );
    end
  endgenerate

  always @(posedge clk_i) begin
    if (rst_i || !run_i) step_q <= 3'd0;
    else step_q <= next;
  end

  wire unused = &{1'b0, root_col_i, next};

// What may not happen: constants are asked for beyond the last, or bias columns of another number.
`ifdef SPARSYS_ASSERT
  always @(posedge clk_i) begin
    if (!rst_i && run_i && step_q > bias_columns_i) $stop;
    if (!rst_i && launch_i && step_q != 3'd0) $stop;
    if (!rst_i && run_i && (bias_i != 2'd0) != (bias_columns_i != 3'd0)) $stop;
  end
`endif
endmodule
