// SPDX-License-Identifier: Apache-2.0
// Lane of the stream of weights: its word of each beat goes to one of its N buses, round robin over
// those that have words to come, as many as the tile's header has said; or, of a codebook, to all.
// Checks the word's weights against the tile's end, and a header's counts.
// Latency: a beat taken with take_i in cycle t is in stage 1 in t + 1 (go_i, if it counts, and its kind)
// and in stage 2 in t + 2 (step_i), in which it is written with we_o.
module mxu_weight_lane #(
    parameter ROWS = 256,  // rows of the array
    parameter N = 8        // buses of the lane, 1 to 8
) (
    input  wire         clk_i,
    input  wire         rst_i,
    input  wire         take_i,    // a beat is taken at the port
    input  wire [ 63:0] data_i,    // the lane's word of it
    // stage 1
    input  wire         go_i,
    input  wire         book_i,    // the beat is of a codebook,
    input  wire         header_i,  // a tile's header, else words
    input  wire         raw_i,     // bytes are weights, else entries
    output wire         rest_o,    // words are to come
    // stage 2
    input  wire         step_i,
    input  wire         headed_i,  // the beat is a header
    output wire         bad_o,     // a count, or a weight behind the tile's end
    output wire [  2:0] bad_n_o,   // of this bus
    output wire [N-1:0] we_o,
    output wire [ 66:0] word_o     // book, raw, more, word
);
  localparam POSITIONS = ROWS > 0 ? 4 * ROWS : 4;  // without rows, which mxu_array refuses
  localparam POS_W = $clog2(POSITIONS + 1);
  localparam [31:0] WORDS_32 = (ROWS + 1) / 2;
  localparam [31:0] POSITIONS_32 = POSITIONS;

  reg [63:0] data_q;
  reg [8*N-1:0] count_q;
  reg [2:0] last_q;
  reg write_q;
  reg book_q;
  reg raw_q;
  reg [2:0] n_q;
  reg more_q;
  reg [63:0] word_q;
  reg [11:0] total_q;
  reg [11:0] reach_q;
  reg bad_q;
  reg [2:0] bad_n_q;
  reg [POS_W*N-1:0] pos_q;

  // The bus whose turn it is: of those with words to come the first above the last one, or the first.
  wire [7:0] some;
  wire [7:0] above = some & (8'hFE << last_q);
  wire [7:0] turn;
  wire [2:0] chosen;
  // Counts that are wrong.
  wire [7:0] wrong;
  wire [7:0] first_wrong;
  wire [2:0] wrong_n;

  find_first #(
      .WIDTH(8)
  ) u_turn (
      .vector_i(above != 8'd0 ? above : some),
      .onehot_o(turn),
      .index_o (chosen)
  );
  find_first #(
      .WIDTH(8)
  ) u_wrong (
      .vector_i(wrong),
      .onehot_o(first_wrong),
      .index_o (wrong_n)
  );

  // Positions that the word's bytes pass, all of them and up to the last weight.
  wire [7:0] weight;
  wire [3:0] low_from;
  wire [3:0] high_from;
  // A weight is in the byte or behind it.
  wire [7:0] from = {high_from, low_from | {4{high_from[0]}}};
  or_scan #(
      .WIDTH(4)
  ) u_low_from (
      .vector_i(weight[3:0]),
      .from_o  (low_from)
  );
  or_scan #(
      .WIDTH(4)
  ) u_high_from (
      .vector_i(weight[7:4]),
      .from_o  (high_from)
  );
  reg [11:0] total;
  reg [11:0] reach;
  reg [8:0] passed;
  integer e;
  always @* begin
    total = 12'd0;
    reach = 12'd0;
    for (e = 7; e >= 0; e = e - 1) begin
      passed = raw_i                   ? 9'd1 :
               data_q[8*e+:4] != 4'd0  ? {5'd0, data_q[8*e+4+:4]} + 9'd1 :
                                         {{1'b0, data_q[8*e+4+:4]} + 5'd1, 4'd0};
      total = total + {3'd0, passed};
      reach = reach + ({3'd0, passed} & {12{from[e]}});
    end
  end

  // Stage 2.
  reg [POS_W-1:0] pos;
  integer p;
  always @* begin
    pos = pos_q[POS_W-1:0];
    for (p = 1; p < N; p = p + 1) if (n_q == p[2:0]) pos = pos_q[POS_W*p+:POS_W];
  end
  wire [12:0] behind = {{(13 - POS_W) {1'b0}}, pos} + {1'b0, total_q};
  wire [12:0] reached = {{(13 - POS_W) {1'b0}}, pos} + {1'b0, reach_q};
  wire past = write_q && !book_q && reach_q != 12'd0 && reached > POSITIONS_32[12:0];
  wire write = step_i && write_q;

  assign rest_o  = some != 8'd0;
  assign bad_o   = headed_i ? bad_q : past;
  assign bad_n_o = headed_i ? bad_n_q : n_q;
  assign word_o  = {book_q, raw_q, more_q, word_q};

  genvar n;
  generate
    for (n = 0; n < 8; n = n + 1) begin : g_bus
      assign weight[n] = data_q[8*n+:4] != 4'd0 || (raw_i && data_q[8*n+4+:4] != 4'd0);
      if (n < N) begin : g_here
        wire [7:0] count = count_q[8*n+:8];
        wire [7:0] told = data_q[8*n+:8];
        assign some[n] = count != 8'd0;
        assign wrong[n] = told == 8'd0 || told > WORDS_32[7:0];
        assign we_o[n] = write && !past && (book_q || n_q == n);
        always @(posedge clk_i) begin
          if (rst_i) count_q[8*n+:8] <= 8'd0;
          else if (go_i && header_i) count_q[8*n+:8] <= told;
          else if (go_i && !book_i && turn[n]) count_q[8*n+:8] <= count - 8'd1;
          if (!rst_i && step_i && headed_i) pos_q[POS_W*n+:POS_W] <= {POS_W{1'b0}};
          else if (!rst_i && write && !book_q && n_q == n) begin
            pos_q[POS_W*n+:POS_W] <= behind > POSITIONS_32[12:0] ? POSITIONS_32[POS_W-1:0] : behind[POS_W-1:0];
          end
        end
      end else begin : g_none
        assign some[n]  = 1'b0;
        assign wrong[n] = 1'b0;
      end
    end
  endgenerate

  // The chosen one's last word.
  reg only;
  integer k;
  always @* begin
    only = 1'b0;
    for (k = 0; k < N; k = k + 1) only = only || (turn[k] && count_q[8*k+:8] == 8'd1);
  end

  always @(posedge clk_i) begin
    if (rst_i) write_q <= 1'b0;
    else begin
      if (take_i) data_q <= data_i;
      write_q <= go_i && (book_i || (!header_i && rest_o));
      if (go_i) begin
        if (header_i) last_q <= 3'd7;
        else if (!book_i && rest_o) last_q <= chosen;
        book_q  <= book_i;
        raw_q   <= raw_i;
        n_q     <= chosen;
        more_q  <= book_i || !only;
        word_q  <= data_q;
        total_q <= total;
        reach_q <= reach;
        bad_q   <= wrong != 8'd0;
        bad_n_q <= wrong_n;
      end
    end
  end

  wire unused = &{1'b0, first_wrong};
endmodule
