// SPDX-License-Identifier: Apache-2.0
// Leading-non-zero detection: a tree of 4-way nodes over the PEs' leaves that delivers the non-zero
// activations of the source registers in rising column order (EIE, Han 2016, section IV).
// Handshake as eie_lnzd_node. Latency one cycle a level, throughput one a cycle. 64 PEs: 21 nodes.
module eie_lnzd #(
    parameter N_PE = 64,  // leaves, a power of two from 1 to 256
    parameter REG_W = 6,  // bits of a register number
    parameter COL_W = REG_W + $clog2(N_PE)  // derived, do not override
) (
    input  wire                  clk_i,
    input  wire                  rst_i,
    input  wire [      N_PE-1:0] leaf_valid_i,
    input  wire [      N_PE-1:0] leaf_done_i,
    input  wire [N_PE*COL_W-1:0] leaf_col_i,
    input  wire [   N_PE*16-1:0] leaf_act_i,
    output wire [      N_PE-1:0] leaf_pop_o,
    output wire                  root_valid_o,
    output wire                  root_done_o,
    output wire [     COL_W-1:0] root_col_o,
    output wire [          15:0] root_act_o,
    input  wire                  root_pop_i
);
  localparam LEVELS = ($clog2(N_PE) + 1) / 2;
  localparam ROW_LSB = $clog2(N_PE);

  genvar l;
  genvar n;
  generate
    if (N_PE < 1 || N_PE > 256 || (N_PE & (N_PE - 1)) != 0) begin : g_check_n_pe
      parameter_error_N_PE_must_be_a_power_of_two_from_1_to_256 u_error ();
    end

    if (LEVELS == 0) begin : g_single
      assign root_valid_o = leaf_valid_i[0];
      assign root_done_o  = leaf_done_i[0];
      assign root_col_o   = leaf_col_i;
      assign root_act_o   = leaf_act_i;
      assign leaf_pop_o   = root_pop_i;
      wire unused = &{1'b0, clk_i, rst_i};
    end

    for (l = 0; l < LEVELS; l = l + 1) begin : g_level
      // Level l merges BELOW streams into NODES.
      localparam BELOW = (N_PE + (1 << (2 * l)) - 1) >> (2 * l);
      localparam NODES = (BELOW + 3) / 4;
      wire [      4*NODES-1:0] child_valid;
      wire [      4*NODES-1:0] child_done;
      wire [4*NODES*COL_W-1:0] child_col;
      wire [   4*NODES*16-1:0] child_act;
      wire [      4*NODES-1:0] child_pop;
      wire [        NODES-1:0] valid;
      wire [        NODES-1:0] done;
      wire [  NODES*COL_W-1:0] col;
      wire [     NODES*16-1:0] act;
      wire [        NODES-1:0] pop;

      if (l == 0) begin : g_leaves
        assign child_valid[BELOW-1:0]     = leaf_valid_i;
        assign child_done[BELOW-1:0]      = leaf_done_i;
        assign child_col[BELOW*COL_W-1:0] = leaf_col_i;
        assign child_act[BELOW*16-1:0]    = leaf_act_i;
        assign leaf_pop_o                 = child_pop[BELOW-1:0];
      end else begin : g_nodes
        assign child_valid[BELOW-1:0]     = g_level[l-1].valid;
        assign child_done[BELOW-1:0]      = g_level[l-1].done;
        assign child_col[BELOW*COL_W-1:0] = g_level[l-1].col;
        assign child_act[BELOW*16-1:0]    = g_level[l-1].act;
      end
      if (4 * NODES > BELOW) begin : g_missing
        localparam MISSING = 4 * NODES - BELOW;
        assign child_valid[4*NODES-1:BELOW]           = {MISSING{1'b0}};
        assign child_done[4*NODES-1:BELOW]            = {MISSING{1'b1}};
        assign child_col[4*NODES*COL_W-1:BELOW*COL_W] = {MISSING * COL_W{1'b0}};
        assign child_act[4*NODES*16-1:BELOW*16]       = {MISSING * 16{1'b0}};
        wire unused = &{1'b0, child_pop[4*NODES-1:BELOW]};
      end

      if (l == LEVELS - 1) begin : g_root
        assign root_valid_o = valid[0];
        assign root_done_o  = done[0];
        assign root_col_o   = col;
        assign root_act_o   = act;
        assign pop          = root_pop_i;
      end else begin : g_inner
        assign pop = g_level[l+1].child_pop[NODES-1:0];
      end

      for (n = 0; n < NODES; n = n + 1) begin : g_node
        eie_lnzd_node #(
            .COL_W  (COL_W),
            .ROW_LSB(ROW_LSB)
        ) u_node (
            .clk_i        (clk_i),
            .rst_i        (rst_i),
            .child_valid_i(child_valid[4*n+:4]),
            .child_done_i (child_done[4*n+:4]),
            .child_col_i  (child_col[4*COL_W*n+:4*COL_W]),
            .child_act_i  (child_act[64*n+:64]),
            .child_pop_o  (child_pop[4*n+:4]),
            .valid_o      (valid[n]),
            .done_o       (done[n]),
            .col_o        (col[COL_W*n+:COL_W]),
            .act_o        (act[16*n+:16]),
            .pop_i        (pop[n])
        );
      end
    end
  endgenerate
endmodule
