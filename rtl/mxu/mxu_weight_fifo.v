// SPDX-License-Identifier: Apache-2.0
// Weight FIFO: keeps FIFO_TILES tiles of weights and shifts the next one into the array's shadow
// registers as soon as these are free. asked_i, which comes only with room_o, announces a tile; the
// write port takes a row with w_valid_i && w_ready_o, which is high while rows of such a tile are due.
// swap_i says that the tile in the shadow registers goes into use with this cycle's row; it comes
// only with loaded_o.
// Latency: a tile whose last row is taken in cycle 0 is shifted from cycle 2 on, one row a cycle, and
// loaded from cycle 2 + ROWS on. Column c of the array gets its weight c cycles after column 0, so
// the reads go from bank to bank TILE_COLS cycles apart.
module mxu_weight_fifo #(
    parameter ROWS = 256,       // rows of the array
    parameter COLS = 256,       // columns of the array
    parameter TILE_COLS = 32,   // columns of a bank, a divisor of COLS
    parameter FIFO_TILES = 4,   // tiles of weights stored
    parameter FIFO_W = $clog2(FIFO_TILES * ROWS)  // derived, do not override
) (
    input  wire              clk_i,
    input  wire              rst_i,
    // weight memory
    input  wire              w_valid_i,
    input  wire [COLS*8-1:0] w_data_i,
    output wire              w_ready_o,
    // weight fetch
    input  wire              asked_i,   // a tile is requested
    output wire              room_o,    // there is a place for one more
    output wire              owed_o,    // rows asked for have not come
    output wire              full_o,    // nothing moves any more without a swap
    // array
    input  wire              swap_i,
    output wire [  ROWS-1:0] en_o,
    output wire [COLS*8-1:0] weight_o,
    // state of the shadow registers
    output wire              loaded_o,
    output wire              shadow_o  // loaded or being loaded
);
  localparam NB = COLS / TILE_COLS;
  localparam DEPTH = FIFO_TILES * ROWS;
  localparam ROW_W = ROWS > 1 ? $clog2(ROWS) : 1;
  localparam TILES_W = $clog2(FIFO_TILES + 1);
  localparam THERMO_W = ROWS > 1 ? ROWS - 1 : 1;
  localparam STAGES = (NB - 1) * TILE_COLS;
  localparam LINE = STAGES > 0 ? STAGES : 1;
  localparam [31:0] LAST_32 = DEPTH - 1;
  localparam [31:0] LAST_ROW_32 = ROWS - 1;
  localparam [31:0] TILES_32 = FIFO_TILES;
  localparam [31:0] UNREAD_32 = ROWS > 1 ? FIFO_TILES - 1 : FIFO_TILES;
  localparam [31:0] LEAVES_32 = ROWS > 1 ? 1 : 0;
  localparam [TILES_W-1:0] TILES = TILES_32[TILES_W-1:0];
  localparam [TILES_W-1:0] UNREAD = UNREAD_32[TILES_W-1:0];  // complete tiles of a full FIFO
  localparam [ROW_W-1:0] LEAVES = LEAVES_32[ROW_W-1:0];      // row with which a tile gives up its place
  localparam [FIFO_W-1:0] LAST = LAST_32[FIFO_W-1:0];
  localparam [ROW_W-1:0] LAST_ROW = LAST_ROW_32[ROW_W-1:0];

  reg [FIFO_W-1:0] wr_q;
  reg [ROW_W-1:0] wr_row_q;
  reg [TILES_W-1:0] asked_q;
  reg [TILES_W-1:0] held_q;
  reg [TILES_W-1:0] tiles_q;
  reg [FIFO_W-1:0] rd_q;
  reg [ROW_W-1:0] gone_q;
  reg primed_q;
  reg shifting_q;
  reg [ROW_W-1:0] n_q;
  reg shadow_q;
  reg loaded_q;
  reg [THERMO_W-1:0] thermo_q;
  reg [LINE-1:0] rd_valid_q;
  reg [LINE*FIFO_W-1:0] rd_addr_q;

  wire write = w_valid_i && w_ready_o;
  wire tile_written = write && wr_row_q == LAST_ROW;
  wire start = primed_q && !shifting_q && (!shadow_q || swap_i);
  wire shift = start || shifting_q;
  wire [ROW_W-1:0] n = start ? {ROW_W{1'b0}} : n_q;
  wire last = n == LAST_ROW;
  wire next_tile = tiles_q != {TILES_W{1'b0}} && (shift ? last : !primed_q);
  wire read = (shift && !last) || next_tile;

  assign owed_o    = asked_q != {TILES_W{1'b0}};
  assign w_ready_o = owed_o;
  assign room_o    = held_q != TILES;
  assign full_o    = loaded_q && primed_q && tiles_q == UNREAD;
  assign loaded_o  = loaded_q;
  assign shadow_o  = shadow_q || start;

  // Element k of the lines: the read of bank 0, k cycles ago.
  wire [LINE:0] valid_line = {rd_valid_q, read};
  wire [(LINE+1)*FIFO_W-1:0] addr_line = {rd_addr_q, rd_q};
  wire gone = valid_line[STAGES];
  wire place_free = gone && gone_q == LEAVES;

  genvar j;
  generate
    for (j = 0; j < NB; j = j + 1) begin : g_bank
      mxu_weight_bank #(
          .TILE_COLS(TILE_COLS),
          .DEPTH    (DEPTH)
      ) u_bank (
          .clk_i   (clk_i),
          .we_i    (write),
          .waddr_i (wr_q),
          .wdata_i (w_data_i[j*TILE_COLS*8+:TILE_COLS*8]),
          .re_i    (valid_line[j*TILE_COLS]),
          .raddr_i (addr_line[j*TILE_COLS*FIFO_W+:FIFO_W]),
          .weight_o(weight_o[j*TILE_COLS*8+:TILE_COLS*8])
      );
    end
    if (STAGES > 0) begin : g_line
      always @(posedge clk_i) begin
        rd_addr_q <= addr_line[LINE*FIFO_W-1:0];
        if (rst_i) rd_valid_q <= {LINE{1'b0}};
        else rd_valid_q <= valid_line[LINE-1:0];
      end
    end else begin : g_no_line
      always @(posedge clk_i) begin
        rd_addr_q  <= {FIFO_W{1'b0}};
        rd_valid_q <= 1'b0;
      end
      wire unused = &{1'b0, valid_line[1], addr_line[2*FIFO_W-1:FIFO_W]};
    end
    // Row r takes part from shift r on: until then its shadow register may still be waited for by
    // the swap that goes down the array.
    if (ROWS > 1) begin : g_thermo
      assign en_o = {ROWS{shift}} & {thermo_q, 1'b1};
      wire [ROWS-1:0] thermo_next = {thermo_q, 1'b1};
      always @(posedge clk_i) begin
        if (rst_i || !shift || last) thermo_q <= {THERMO_W{1'b0}};
        else thermo_q <= thermo_next[THERMO_W-1:0];
      end
      wire unused = &{1'b0, thermo_next[ROWS-1]};
    end else begin : g_no_thermo
      assign en_o = shift;
      always @(posedge clk_i) thermo_q <= 1'b0;
      wire unused = &{1'b0, thermo_q};
    end
  endgenerate

  always @(posedge clk_i) begin
    if (rst_i) begin
      wr_q       <= {FIFO_W{1'b0}};
      wr_row_q   <= {ROW_W{1'b0}};
      asked_q    <= {TILES_W{1'b0}};
      held_q     <= {TILES_W{1'b0}};
      tiles_q    <= {TILES_W{1'b0}};
      rd_q       <= {FIFO_W{1'b0}};
      gone_q     <= {ROW_W{1'b0}};
      primed_q   <= 1'b0;
      shifting_q <= 1'b0;
      n_q        <= {ROW_W{1'b0}};
      shadow_q   <= 1'b0;
      loaded_q   <= 1'b0;
    end else begin
      if (write) begin
        wr_q     <= wr_q == LAST ? {FIFO_W{1'b0}} : wr_q + 1'b1;
        wr_row_q <= tile_written ? {ROW_W{1'b0}} : wr_row_q + 1'b1;
      end
      if (asked_i && !tile_written) asked_q <= asked_q + 1'b1;
      else if (tile_written && !asked_i) asked_q <= asked_q - 1'b1;
      if (asked_i && !place_free) held_q <= held_q + 1'b1;
      else if (place_free && !asked_i) held_q <= held_q - 1'b1;
      if (gone) gone_q <= gone_q == LAST_ROW ? {ROW_W{1'b0}} : gone_q + 1'b1;
      if (tile_written && !next_tile) tiles_q <= tiles_q + 1'b1;
      else if (next_tile && !tile_written) tiles_q <= tiles_q - 1'b1;
      if (read) rd_q <= rd_q == LAST ? {FIFO_W{1'b0}} : rd_q + 1'b1;

      if (next_tile || (shift && last)) primed_q <= next_tile;
      else if (start) primed_q <= 1'b0;
      if (shift) begin
        n_q        <= last ? {ROW_W{1'b0}} : n + 1'b1;
        shifting_q <= !last;
      end
      if (start) shadow_q <= 1'b1;
      else if (swap_i) shadow_q <= 1'b0;
      if (shift && last) loaded_q <= 1'b1;
      else if (swap_i) loaded_q <= 1'b0;
    end
  end
endmodule
