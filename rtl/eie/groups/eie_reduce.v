// SPDX-License-Identifier: Apache-2.0
// Sum over the groups: adds up the accumulators that the PEs of a team, one of each group, hold for
// one row, in a tree of pairs. The sum is as wide as it needs, so it never saturates.
// Handshake: a row is taken with wb_read_i, in any cycle; its sum is there log2(GROUPS) cycles
// later, with one group in the same cycle. Throughput one a cycle.
module eie_reduce #(
    parameter GROUPS = 1,                          // numbers of a row, 1, 2, 4 or 8
    parameter ACC_WIDTH = 32,                      // bits of a number
    parameter REG_W = 6,                           // bits of a row's number
    parameter SUM_W = ACC_WIDTH + $clog2(GROUPS)   // derived, do not override
) (
    input  wire                        clk_i,
    input  wire                        rst_i,
    input  wire                        wb_read_i,
    input  wire [           REG_W-1:0] wb_row_i,
    input  wire [GROUPS*ACC_WIDTH-1:0] words_i,      // group 0's in the lowest bits
    output wire                        sum_valid_o,
    output wire [           REG_W-1:0] sum_row_o,
    output wire [           SUM_W-1:0] sum_o
);
  localparam LEVELS = $clog2(GROUPS);

  genvar l;
  generate
    for (l = 0; l < LEVELS; l = l + 1) begin : g_stage
      localparam WORDS = GROUPS >> l;
      localparam WIDTH = ACC_WIDTH + l;
      wire valid;
      wire [REG_W-1:0] row;
      wire [WORDS*WIDTH-1:0] words;
      wire stage_valid;
      wire [REG_W-1:0] stage_row;
      wire [WORDS/2*(WIDTH + 1)-1:0] sums;
      if (l == 0) begin : g_first
        assign valid = wb_read_i;
        assign row   = wb_row_i;
        assign words = words_i;
      end else begin : g_next
        assign valid = g_stage[l-1].stage_valid;
        assign row   = g_stage[l-1].stage_row;
        assign words = g_stage[l-1].sums;
      end
      eie_reduce_stage #(
          .WORDS(WORDS),
          .WIDTH(WIDTH),
          .REG_W(REG_W)
      ) u_stage (
          .clk_i  (clk_i),
          .rst_i  (rst_i),
          .valid_i(valid),
          .row_i  (row),
          .words_i(words),
          .valid_o(stage_valid),
          .row_o  (stage_row),
          .sums_o (sums)
      );
    end

    if (LEVELS == 0) begin : g_one_group
      assign sum_valid_o = wb_read_i;
      assign sum_row_o   = wb_row_i;
      assign sum_o       = words_i;
      wire unused = &{1'b0, clk_i, rst_i};
    end else begin : g_groups
      assign sum_valid_o = g_stage[LEVELS-1].stage_valid;
      assign sum_row_o   = g_stage[LEVELS-1].stage_row;
      assign sum_o       = g_stage[LEVELS-1].sums;
    end

    if (GROUPS != 1 && GROUPS != 2 && GROUPS != 4 && GROUPS != 8) begin : g_check_groups
      parameter_error_GROUPS_must_be_1_2_4_or_8 u_error ();
    end
  endgenerate
endmodule
