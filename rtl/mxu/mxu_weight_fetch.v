// SPDX-License-Identifier: Apache-2.0
// Weight fetch: takes Read_Weights operations from its queue and asks weight memory for their tiles,
// one after the other, each only when the weight FIFO has a place for all of it. A request is taken
// with wm_valid_o && wm_ready_i and answered, in order, on the weight FIFO's write port.
// Latency: an operation pushed in one cycle can be taken in the next, its first request made in the
// one after.
module mxu_weight_fetch (
    input  wire        clk_i,
    input  wire        rst_i,
    // operations
    input  wire        push_i,     // comes only without full_o
    input  wire [47:0] op_i,       // number of tiles, first tile
    output wire        full_o,
    input  wire        stop_i,
    output wire        idle_o,     // nothing to ask for, or no room for it
    output wire        busy_o,     // a request or rows of one are under way
    // weight FIFO
    input  wire        room_i,     // a place for a tile
    input  wire        owed_i,     // rows asked for have not come
    input  wire        w_full_i,   // nothing moves without a product
    output wire        asked_o,    // a tile is requested
    // weight memory
    output wire        wm_valid_o,
    output wire [31:0] wm_tile_o,
    input  wire        wm_ready_i
);
  reg run_q;
  reg [31:0] tile_q;
  reg [15:0] left_q;

  wire [47:0] op;
  wire empty;
  wire take = !run_q && !empty && !stop_i;

  fifo #(
      .WIDTH(48),
      .DEPTH(16)
  ) u_queue (
      .clk_i  (clk_i),
      .rst_i  (rst_i),
      .push_i (push_i),
      .data_i (op_i),
      .pop_i  (take),
      .head_o (op),
      .empty_o(empty),
      .full_o (full_o)
  );

  assign wm_valid_o = run_q && room_i;
  assign wm_tile_o  = tile_q;
  assign asked_o    = wm_valid_o && wm_ready_i;
  assign idle_o     = (!run_q && empty && !owed_i) || w_full_i;
  assign busy_o     = wm_valid_o || owed_i;

  // In an error a request that is offered is the last.
  wire ends = asked_o ? left_q == 16'd1 || stop_i : stop_i && !wm_valid_o;

  always @(posedge clk_i) begin
    if (rst_i) run_q <= 1'b0;
    else begin
      if (take) run_q <= 1'b1;
      else if (ends) run_q <= 1'b0;
      if (take) begin
        tile_q <= op[31:0];
        left_q <= op[47:32];
      end else if (asked_o) begin
        tile_q <= tile_q + 32'd1;
        left_q <= left_q - 16'd1;
      end
    end
  end

`ifdef SPARSYS_ASSERT
  always @(posedge clk_i) begin
    if (!rst_i) begin
      assert (!(push_i && full_o));
      assert (!run_q || left_q != 16'd0);
    end
  end
`endif
endmodule
