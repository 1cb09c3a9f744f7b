// SPDX-License-Identifier: Apache-2.0
// Weight fetch and weight FIFO, small, with any program, memory and swaps, for tb/formal/prove.py:
//  - a row is taken exactly while one is due that was asked for, and never over one not yet read,
//  - a request that is offered stays,
//  - with a memory that works they go on until nothing is left to ask for or the FIFO is full and still.
module mxu_weights #(
    parameter ROWS = 2,
    parameter COLS = 3,  // a bank each
    parameter FIFO_TILES = 2
) (
    input wire        clk_i,
    input wire        rst_i,
    input wire        push_i,
    input wire [47:0] op_i,
    input wire        stop_i,
    input wire        wm_ready_i,
    input wire        w_valid_i,
    input wire        swap_i,
    input wire        fair_i       // the memory takes every request and always has a row, no error
);
  localparam [4:0] DEPTH = FIFO_TILES * ROWS;
  localparam STAGES = COLS - 1;
  localparam [3:0] STILL = STAGES + 4;  // cycles without a move are fewer
  localparam [4:0] R = ROWS;

  wire fetch_full, idle, busy, room, owed, w_full, asked, wm_valid, w_ready, loaded, shadow;
  wire [31:0] tile;
  wire [ROWS-1:0] en;
  wire [COLS*8-1:0] weight;

  mxu_weight_fetch u_fetch (
      .clk_i     (clk_i),
      .rst_i     (rst_i),
      .push_i    (push_i),
      .op_i      (op_i),
      .full_o    (fetch_full),
      .stop_i    (stop_i),
      .idle_o    (idle),
      .busy_o    (busy),
      .room_i    (room),
      .owed_i    (owed),
      .w_full_i  (w_full),
      .asked_o   (asked),
      .wm_valid_o(wm_valid),
      .wm_tile_o (tile),
      .wm_ready_i(wm_ready_i)
  );
  mxu_weight_fifo #(
      .ROWS      (ROWS),
      .COLS      (COLS),
      .TILE_COLS (1),
      .FIFO_TILES(FIFO_TILES)
  ) u_fifo (
      .clk_i    (clk_i),
      .rst_i    (rst_i),
      .w_valid_i(w_valid_i),
      .w_data_i ({COLS{8'd0}}),
      .w_ready_o(w_ready),
      .asked_i  (asked),
      .room_o   (room),
      .owed_o   (owed),
      .full_o   (w_full),
      .swap_i   (swap_i),
      .en_o     (en),
      .weight_o (weight),
      .loaded_o (loaded),
      .shadow_o (shadow)
  );

  // Registers of the two, by name.
  (* hierconn *) wire \u_fifo.next_tile ;
  (* hierconn *) wire \u_fifo.gone ;
  (* hierconn *) wire \u_fetch.take ;

  // Counted at the ports and banks: rows due; rows written and not read by the last bank.
  reg [4:0] due_q;
  reg [4:0] unread_q;
  reg [3:0] still_q;
  reg offered_q;
  reg [31:0] tile_q;
  reg begun_q = 1'b0;
  wire taken = w_valid_i && w_ready;
  wire moves = asked || taken || en[0] || \u_fifo.next_tile || \u_fetch.take ;

  always @(posedge clk_i) begin
    begun_q <= 1'b1;
    assume (begun_q || rst_i);
    assume (!(push_i && fetch_full));
    assume (!swap_i || loaded);
    if (fair_i) assume (wm_ready_i && w_valid_i && !stop_i);
    if (rst_i) begin
      due_q      <= 5'd0;
      unread_q   <= 5'd0;
      still_q    <= 4'd0;
      offered_q  <= 1'b0;
    end else begin
      due_q      <= due_q + (asked ? R : 5'd0) - {4'd0, taken};
      unread_q   <= unread_q + {4'd0, taken} - {4'd0, \u_fifo.gone };
      still_q    <= moves || idle || !fair_i ? 4'd0 : still_q + 4'd1;
      offered_q  <= wm_valid && !wm_ready_i;
      tile_q     <= tile;
    end
    if (begun_q && !rst_i) begin
      assert (w_ready == (due_q != 5'd0));
      assert (!(taken && unread_q == DEPTH && !\u_fifo.gone ));
      assert (unread_q <= DEPTH);
      assert (!offered_q || (wm_valid && tile == tile_q));
      assert (still_q < STILL);
      if (w_full) assert (!room && !owed);
    end
  end
endmodule
