// SPDX-License-Identifier: Apache-2.0
// Dispatch: holds a set of entries until every lane is in its bank's FIFO. A lane's rank among the
// lanes of its bank is its slot (bit 0: which of the bank's two ports) and its round (the rest): a
// round's lanes are pushed as their banks have room, then comes the next round.
// Handshake: step_o moves everything in front of it, in a cycle in which the last lane is pushed or
// none is held. Latency one cycle. Nothing behind it can refuse what it has room for.
module eie_dispatch #(
    parameter LANES = 4,            // entries of a set, a power of two
    parameter ROWS = 64,            // accumulators of the PE, a power of two
    parameter BANKS = 8,            // banks of accumulators, a power of two
    parameter RANK_W = 2,           // bits of a rank
    parameter REG_W = $clog2(ROWS),  // derived, do not override
    parameter ADDR_W = $clog2(ROWS / BANKS)  // derived, do not override
) (
    input  wire                      clk_i,
    input  wire                      rst_i,
    // a set with its rows, lane 0 in the lowest bits
    input  wire                      r_valid_i,
    input  wire [         LANES-1:0] r_write_i,
    input  wire [   REG_W*LANES-1:0] r_row_i,
    input  wire [  RANK_W*LANES-1:0] r_rank_i,
    input  wire [       4*LANES-1:0] r_code_i,
    input  wire [              15:0] r_act_i,
    output wire                      step_o,
    // to the banks, bank 0 slot 0 in the lowest bits
    input  wire [       2*BANKS-1:0] room_i,
    output wire [       2*BANKS-1:0] push_o,
    output wire [       8*BANKS-1:0] code_o,
    output wire [2*ADDR_W*BANKS-1:0] addr_o,
    output wire [              15:0] act_o,
    output wire                      busy_o
);
  localparam BANK_W = $clog2(BANKS);
  localparam ROUND_W = RANK_W > 1 ? RANK_W - 1 : 1;
  localparam WORD_W = ADDR_W + 4;

  reg [LANES-1:0] x_pend_q;
  reg [ROUND_W-1:0] x_round_q;
  reg [REG_W*LANES-1:0] x_row_q;
  reg [RANK_W*LANES-1:0] x_rank_q;
  reg [4*LANES-1:0] x_code_q;
  reg [15:0] x_act_q;

  wire [LANES*BANK_W-1:0] bank_planes;
  genvar b, s, i, w;
  generate
    // Bit planes: bit w of all lanes' words (address, code) and of their banks.
    for (w = 0; w < WORD_W; w = w + 1) begin : g_word
      wire [LANES-1:0] plane;
      for (i = 0; i < LANES; i = i + 1) begin : g_lane
        if (w < 4) begin : g_code
          assign plane[i] = x_code_q[4*i+w];
        end else begin : g_addr
          assign plane[i] = x_row_q[REG_W*i+BANK_W+w-4];
        end
      end
    end
    for (w = 0; w < BANK_W; w = w + 1) begin : g_bank_bit
      for (i = 0; i < LANES; i = i + 1) begin : g_lane
        assign bank_planes[LANES*w+i] = x_row_q[REG_W*i+w];
      end
    end
  endgenerate

  // Lanes of the present round.
  wire [LANES-1:0] slot;
  wire [LANES-1:0] present;
  generate
    for (i = 0; i < LANES; i = i + 1) begin : g_lane
      assign slot[i] = x_rank_q[RANK_W*i];
      if (RANK_W > 1) begin : g_round
        assign present[i] = x_rank_q[RANK_W*i+1+:ROUND_W] == x_round_q;
      end else begin : g_one_round
        assign present[i] = x_round_q == 1'b0;
      end
    end
  endgenerate
  wire [LANES-1:0] now = x_pend_q & present;
  wire [2*LANES-1:0] now_slot = {now & slot, now & ~slot};

  // What each bank's ports get, and the lanes that they take.
  generate
    for (b = 0; b < BANKS; b = b + 1) begin : g_bank
      // Lanes of this bank.
      reg [LANES-1:0] match;
      always @* begin : find
        integer k;
        match = {LANES{1'b1}};
        for (k = 0; k < BANK_W; k = k + 1) begin
          match = match & (((b >> k) & 1) != 0 ? bank_planes[k*LANES+:LANES] :
                                                 ~bank_planes[k*LANES+:LANES]);
        end
      end
      wire [LANES-1:0] taken;
      if (b == 0) begin : g_first
        assign taken = g_slot[0].pushed | g_slot[1].pushed;
      end else begin : g_next
        assign taken = g_bank[b-1].taken | g_slot[0].pushed | g_slot[1].pushed;
      end
      for (s = 0; s < 2; s = s + 1) begin : g_slot
        wire [LANES-1:0] select = match & now_slot[s*LANES+:LANES];
        wire [LANES-1:0] pushed = select & {LANES{room_i[2*b+s]}};
        assign push_o[2*b+s] = room_i[2*b+s] && select != {LANES{1'b0}};
        for (w = 0; w < WORD_W; w = w + 1) begin : g_bit
          if (w < 4) begin : g_code
            assign code_o[4*(2*b+s)+w] = (select & g_word[w].plane) != {LANES{1'b0}};
          end else begin : g_addr
            assign addr_o[ADDR_W*(2*b+s)+w-4] = (select & g_word[w].plane) != {LANES{1'b0}};
          end
        end
      end
    end
  endgenerate

  wire [LANES-1:0] left = x_pend_q & ~g_bank[BANKS-1].taken;

  assign step_o = left == {LANES{1'b0}};
  assign act_o  = x_act_q;
  assign busy_o = x_pend_q != {LANES{1'b0}};

  always @(posedge clk_i) begin
    if (rst_i) begin
      x_pend_q  <= {LANES{1'b0}};
      x_round_q <= {ROUND_W{1'b0}};
    end else if (step_o) begin
      x_pend_q  <= r_write_i;
      x_round_q <= {ROUND_W{1'b0}};
      if (r_valid_i) begin
        x_row_q  <= r_row_i;
        x_rank_q <= r_rank_i;
        x_code_q <= r_code_i;
        x_act_q  <= r_act_i;
      end
    end else begin
      x_pend_q <= left;
      if ((left & present) == {LANES{1'b0}}) x_round_q <= x_round_q + 1'b1;
    end
  end

`ifdef SPARSYS_ASSERT
  // At most one lane for each port of a bank; and what is held can still be pushed.
  generate
    for (b = 0; b < 2 * BANKS; b = b + 1) begin : g_assert
      wire [LANES-1:0] lanes = g_bank[b/2].g_slot[b%2].select;
      always @(posedge clk_i) begin
        if (!rst_i) assert ((lanes & (lanes - 1'b1)) == {LANES{1'b0}});
      end
    end
  endgenerate
  always @(posedge clk_i) begin
    if (!rst_i && busy_o) assert (now != {LANES{1'b0}});
  end
`endif

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
