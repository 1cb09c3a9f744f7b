// SPDX-License-Identifier: Apache-2.0
// A tile of the systolic array: TILE_ROWS x TILE_COLS weight-stationary cells. In every cycle a cell
// adds a_i * w_q to the partial sum from above; activations move right, sums and packets down, a cell a
// cycle. A packet (valid, row, column of four, value) comes down the bus of every four columns and
// writes its value into the shadow register of the cell it names. Inside a tile its row is counted from
// the tile's first one, so that of a packet from the tile above is TILE_ROWS too large.
// swap_i takes the shadow registers into use and clears them, along diagonals; a packet's write in the
// very cycle wins over the clear.
//
// The cells are arrays of registers walked by plain loops, which Verilator keeps as loops and the C++
// compiler turns into vector instructions. All arrays count cells from the bottom right corner: the left
// neighbour of cell n is n + 1, the upper one n + TILE_COLS, so that loops that run upwards read
// old neighbours and the blocking assignments behave as registers. Element n is what enters cell n:
// activation, packet and sum are registers of the neighbour; the tile's own inputs stand in for those
// of the leftmost column and top row and are no registers. Outputs change by <=.
module mxu_tile #(
    parameter TILE_ROWS = 16,  // rows of cells, at least 1
    parameter TILE_COLS = 16,  // columns of cells, at least 1
    parameter ROW0 = 0,        // first row's number in the array: sums get wider from row to row
    parameter ROW_W = 8,       // bits of a row's number in a packet
    // derived, do not override
    parameter TILE_BUSES = (TILE_COLS + 3) / 4,
    parameter PACKET_W = ROW_W + 11,
    parameter IN_W = ROW0 == 0 ? 16 : 15 + $clog2(ROW0 + 1),
    parameter OUT_W = 15 + $clog2(ROW0 + TILE_ROWS + 1)
) (
    input  wire                           clk_i,
    input  wire                           rst_i,
    // from the left and from above
    input  wire [        8*TILE_ROWS-1:0] a_i,
    input  wire                           swap_i,
    input  wire [PACKET_W*TILE_BUSES-1:0] packet_i,
    input  wire [     IN_W*TILE_COLS-1:0] sum_i,
    // to the right and down
    output wire [        8*TILE_ROWS-1:0] a_o,
    output wire                           swap_right_o,
    output wire                           swap_down_o,
    output wire [PACKET_W*TILE_BUSES-1:0] packet_o,
    output wire [    OUT_W*TILE_COLS-1:0] sum_o
);
  localparam CELLS = TILE_ROWS * TILE_COLS;
  localparam INNER = CELLS - TILE_COLS;  // cells with a neighbour below
  // Widest sum that leaves a row other than the last.
  localparam INNER_W = TILE_ROWS == 1 ? IN_W : 15 + $clog2(ROW0 + TILE_ROWS);
  localparam MIXED = TILE_ROWS > 1 && $clog2(ROW0 + 2) != $clog2(ROW0 + TILE_ROWS);
  localparam DIAGONALS = TILE_ROWS + TILE_COLS - 1;
  localparam SWAP_N = TILE_ROWS == 1 || TILE_COLS == 1 ? CELLS : DIAGONALS - 1;
  localparam PACKETS = TILE_ROWS * TILE_BUSES;
  localparam [31:0] DOWN = ROW0 == 0 ? 0 : TILE_ROWS;

  reg signed [7:0] a_q[0:CELLS-1];
  reg [PACKET_W-1:0] packet_q[0:PACKETS-1];
  reg signed [INNER_W-1:0] sum_q[0:CELLS-1];
  // The weight in use of cell n itself, and its next one.
  reg signed [7:0] w_q[0:CELLS-1];
  reg signed [7:0] shadow_q[0:CELLS-1];
  // The last column's and last row's registers.
  reg [8*TILE_ROWS-1:0] a_out_q;
  reg [PACKET_W*TILE_BUSES-1:0] packet_out_q;
  reg [OUT_W*TILE_COLS-1:0] sum_out_q;
  reg [SWAP_N-1:0] swap_q;

  wire [SWAP_N:0] swaps = {swap_q, swap_i};
  reg [PACKET_W-1:0] seen;
  reg [31:0] n;
  reg [31:0] r;
  reg [31:0] c;
  reg [31:0] d;
  reg [31:0] k;
  reg [31:0] spare;

  assign a_o          = a_out_q;
  assign swap_right_o = swap_q[TILE_COLS-1];
  assign swap_down_o  = swap_q[TILE_ROWS-1];
  assign packet_o     = packet_out_q;
  assign sum_o        = sum_out_q;

  always @(posedge clk_i) begin
    for (r = 0; r < TILE_ROWS; r = r + 1) a_q[CELLS-1-r*TILE_COLS] = a_i[8*r+:8];
    for (c = 0; c < TILE_COLS; c = c + 1) begin
      if (ROW0 == 0) sum_q[CELLS-1-c] = {INNER_W{1'b0}};
      else sum_q[CELLS-1-c] = $signed(sum_i[IN_W*c+:IN_W]);
    end
    for (c = 0; c < TILE_BUSES; c = c + 1) begin
      seen = packet_i[PACKET_W*c+:PACKET_W];
      seen[PACKET_W-2:10] = seen[PACKET_W-2:10] - DOWN[ROW_W-1:0];
      packet_q[PACKETS-1-c] = seen;
    end

    // Sums, with the weights of before a swap.
    for (c = 0; c < TILE_COLS; c = c + 1)
      sum_out_q[OUT_W*(TILE_COLS-1-c)+:OUT_W] <= sum_q[c] + a_q[c] * w_q[c];
    for (n = 0; n < INNER; n = n + 1)
      sum_q[n] = sum_q[n+TILE_COLS] + a_q[n+TILE_COLS] * w_q[n+TILE_COLS];
    if (MIXED) begin
      // Bits above the row's own width repeat the sign and are no registers. Element n leaves row
      // TILE_ROWS - 2 - r of the tile.
      for (r = 0; r < TILE_ROWS - 1; r = r + 1) begin
        spare = INNER_W - 15 - $clog2(ROW0 + TILE_ROWS - r);
        for (c = 0; c < TILE_COLS; c = c + 1)
          sum_q[r*TILE_COLS+c] = $signed(sum_q[r*TILE_COLS+c] <<< spare) >>> spare;
      end
    end

    // Weights: into use, then what packets bring.
    for (d = 0; d < DIAGONALS; d = d + 1)
      if (swaps[d])
        for (r = 0; r < TILE_ROWS; r = r + 1)
          if (r <= d && d - r < TILE_COLS) begin
            w_q[CELLS-1-r*(TILE_COLS-1)-d] = shadow_q[CELLS-1-r*(TILE_COLS-1)-d];
            shadow_q[CELLS-1-r*(TILE_COLS-1)-d] = 8'sd0;
          end
    for (r = 0; r < TILE_ROWS; r = r + 1)
      for (c = 0; c < TILE_BUSES; c = c + 1) begin
        seen = packet_q[PACKETS-1-r*TILE_BUSES-c];
        if (seen[PACKET_W-1:10] == {1'b1, r[ROW_W-1:0]})
          for (k = 0; k < 4; k = k + 1)
            if (4 * c + k < TILE_COLS && seen[9:8] == k[1:0])
              shadow_q[CELLS-1-r*TILE_COLS-4*c-k] = seen[7:0];
      end

    // Down and to the right. What the loop of a_q takes across the end of a row is overwritten by the
    // inputs above.
    for (c = 0; c < TILE_BUSES; c = c + 1)
      packet_out_q[PACKET_W*(TILE_BUSES-1-c)+:PACKET_W] <= packet_q[c];
    for (n = 0; n < PACKETS - TILE_BUSES; n = n + 1) packet_q[n] = packet_q[n+TILE_BUSES];
    for (r = 0; r < TILE_ROWS; r = r + 1) a_out_q[8*(TILE_ROWS-1-r)+:8] <= a_q[r*TILE_COLS];
    for (n = 0; n < CELLS - 1; n = n + 1) a_q[n] = a_q[n+1];
    if (rst_i) swap_q <= {SWAP_N{1'b0}};
    else swap_q <= swaps[SWAP_N-1:0];
  end
endmodule
