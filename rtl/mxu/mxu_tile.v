// SPDX-License-Identifier: Apache-2.0
// A tile of the systolic array: TILE_ROWS x TILE_COLS weight-stationary cells. In every cycle a cell
// adds a_i * w_q to the partial sum from above; activations move right, sums and the next tile's
// weights down, a cell a cycle. swap_i takes the next weights into use along diagonals.
//
// The cells are arrays of registers walked by plain loops, which Verilator keeps as loops and the C++
// compiler turns into vector instructions. All arrays count cells from the bottom right corner: the left
// neighbour of cell n is n + 1, the upper one n + TILE_COLS, so that loops that run upwards read
// old neighbours and the blocking assignments behave as registers. Element n is what enters cell n:
// activation, enable, weight and sum are registers of the neighbour; the tile's own inputs stand in
// for those of the leftmost column and top row and are no registers. Outputs change by <=.
module mxu_tile #(
    parameter TILE_ROWS = 16,  // rows of cells, at least 1
    parameter TILE_COLS = 16,  // columns of cells, at least 1
    parameter ROW0 = 0,        // first row's number in the array: sums get wider from row to row
    // derived, do not override
    parameter IN_W = ROW0 == 0 ? 16 : 15 + $clog2(ROW0 + 1),
    parameter OUT_W = 15 + $clog2(ROW0 + TILE_ROWS + 1)
) (
    input  wire                       clk_i,
    input  wire                       rst_i,
    // from the left and from above
    input  wire [    8*TILE_ROWS-1:0] a_i,
    input  wire [      TILE_ROWS-1:0] en_i,
    input  wire                       swap_i,
    input  wire [    8*TILE_COLS-1:0] weight_i,
    input  wire [ IN_W*TILE_COLS-1:0] sum_i,
    // to the right and down
    output wire [    8*TILE_ROWS-1:0] a_o,
    output wire [      TILE_ROWS-1:0] en_o,
    output wire                       swap_right_o,
    output wire                       swap_down_o,
    output wire [    8*TILE_COLS-1:0] weight_o,
    output wire [OUT_W*TILE_COLS-1:0] sum_o
);
  localparam CELLS = TILE_ROWS * TILE_COLS;
  localparam INNER = CELLS - TILE_COLS;  // cells with a neighbour below
  // Widest sum that leaves a row other than the last.
  localparam INNER_W = TILE_ROWS == 1 ? IN_W : 15 + $clog2(ROW0 + TILE_ROWS);
  localparam MIXED = TILE_ROWS > 1 && $clog2(ROW0 + 2) != $clog2(ROW0 + TILE_ROWS);
  localparam DIAGONALS = TILE_ROWS + TILE_COLS - 1;
  localparam SWAP_N = TILE_ROWS == 1 || TILE_COLS == 1 ? CELLS : DIAGONALS - 1;
  // A power of two: Verilator then needs no check of the index.
  localparam SWAP_ARRAY = 1 << $clog2(DIAGONALS);

  reg signed [7:0] a_q[0:CELLS-1];
  reg en_q[0:CELLS-1];
  reg signed [7:0] shadow_q[0:CELLS-1];
  reg signed [INNER_W-1:0] sum_q[0:CELLS-1];
  // The weight in use of cell n itself.
  reg signed [7:0] w_q[0:CELLS-1];
  // The last column's and last row's registers.
  reg [8*TILE_ROWS-1:0] a_out_q;
  reg [TILE_ROWS-1:0] en_out_q;
  reg [8*TILE_COLS-1:0] shadow_out_q;
  reg [OUT_W*TILE_COLS-1:0] sum_out_q;
  reg [SWAP_N-1:0] swap_q;

  wire [SWAP_N:0] swaps = {swap_q, swap_i};
  // The diagonals' pulses, no registers.
  reg swap[0:SWAP_ARRAY-1];
  reg [31:0] n;
  reg [31:0] r;
  reg [31:0] c;
  reg [31:0] spare;

  assign a_o          = a_out_q;
  assign en_o         = en_out_q;
  assign swap_right_o = swap_q[TILE_COLS-1];
  assign swap_down_o  = swap_q[TILE_ROWS-1];
  assign weight_o     = shadow_out_q;
  assign sum_o        = sum_out_q;

  always @(posedge clk_i) begin
    for (r = 0; r < TILE_ROWS; r = r + 1) begin
      a_q[CELLS-1-r*TILE_COLS]  = a_i[8*r+:8];
      en_q[CELLS-1-r*TILE_COLS] = en_i[r];
    end
    for (c = 0; c < TILE_COLS; c = c + 1) begin
      if (ROW0 == 0) sum_q[CELLS-1-c] = {INNER_W{1'b0}};
      else sum_q[CELLS-1-c] = $signed(sum_i[IN_W*c+:IN_W]);
      shadow_q[CELLS-1-c] = weight_i[8*c+:8];
    end
    for (c = 0; c < DIAGONALS; c = c + 1) swap[DIAGONALS-1-c] = swaps[c];

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

    // Weights: into use, then on to the next row.
    for (c = 0; c < TILE_COLS; c = c + 1) begin
      if (swap[c]) w_q[c] = shadow_out_q[8*(TILE_COLS-1-c)+:8];
      if (en_q[c]) shadow_out_q[8*(TILE_COLS-1-c)+:8] <= shadow_q[c];
    end
    for (r = 0; r < TILE_ROWS - 1; r = r + 1)
      for (c = 0; c < TILE_COLS; c = c + 1)
        w_q[(r+1)*TILE_COLS+c] =
            swap[r+1+c] ? shadow_q[r*TILE_COLS+c] : w_q[(r+1)*TILE_COLS+c];
    for (n = 0; n < INNER; n = n + 1)
      shadow_q[n] = en_q[n+TILE_COLS] ? shadow_q[n+TILE_COLS] : shadow_q[n];

    // To the right. What the loop takes across the end of a row is overwritten by the inputs above.
    for (r = 0; r < TILE_ROWS; r = r + 1) begin
      a_out_q[8*(TILE_ROWS-1-r)+:8] <= a_q[r*TILE_COLS];
      en_out_q[TILE_ROWS-1-r] <= en_q[r*TILE_COLS] && !rst_i;
    end
    for (n = 0; n < CELLS - 1; n = n + 1) begin
      a_q[n]  = a_q[n+1];
      en_q[n] = en_q[n+1] && !rst_i;
    end
    if (rst_i) swap_q <= {SWAP_N{1'b0}};
    else swap_q <= swaps[SWAP_N-1:0];
  end
endmodule
