// SPDX-License-Identifier: Apache-2.0
// Decode of a set of entries of one column: the row of each lane is the column's next row plus the
// prefix sum of what the lanes in front of it pass. One cycle: prefix sums to p_*_q; from there
// combinational the rows, and each lane's rank among the lanes of its bank.
// Handshake: moves in cycles with step_i, takes a_*_i in those with a_valid_i.
module eie_lane_decode #(
    parameter LANES = 4,           // entries of a set, a power of two
    parameter ROWS = 64,           // accumulators of the PE, a power of two
    parameter BANKS = 8,           // banks of accumulators, a power of two
    parameter RANK_W = 2,          // bits of a rank
    parameter REG_W = $clog2(ROWS)  // derived, do not override
) (
    input  wire                     clk_i,
    input  wire                     rst_i,
    input  wire                     step_i,
    // a set of entries, lane 0 in the lowest bits
    input  wire                     a_valid_i,
    input  wire                     a_first_i,  // the first of its column
    input  wire [  $clog2(LANES):0] a_count_i,  // entries in it
    input  wire [      8*LANES-1:0] a_entry_i,
    input  wire [             15:0] a_act_i,
    // the set with its rows
    output wire                     r_valid_o,
    output wire [        LANES-1:0] r_write_o,  // lanes that have something to add
    output wire [  REG_W*LANES-1:0] r_row_o,
    output wire [ RANK_W*LANES-1:0] r_rank_o,   // lanes of the same bank in front of it
    output wire [      4*LANES-1:0] r_code_o,
    output wire [             15:0] r_act_o,
    // status
    input  wire                     flags_clear_i,
    output wire                     row_error_o,
    output wire                     busy_o
);
  localparam LANE_W = $clog2(LANES);
  localparam BANK_W = $clog2(BANKS);
  localparam SUM_W = (REG_W > 9 ? REG_W : 9) + 1;  // of a lane's rows and carry

  reg p_valid_q;
  reg p_first_q;
  reg [LANES-1:0] p_mask_q;
  reg [4*LANES-1:0] p_code_q;
  reg [REG_W*LANES-1:0] p_rel_q;
  reg [LANES-1:0] p_over_q;
  reg [15:0] p_act_q;
  reg [REG_W-1:0] n_row_q;
  reg n_over_q;
  reg row_error_q;

  // Prefix sums in a balanced tree, modulo ROWS with a bit for sums that are at least that.
  reg [LANES-1:0] mask;
  reg [4*LANES-1:0] code;
  reg [REG_W*LANES-1:0] rel;
  reg [LANES-1:0] over;
  reg [4:0] skip_1;
  reg [SUM_W-1:0] passed;
  reg [REG_W:0] sum;
  integer i;
  integer k;
  integer from;
  always @* begin
    for (i = 0; i < LANES; i = i + 1) begin
      mask[i] = i[LANE_W:0] < a_count_i;
      code[4*i+:4] = a_entry_i[8*i+:4];
      // Lane 0 counts from the row in front of the next one.
      skip_1 = {1'b0, a_entry_i[8*i+4+:4]} + 5'd1;
      if (i == 0) begin
        passed = code[3:0] == 4'd0 ? {{(SUM_W - 8) {1'b0}}, a_entry_i[7:4], 4'd15} :
                                     {{(SUM_W - 4) {1'b0}}, a_entry_i[7:4]};
      end else begin
        passed = code[4*i+:4] == 4'd0 ? {{(SUM_W - 9) {1'b0}}, skip_1, 4'd0} :
                                        {{(SUM_W - 5) {1'b0}}, skip_1};
      end
      rel[REG_W*i+:REG_W] = passed[REG_W-1:0];
      over[i] = passed[SUM_W-1:REG_W] != {(SUM_W - REG_W) {1'b0}};
    end
    sum = {(REG_W + 1) {1'b0}};
    from = 0;
    for (k = 0; k < LANE_W; k = k + 1) begin
      for (i = 0; i < LANES; i = i + 1) begin
        if (((i >> k) & 1) != 0) begin
          from = ((i >> k) << k) - 1;
          sum = {1'b0, rel[REG_W*i+:REG_W]} + {1'b0, rel[REG_W*from+:REG_W]};
          rel[REG_W*i+:REG_W] = sum[REG_W-1:0];
          over[i] = over[i] || over[from] || sum[REG_W];
        end
      end
    end
  end

  // Rows and ranks.
  wire [REG_W-1:0] base = p_first_q ? {REG_W{1'b0}} : n_row_q;
  wire base_over = !p_first_q && n_over_q;
  wire [REG_W:0] next = {1'b0, base} + {1'b0, p_rel_q[REG_W*LANES-1-:REG_W]} + 1'b1;
  reg [LANES-1:0] out;
  reg [LANES-1:0] used;
  reg [REG_W*LANES-1:0] row;
  reg [RANK_W*LANES-1:0] rank;
  reg [REG_W:0] row_sum;
  reg [RANK_W-1:0] rivals;
  integer r;
  integer s;
  always @* begin
    for (r = 0; r < LANES; r = r + 1) begin
      row_sum = {1'b0, base} + {1'b0, p_rel_q[REG_W*r+:REG_W]};
      row[REG_W*r+:REG_W] = row_sum[REG_W-1:0];
      out[r] = base_over || p_over_q[r] || row_sum[REG_W];
      used[r] = p_mask_q[r] && p_code_q[4*r+:4] != 4'd0;
    end
    for (r = 0; r < LANES; r = r + 1) begin
      rivals = {RANK_W{1'b0}};
      for (s = 0; s < r; s = s + 1) begin
        rivals = rivals + {{(RANK_W - 1) {1'b0}},
            used[s] && p_rel_q[REG_W*s+:BANK_W] == p_rel_q[REG_W*r+:BANK_W]};
      end
      rank[RANK_W*r+:RANK_W] = rivals;
    end
  end

  assign r_valid_o   = p_valid_q;
  assign r_write_o   = {LANES{p_valid_q}} & used & ~out;
  assign r_row_o     = row;
  assign r_rank_o    = rank;
  assign r_code_o    = p_code_q;
  assign r_act_o     = p_act_q;
  assign row_error_o = row_error_q;
  assign busy_o      = p_valid_q;

  always @(posedge clk_i) begin
    if (rst_i) begin
      p_valid_q   <= 1'b0;
      row_error_q <= 1'b0;
    end else begin
      if (step_i) p_valid_q <= a_valid_i;
      if (step_i && a_valid_i) begin
        p_first_q <= a_first_i;
        p_mask_q  <= mask;
        p_code_q  <= code;
        p_rel_q   <= rel;
        p_over_q  <= over;
        p_act_q   <= a_act_i;
      end
      if (step_i && p_valid_q) begin
        n_row_q  <= next[REG_W-1:0];
        n_over_q <= base_over || p_over_q[LANES-1] || next[REG_W];
      end
      if (flags_clear_i) row_error_q <= 1'b0;
      else if (step_i && p_valid_q && (p_mask_q & out) != {LANES{1'b0}}) row_error_q <= 1'b1;
    end
  end

  generate
    if (LANES != 4 && LANES != 8 && LANES != 16) begin : g_check_lanes
      parameter_error_LANES_must_be_4_8_or_16 u_error ();
    end
    if (ROWS < 2 * BANKS || ROWS > 512 || (ROWS & (ROWS - 1)) != 0) begin : g_check_rows
      parameter_error_ROWS_must_be_a_power_of_two_from_twice_BANKS_to_512 u_error ();
    end
    if (BANKS < 2 || BANKS > 64 || (BANKS & (BANKS - 1)) != 0) begin : g_check_banks
      parameter_error_BANKS_must_be_a_power_of_two_from_2_to_64 u_error ();
    end
  endgenerate
endmodule
