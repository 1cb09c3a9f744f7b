// SPDX-License-Identifier: Apache-2.0
// Bus of weights for four columns of the array: the FIFO of its words and the decoder that makes packets
// of their bytes, one a cycle. A word is written with we_i: 64 bits, then more (it is not its tile's
// last), raw (bytes are weights, else entries of code and skip), book (half a codebook).
// Two readers walk over the words: u_reader for the decoder, begun with open_i, and u_ahead, begun with
// ahead_open_i, which is open_i of bus 0 and so as many cycles earlier as the bus is behind bus 0. When
// it has come to a tile's end, the tile will be in the shadow registers in time: ready_o, until
// swap_i.
// Latency: a word written in cycle t is read in t + 1 at the earliest; read in cycle x, its packets are
// at packet_o in x + 2 to x + 9.
module mxu_weight_bus #(
    parameter ROWS = 256,        // rows of the array
    parameter FIFO_WORDS = 128,  // words of the FIFO, a power of two from 32 to 4096
    // derived, do not override
    parameter ADDR_W = $clog2(FIFO_WORDS),
    parameter LEVEL_W = $clog2(FIFO_WORDS + 1),
    parameter ROW_W = ROWS > 1 ? $clog2(ROWS) : 1
) (
    input  wire               clk_i,
    input  wire               rst_i,
    // from the lane
    input  wire               we_i,
    input  wire [       66:0] word_i,
    // swap, and what it opens
    input  wire               swap_i,
    input  wire               ahead_open_i,
    input  wire               open_i,
    output wire               ready_o,       // the tile can be swapped
    output wire               wait_o,        // u_ahead waits for a word
    // room in the FIFO
    input  wire [LEVEL_W-1:0] pending_i,     // beats requested that have not come through
    output wire               fit_o,         // 16 more beats fit
    // array: valid, row, column, value
    output wire [ ROW_W+10:0] packet_o,
    output wire               fault_o        // what may not happen, for an assertion
);
  localparam POS_W = ROW_W + 2;
  localparam [31:0] MOST_32 = FIFO_WORDS - 16;

  reg [ADDR_W-1:0] wr_q;
  reg ready_q;
  reg fit_q;
  reg [127:0] codebook_q;
  reg [POS_W-1:0] pos_q;
  reg packet_valid_q;
  reg [ROW_W-1:0] packet_row_q;
  reg [1:0] packet_col_q;
  reg [7:0] packet_value_q;

  wire ahead_read, ahead_more, tile_end, ahead_run, ahead_fault, fault;
  wire [ADDR_W-1:0] ahead_addr;
  wire [LEVEL_W-1:0] ahead_level;
  wire [2:0] ahead_n;
  wire read, run, unused_wait, unused_end;
  wire [ADDR_W-1:0] addr;
  wire [LEVEL_W-1:0] level;
  wire [2:0] n;
  wire [66:0] word;

  ram_1r1w #(
      .WIDTH(1),
      .DEPTH(FIFO_WORDS)
  ) u_more (
      .clk_i  (clk_i),
      .we_i   (we_i),
      .waddr_i(wr_q),
      .wdata_i(word_i[64]),
      .re_i   (ahead_read),
      .raddr_i(ahead_addr),
      .rdata_o(ahead_more)
  );

  mxu_weight_reader #(
      .FIFO_WORDS(FIFO_WORDS)
  ) u_ahead (
      .clk_i     (clk_i),
      .rst_i     (rst_i),
      .push_i    (we_i),
      .open_i    (ahead_open_i),
      .more_i    (ahead_more),
      .read_o    (ahead_read),
      .addr_o    (ahead_addr),
      .level_o   (ahead_level),
      .run_o     (ahead_run),
      .n_o       (ahead_n),
      .wait_o    (wait_o),
      .tile_end_o(tile_end),
      .fault_o   (ahead_fault)
  );

  ram_1r1w #(
      .WIDTH(67),
      .DEPTH(FIFO_WORDS)
  ) u_word (
      .clk_i  (clk_i),
      .we_i   (we_i),
      .waddr_i(wr_q),
      .wdata_i(word_i),
      .re_i   (read),
      .raddr_i(addr),
      .rdata_o(word)
  );

  mxu_weight_reader #(
      .FIFO_WORDS(FIFO_WORDS)
  ) u_reader (
      .clk_i     (clk_i),
      .rst_i     (rst_i),
      .push_i    (we_i),
      .open_i    (open_i),
      .more_i    (word[64]),
      .read_o    (read),
      .addr_o    (addr),
      .level_o   (level),
      .run_o     (run),
      .n_o       (n),
      .wait_o    (unused_wait),
      .tile_end_o(unused_end),
      .fault_o   (fault)
  );

  // Decoder.
  wire raw = word[65];
  wire book = word[66];
  wire [7:0] entry = word[8*n+:8];
  wire [3:0] code = entry[3:0];
  wire [3:0] skip = raw ? 4'd0 : entry[7:4];
  wire decode = run && !book;
  wire weight = raw ? entry != 8'd0 : code != 4'd0;
  wire filler = !raw && code == 4'd0;
  // Positions passed but the last one.
  wire [7:0] ahead = filler ? {skip, 4'hF} : {4'd0, skip};
  wire [POS_W+7:0] ahead_wide = {{POS_W{1'b0}}, ahead};
  wire [POS_W-1:0] at;
  wire [POS_W-1:0] behind;
  adder #(
      .WIDTH(POS_W),
      .BLOCK(5)
  ) u_at (
      .a_i    (pos_q),
      .b_i    (ahead_wide[POS_W-1:0]),
      .carry_i(1'b0),
      .sum_o  (at)
  );
  adder #(
      .WIDTH(POS_W),
      .BLOCK(5)
  ) u_behind (
      .a_i    (pos_q),
      .b_i    (ahead_wide[POS_W-1:0]),
      .carry_i(1'b1),
      .sum_o  (behind)
  );
  assign ready_o  = ready_q;
  assign fit_o    = fit_q;
  // In a reader; the decoder reads a word before u_ahead; a tile is swapped that is not ready.
  assign fault_o  = ahead_fault || fault || level < ahead_level || (swap_i && !ready_q);
  assign packet_o = {packet_valid_q, packet_row_q, packet_col_q, packet_value_q};

  always @(posedge clk_i) begin
    if (rst_i) begin
      wr_q           <= {ADDR_W{1'b0}};
      ready_q        <= 1'b0;
      fit_q          <= 1'b0;
      packet_valid_q <= 1'b0;
    end else begin
      if (we_i) wr_q <= wr_q + 1'b1;
      if (swap_i) ready_q <= 1'b0;
      else if (tile_end) ready_q <= 1'b1;
      fit_q <= {1'b0, level} + {1'b0, pending_i} <= MOST_32[LEVEL_W:0];
      packet_valid_q <= decode && weight;
      if (open_i) pos_q <= {POS_W{1'b0}};
      else if (decode) pos_q <= behind;
      if (run && book && n == 3'd0) codebook_q <= {word[63:0], codebook_q[127:64]};
      if (decode && weight) begin
        {packet_row_q, packet_col_q} <= at;
        packet_value_q <= raw ? entry : codebook_q[8*code+:8];
      end
    end
  end

  wire unused = &{1'b0, unused_wait, unused_end, ahead_run, ahead_n, ahead_wide[POS_W+7:POS_W]};
endmodule
