// SPDX-License-Identifier: Apache-2.0
// Queue of four operations of a unit, the next one in registers, with what each still waits for:
// counts that go down with every operation that a unit completes, so that a wait that is over stays
// over. The next is taken with offer_o && can_i: the unit begins it, or tells with code_i what is wrong
// with it, and it is dropped and told in error_o until reset.
// Latency: an operation pushed in one cycle can be taken in the next.
module mxu_op_queue #(
    parameter WIDTH = 41  // bits of an operation that the unit needs
) (
    input  wire             clk_i,
    input  wire             rst_i,
    // from the sequencer
    input  wire             push_i,         // comes only without full_o
    input  wire [WIDTH-1:0] op_i,
    input  wire [     23:0] number_i,
    input  wire [     18:0] wait_i,         // operations to wait for: 7 bits matrix, 4 of each other
    output wire             full_o,
    input  wire [      3:0] done_i,         // a unit completes an operation
    input  wire             stop_i,
    // the next operation
    output wire             empty_o,
    output wire [WIDTH-1:0] op_o,
    output wire             offer_o,        // there is one, and it need not wait
    input  wire             can_i,          // the unit can take it
    input  wire [      3:0] code_i,         // what it is refused for, 0 if nothing
    output wire [      3:0] blocked_o,      // it waits for these units
    output wire [      3:0] error_o,
    output wire [     23:0] error_number_o
);
  localparam DEPTH = 4;

  reg [2:0] count_q;
  reg [DEPTH*WIDTH-1:0] op_q;
  reg [DEPTH*24-1:0] number_q;
  reg [DEPTH*19-1:0] wait_q;
  reg [3:0] error_q;
  reg [23:0] error_number_q;

  wire [3:0] held = {
    wait_q[18:15] != 4'd0, wait_q[14:11] != 4'd0, wait_q[10:7] != 4'd0, wait_q[6:0] != 7'd0
  };
  wire take = can_i && offer_o;
  wire refuse = take && code_i != 4'd0;

  assign full_o         = count_q == 3'd4;
  assign empty_o        = count_q == 3'd0;
  assign op_o           = op_q[WIDTH-1:0];
  assign offer_o        = !empty_o && held == 4'd0 && !stop_i;
  assign blocked_o      = held & {4{!empty_o}};
  assign error_o        = error_q;
  assign error_number_o = error_number_q;

  // Where an operation that is pushed goes.
  wire [2:0] place = take ? count_q - 3'd1 : count_q;

  // What every operation still waits for behind this cycle; behind the last there is none.
  wire [DEPTH*19-1:0] rest;
  wire [(DEPTH+1)*WIDTH-1:0] op_line = {op_q[(DEPTH-1)*WIDTH+:WIDTH], op_q};
  wire [(DEPTH+1)*24-1:0] number_line = {number_q[(DEPTH-1)*24+:24], number_q};
  wire [(DEPTH+1)*19-1:0] rest_line = {rest[(DEPTH-1)*19+:19], rest};

  genvar e;
  genvar u;
  generate
    for (e = 0; e < DEPTH; e = e + 1) begin : g_entry
      localparam [2:0] PLACE = e;
      wire load = push_i && place == PLACE;
      for (u = 0; u < 4; u = u + 1) begin : g_unit
        localparam W = u == 0 ? 7 : 4;
        localparam AT = e * 19 + (u == 0 ? 0 : 3 + 4 * u);
        wire [W-1:0] left = wait_q[AT+:W];
        assign rest[AT+:W] = left - {{(W - 1) {1'b0}}, done_i[u] && left != {W{1'b0}}};
      end
      always @(posedge clk_i) begin
        if (!rst_i) begin
          wait_q[e*19+:19] <= load ? wait_i : take ? rest_line[(e+1)*19+:19] : rest[e*19+:19];
          if (load) begin
            op_q[e*WIDTH+:WIDTH] <= op_i;
            number_q[e*24+:24]   <= number_i;
          end else if (take) begin
            op_q[e*WIDTH+:WIDTH] <= op_line[(e+1)*WIDTH+:WIDTH];
            number_q[e*24+:24]   <= number_line[(e+1)*24+:24];
          end
        end
      end
    end
  endgenerate

  always @(posedge clk_i) begin
    if (rst_i) begin
      count_q <= 3'd0;
      error_q <= 4'd0;
    end else begin
      if (push_i && !take) count_q <= count_q + 3'd1;
      else if (take && !push_i) count_q <= count_q - 3'd1;
      if (refuse) begin
        error_q        <= code_i;
        error_number_q <= number_q[23:0];
      end
    end
  end

`ifdef SPARSYS_ASSERT
  always @(posedge clk_i) begin
    if (!rst_i) begin
      assert (!(push_i && full_o));
      assert (count_q <= 3'd4);
    end
  end
`endif

  wire unused = &{1'b0, number_line[23:0], op_line[WIDTH-1:0], rest_line[18:0]};
endmodule
