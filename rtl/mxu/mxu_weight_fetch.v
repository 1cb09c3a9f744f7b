// SPDX-License-Identifier: Apache-2.0
// Weight fetch: takes Read_Weights operations from its queue and asks weight memory for their tiles,
// one after the other. A request is taken with wm_valid_o && wm_ready_i and answered, in order, on
// the weight FIFO's write port.
module mxu_weight_fetch (
    input  wire         clk_i,
    input  wire         rst_i,
    // operations
    input  wire         push_i,
    input  wire [147:0] op_i,
    output wire         full_o,
    input  wire         stop_i,
    output wire [  2:0] error_o,
    output wire [ 23:0] error_number_o,
    output wire         idle_o,
    // weight memory
    output wire         wm_valid_o,
    output wire [ 31:0] wm_tile_o,
    input  wire         wm_ready_i
);
  reg run_q;
  reg [31:0] tile_q;
  reg [15:0] left_q;
  reg [2:0] error_q;
  reg [23:0] error_number_q;

  wire [147:0] op;
  wire empty;
  wire take = !run_q && !empty && !stop_i;

  fifo #(
      .WIDTH(148),
      .DEPTH(4)
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

  wire [79:0] inst = op[139:60];
  wire error_2 = inst[47:32] == 16'd0;
  wire request = run_q && wm_ready_i;

  assign error_o        = error_q;
  assign error_number_o = error_number_q;
  assign idle_o         = !run_q && empty;
  assign wm_valid_o     = run_q;
  assign wm_tile_o      = tile_q;

  always @(posedge clk_i) begin
    if (rst_i) begin
      run_q   <= 1'b0;
      error_q <= 3'd0;
    end else begin
      if (take && error_2) begin
        error_q        <= 3'd2;
        error_number_q <= op[23:0];
      end
      if (take && !error_2) begin
        run_q  <= 1'b1;
        tile_q <= inst[31:0];
        left_q <= inst[47:32];
      end else if (request) begin
        tile_q <= tile_q + 32'd1;
        left_q <= left_q - 16'd1;
        if (left_q == 16'd1) run_q <= 1'b0;
      end
    end
  end

  wire unused = &{1'b0, op[147:140], inst[79:48], op[59:24]};
endmodule
