// SPDX-License-Identifier: Apache-2.0
// Reader of a bus's words of weights: one word each eight cycles, in which its bytes are decoded. Keeps
// the read side of the bus's FIFO, whose RAM it reads with read_o. open_i says that the shadow
// registers are free for a tile: its words may be read, from the first to the one that has no more_i.
// Latency: a word pushed in one cycle can be read in the next; with read_o in cycle x its bytes are
// 0 to 7 in cycles x + 1 to x + 8 (run_o, n_o), in the last of which the next word can be read.
module mxu_weight_reader #(
    parameter FIFO_WORDS = 128,  // words of the FIFO, a power of two
    // derived, do not override
    parameter ADDR_W = $clog2(FIFO_WORDS),
    parameter LEVEL_W = $clog2(FIFO_WORDS + 1)
) (
    input  wire               clk_i,
    input  wire               rst_i,
    input  wire               push_i,      // a word is written
    input  wire               open_i,      // a tile may begin
    input  wire               more_i,      // the word at the RAM's output is not its tile's last
    output wire               read_o,      // the RAM reads
    output wire [ ADDR_W-1:0] addr_o,
    output wire [LEVEL_W-1:0] level_o,     // words to read
    output wire               run_o,       // a word is at the RAM's output,
    output wire [        2:0] n_o,         // and this is its byte's turn
    output wire               wait_o,      // a word of the tile is waited for
    output wire               tile_end_o,  // last byte of the tile
    output wire               fault_o      // what may not happen, for an assertion
);
  reg [LEVEL_W-1:0] level_q;
  reg [ADDR_W-1:0] addr_q;
  reg run_q;
  reg [2:0] n_q;
  reg open_q;

  wire last = run_q && n_q == 3'd7;

  assign tile_end_o = last && !more_i;
  assign read_o = level_q != {LEVEL_W{1'b0}} && (!run_q || last) && (open_i || (open_q && !tile_end_o));
  assign addr_o = addr_q;
  assign level_o = level_q;
  assign run_o = run_q;
  assign n_o = n_q;
  assign wait_o = open_q && !run_q;
  // A tile begins before the one in front has ended; a word without a place; one that is not open.
  localparam [31:0] FULL_32 = FIFO_WORDS;
  assign fault_o = (open_i && (open_q || run_q)) || (push_i && level_q == FULL_32[LEVEL_W-1:0]) ||
                   (run_q && !open_q);

  always @(posedge clk_i) begin
    if (rst_i) begin
      level_q <= {LEVEL_W{1'b0}};
      addr_q  <= {ADDR_W{1'b0}};
      run_q   <= 1'b0;
      n_q     <= 3'd0;
      open_q  <= 1'b0;
    end else begin
      if (push_i && !read_o) level_q <= level_q + 1'b1;
      else if (read_o && !push_i) level_q <= level_q - 1'b1;
      if (read_o) addr_q <= addr_q + 1'b1;
      run_q <= read_o || (run_q && !last);
      if (run_q) n_q <= n_q + 3'd1;
      if (open_i) open_q <= 1'b1;
      else if (tile_end_o) open_q <= 1'b0;
    end
  end
endmodule
