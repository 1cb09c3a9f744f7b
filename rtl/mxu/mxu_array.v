// SPDX-License-Identifier: Apache-2.0
// Weight-stationary systolic array, ROWS x COLS cells in tiles (mxu_tile). Row r holds the weights of
// input r, column c makes output c. With swap_i in cycle h, row r's activation of vector b comes in
// cycle h + 1 + r + b, and column c's sum of it is at sum_o in cycle h + 1 + b + ROWS + c.
// Weights come as packets {valid, row, column of four, value}, one a cycle for every bus of four
// columns. With swap_i in cycle h those of the next tile may be at packet_i of bus j from cycle
// h + 4*j + 3 on, in any order; what no packet brings is 0. The last one comes before h' + 4*j, with
// the next swap_i in cycle h'. Vectors are flat, element 0 in the lowest bits.
module mxu_array #(
    parameter ROWS = 256,      // inputs, 1 to 256
    parameter COLS = 256,      // outputs, 1 to 256
    parameter TILE_ROWS = 16,  // rows of a tile, divides ROWS
    parameter TILE_COLS = 16,  // columns of a tile, divides COLS; a multiple of 4, or COLS
    // derived, do not override
    parameter BUSES = (COLS + 3) / 4,
    parameter ROW_W = ROWS > 1 ? $clog2(ROWS) : 1,
    parameter PACKET_W = ROW_W + 11,
    parameter SUM_W = 15 + $clog2(ROWS + 1)
) (
    input  wire                      clk_i,
    input  wire                      rst_i,
    input  wire [        8*ROWS-1:0] a_i,
    input  wire                      swap_i,
    input  wire [PACKET_W*BUSES-1:0] packet_i,
    output wire [    SUM_W*COLS-1:0] sum_o
);
  localparam TILE_I = TILE_ROWS < 1 ? 0 : ROWS / TILE_ROWS;
  localparam TILE_J = TILE_COLS < 1 ? 0 : COLS / TILE_COLS;
  localparam TILE_BUSES = (TILE_COLS + 3) / 4;

  // First row of the topmost tile whose rows, and the one above them, have the same widths as those of
  // the tile at `row0`, so that such tiles are one module.
  function integer same_widths;
    input integer row0;
    integer k;
    integer row;
    integer same;
    begin
      same_widths = row0;
      for (k = row0 - TILE_ROWS; k > 0; k = k - TILE_ROWS) begin
        same = 1;
        for (row = 0; row <= TILE_ROWS; row = row + 1)
          if ($clog2(k + row + 1) != $clog2(row0 + row + 1)) same = 0;
        if (same == 1) same_widths = k;
      end
    end
  endfunction

  genvar i, j;
  generate
    for (i = 0; i < TILE_I; i = i + 1) begin : g_row
      localparam IN_W = i == 0 ? 16 : 15 + $clog2(i * TILE_ROWS + 1);
      localparam OUT_W = 15 + $clog2((i + 1) * TILE_ROWS + 1);
      for (j = 0; j < TILE_J; j = j + 1) begin : g_col
        wire [8*TILE_ROWS-1:0] a_in;
        wire swap_in;
        wire [PACKET_W*TILE_BUSES-1:0] packet_in;
        wire [IN_W*TILE_COLS-1:0] sum_in;
        wire [8*TILE_ROWS-1:0] a;
        wire swap_right;
        wire swap_down;
        wire [PACKET_W*TILE_BUSES-1:0] packet;
        wire [OUT_W*TILE_COLS-1:0] sum;

        if (j == 0) begin : g_left
          assign a_in = a_i[8*TILE_ROWS*i+:8*TILE_ROWS];
          if (i == 0) begin : g_first
            assign swap_in = swap_i;
          end else begin : g_next
            assign swap_in = g_row[i-1].g_col[0].swap_down;
          end
        end else begin : g_right
          assign a_in = g_row[i].g_col[j-1].a;
          assign swap_in = g_row[i].g_col[j-1].swap_right;
        end
        if (i == 0) begin : g_top
          assign packet_in = packet_i[PACKET_W*TILE_BUSES*j+:PACKET_W*TILE_BUSES];
          assign sum_in = {(IN_W * TILE_COLS) {1'b0}};
        end else begin : g_below
          assign sum_in = g_row[i-1].g_col[j].sum;
          assign packet_in = g_row[i-1].g_col[j].packet;
        end
        if (i == TILE_I - 1) begin : g_bottom
          assign sum_o[SUM_W*TILE_COLS*j+:SUM_W*TILE_COLS] = sum;
        end

        mxu_tile #(
            .TILE_ROWS(TILE_ROWS),
            .TILE_COLS(TILE_COLS),
            .ROW0     (same_widths(i * TILE_ROWS)),
            .ROW_W    (ROW_W)
        ) u_tile (
            .clk_i       (clk_i),
            .rst_i       (rst_i),
            .a_i         (a_in),
            .swap_i      (swap_in),
            .packet_i    (packet_in),
            .sum_i       (sum_in),
            .a_o         (a),
            .swap_right_o(swap_right),
            .swap_down_o (swap_down),
            .packet_o    (packet),
            .sum_o       (sum)
        );
      end
    end

    if (ROWS < 1 || ROWS > 256) begin : g_check_rows
      parameter_error_ROWS_must_be_from_1_to_256 u_error ();
    end
    if (COLS < 1 || COLS > 256) begin : g_check_cols
      parameter_error_COLS_must_be_from_1_to_256 u_error ();
    end
    if (TILE_I * TILE_ROWS != ROWS) begin : g_check_tile_rows
      parameter_error_TILE_ROWS_must_divide_ROWS u_error ();
    end
    if (TILE_J * TILE_COLS != COLS) begin : g_check_tile_cols
      parameter_error_TILE_COLS_must_divide_COLS u_error ();
    end
    if (TILE_COLS % 4 != 0 && TILE_COLS != COLS) begin : g_check_buses
      parameter_error_TILE_COLS_must_be_a_multiple_of_4_or_COLS u_error ();
    end
  endgenerate
endmodule
