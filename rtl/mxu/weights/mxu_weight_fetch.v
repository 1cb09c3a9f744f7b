// SPDX-License-Identifier: Apache-2.0
// Weight fetch: takes Read_Weights operations from its queue and asks weight memory for their beats, up
// to 16 at a time and never across a multiple of 16, each time only when the FIFOs of all buses have
// places. A request is taken with wm_valid_o && wm_ready_i and answered, in order, on the port of
// mxu_weights, which is told of each operation with expect_o in front of its first request.
// Latency: an operation pushed in one cycle can be taken in the next, its first request made in the
// one after; one request each three cycles.
module mxu_weight_fetch (
    input  wire        clk_i,
    input  wire        rst_i,
    // operations
    input  wire        push_i,         // comes only without full_o
    input  wire [73:0] op_i,           // codebook, raw, tiles, beats, first beat
    output wire        full_o,
    input  wire        stop_i,
    output wire        idle_o,         // nothing to ask for, or no room for it
    output wire        busy_o,         // a request or beats of one are under way
    // weights
    input  wire        room_i,         // places for 16 beats
    input  wire        owed_i,         // beats asked for are not all in the FIFOs
    input  wire        w_full_i,       // nothing moves without a product
    input  wire        expect_full_i,
    output wire        expect_o,       // an operation is begun:
    output wire [41:0] expect_data_o,  // codebook, raw, tiles, beats
    output wire        asked_o,        // a request is taken
    // weight memory
    output wire        wm_valid_o,
    output wire [31:0] wm_addr_o,      // first beat
    output wire [ 4:0] wm_beats_o,     // beats, 1 to 16
    input  wire        wm_ready_i
);
  reg run_q;
  reg [31:0] addr_q;
  reg [23:0] left_q;
  reg [1:0] hold_q;

  wire [73:0] op;
  wire empty;
  wire take = !run_q && !empty && !stop_i && !expect_full_i;
  // Up to the next multiple of 16.
  wire [4:0] upto = 5'd16 - {1'b0, addr_q[3:0]};
  wire all = left_q <= {19'd0, upto};

  fifo #(
      .WIDTH(74),
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

  // A request is seen in room_i two cycles later.
  assign wm_valid_o    = run_q && room_i && hold_q == 2'd0;
  assign wm_addr_o     = addr_q;
  assign wm_beats_o    = all ? left_q[4:0] : upto;
  assign asked_o       = wm_valid_o && wm_ready_i;
  assign expect_o      = take;
  assign expect_data_o = op[73:32];
  assign idle_o        = (!run_q && empty && !owed_i) || w_full_i;
  assign busy_o        = wm_valid_o || owed_i;

  // In an error a request that is offered is the last.
  wire ends = asked_o ? all || stop_i : stop_i && !wm_valid_o;

  always @(posedge clk_i) begin
    if (rst_i) begin
      run_q  <= 1'b0;
      hold_q <= 2'd0;
    end else begin
      if (take) run_q <= 1'b1;
      else if (ends) run_q <= 1'b0;
      if (asked_o) hold_q <= 2'd2;
      else if (hold_q != 2'd0) hold_q <= hold_q - 2'd1;
      if (take) begin
        addr_q <= op[31:0];
        left_q <= op[55:32];
      end else if (asked_o) begin
        // Behind the last request of an operation they are of no more use.
        addr_q <= {addr_q[31:4] + 28'd1, 4'd0};
        left_q <= left_q - {19'd0, upto};
      end
    end
  end

`ifdef SPARSYS_ASSERT
  always @(posedge clk_i) begin
    if (!rst_i) begin
      assert (!(push_i && full_o));
      assert (!run_q || left_q != 24'd0);
    end
  end
`endif
endmodule
