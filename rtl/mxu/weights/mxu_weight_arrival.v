// SPDX-License-Identifier: Apache-2.0
// Arrival of the stream of weights: takes beats that were asked for, knows which Read_Weights each
// belongs to and what it is (codebook, header of a tile, words), and stops at what is wrong with it.
// Handshake: a beat is taken with w_valid_i && w_ready_o, which is high while beats asked for with
// asked_i are due; expect_i, which comes only without expect_full_o, announces a Read_Weights in front
// of its first request.
// Latency: a beat taken in cycle t is in stage 1 in t + 1 (go_o and its kind), in stage 2 in t + 2 (step_o);
// error_o is there in t + 3.
module mxu_weight_arrival #(
    parameter W_LANES = 8,       // lanes of a beat
    parameter FIFO_WORDS = 128,  // words of a bus's FIFO
    parameter LEVEL_W = $clog2(FIFO_WORDS + 1)  // derived, do not override
) (
    input  wire                 clk_i,
    input  wire                 rst_i,
    // fetch
    input  wire                 asked_i,         // a request is taken,
    input  wire [          4:0] beats_i,         // of so many beats
    input  wire                 expect_i,        // a Read_Weights begins
    input  wire [         41:0] expect_data_i,   // codebook, raw, tiles, beats
    output wire                 expect_full_o,
    output wire [  LEVEL_W-1:0] pending_o,       // beats asked for and not through stage 2
    // port
    input  wire                 w_valid_i,
    output wire                 w_ready_o,
    // stage 1, to the lanes
    output wire                 take_o,          // a beat is taken
    output wire                 go_o,
    output wire                 book_o,
    output wire                 header_o,
    output wire                 raw_o,
    input  wire [  W_LANES-1:0] rest_i,          // the lane has words to come
    // stage 2
    output wire                 step_o,
    output wire                 headed_o,
    input  wire [  W_LANES-1:0] bad_i,           // of the lane a count or weight is wrong,
    input  wire [3*W_LANES-1:0] bad_n_i,         // in this of its buses
    // state
    output wire [          3:0] error_o,
    output wire [         23:0] error_number_o,
    output wire [          7:0] error_bus_o
);
  reg [LEVEL_W-1:0] owed_q;
  reg [LEVEL_W-1:0] pending_q;
  reg beat_q;
  reg through_q;
  reg run_q;
  reg [23:0] beats_q;
  reg [15:0] tiles_q;
  reg raw_q;
  reg [1:0] book_q;
  reg known_q;
  reg [23:0] tile_q;
  reg step_q;
  reg header_q;
  reg missing_q;
  reg extra_q;
  reg ended_q;
  reg short_q;
  reg [3:0] error_q;
  reg [23:0] error_number_q;
  reg [7:0] error_bus_q;

  wire [41:0] expected;
  wire none;
  wire rest = rest_i != {W_LANES{1'b0}};
  wire book = book_q != 2'd0;
  wire header = !book && !rest;
  wire go = beat_q && error_q == 4'd0;
  wire last = go && beats_q == 24'd1;
  wire next = (!run_q || last) && !none;
  wire [LEVEL_W-1:0] asked = asked_i ? {{(LEVEL_W - 5) {1'b0}}, beats_i} : {LEVEL_W{1'b0}};

  fifo #(
      .WIDTH(42),
      .DEPTH(4)
  ) u_expected (
      .clk_i  (clk_i),
      .rst_i  (rst_i),
      .push_i (expect_i),
      .data_i (expect_data_i),
      .pop_i  (next),
      .head_o (expected),
      .empty_o(none),
      .full_o (expect_full_o)
  );

  // Next counts, made beside the decision whether they are taken.
  wire [23:0] next_tile;
  wire [15:0] fewer_tiles_n;  // inverted: x - 1 is ~(~x + 1)
  increment #(
      .WIDTH(24)
  ) u_tile (
      .value_i(tile_q),
      .next_o (next_tile)
  );
  increment #(
      .WIDTH(16)
  ) u_fewer_tiles (
      .value_i(~tiles_q),
      .next_o (fewer_tiles_n)
  );

  // Stage 2: what is wrong, and where.
  wire step = step_q && error_q == 4'd0;
  wire bad = bad_i != {W_LANES{1'b0}};
  wire [3:0] code = !step                                                              ? 4'd0 :
                    missing_q                                                          ? 4'd12 :
                    extra_q || (ended_q && (short_q || rest)) || (header_q && bad)     ? 4'd11 :
                    bad                                                                ? 4'd10 :
                                                                                         4'd0;
  // Of the lowest lane: its bus n is bus l + n * W_LANES, a constant of each turn.
  localparam [31:0] W_LANES_32 = W_LANES;
  reg [7:0] bus;
  reg [7:0] number;
  integer l;
  integer n;
  always @* begin
    bus = 8'd0;
    for (l = W_LANES - 1; l >= 0; l = l - 1) begin
      number = l[7:0];
      for (n = 0; n < 8; n = n + 1) begin
        if (bad_i[l] && bad_n_i[3*l+:3] == n[2:0]) bus = number;
        number = number + W_LANES_32[7:0];
      end
    end
  end

  assign w_ready_o      = owed_q != {LEVEL_W{1'b0}};
  assign take_o         = w_valid_i && w_ready_o;
  assign pending_o      = pending_q;
  assign go_o           = go;
  assign book_o         = book;
  assign header_o       = header;
  assign raw_o          = raw_q;
  assign step_o         = step;
  assign headed_o       = header_q;
  assign error_o        = error_q;
  assign error_number_o = error_number_q;
  assign error_bus_o    = error_bus_q;

  always @(posedge clk_i) begin
    if (rst_i) begin
      owed_q    <= {LEVEL_W{1'b0}};
      pending_q <= {LEVEL_W{1'b0}};
      beat_q    <= 1'b0;
      through_q <= 1'b0;
      run_q     <= 1'b0;
      known_q   <= 1'b0;
      tile_q    <= 24'd0;
      step_q    <= 1'b0;
      error_q   <= 4'd0;
    end else begin
      owed_q    <= owed_q + asked - {{(LEVEL_W - 1) {1'b0}}, take_o};
      pending_q <= pending_q + asked - {{(LEVEL_W - 1) {1'b0}}, through_q};
      beat_q    <= take_o;
      through_q <= beat_q;
      step_q    <= go;
      if (next) run_q <= 1'b1;
      else if (last) run_q <= 1'b0;
      if (go && book) known_q <= 1'b1;
      if (go && header) tile_q <= next_tile;
      if (code != 4'd0) error_q <= code;
      if (next) {raw_q, tiles_q, beats_q} <= expected[40:0];
      else if (go) begin
        beats_q <= beats_q - 24'd1;
        if (header && tiles_q != 16'd0) tiles_q <= ~fewer_tiles_n;
      end
      if (next) book_q <= {expected[41], 1'b0};
      else if (go && book) book_q <= book_q - 2'd1;
      if (go) begin
        header_q  <= header;
        missing_q <= header && !raw_q && !known_q;
        extra_q   <= header && tiles_q == 16'd0;
        ended_q   <= last;
        short_q   <= book || header || tiles_q != 16'd0;
      end
      if (code != 4'd0) begin
        error_number_q <= tile_q;
        error_bus_q    <= bus;
      end
    end
  end

`ifdef SPARSYS_ASSERT
  always @(posedge clk_i) begin
    if (!rst_i) begin
      assert (!(expect_i && expect_full_o));
      assert (!go || run_q);
      assert (pending_q >= owed_q);
    end
  end
`endif
endmodule
