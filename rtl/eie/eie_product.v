// SPDX-License-Identifier: Apache-2.0
// Product of a weight and an activation, both signed, in two stages: of the products of their bytes
// the highest, the lowest and the sum of the two others are registered, their sum is combinational
// behind them. No carry runs through more than 17 bits in the first stage.
// Latency: one cycle; a new pair every cycle.
module eie_product (
    input  wire        clk_i,
    input  wire [15:0] weight_i,
    input  wire [15:0] act_i,
    output wire [31:0] product_o  // of the pair of the cycle before
);
  reg [15:0] high_q;
  reg [15:0] low_q;
  reg [16:0] middle_q;

  wire signed [7:0] weight_high = weight_i[15:8];
  wire signed [8:0] weight_low = {1'b0, weight_i[7:0]};
  wire signed [7:0] act_high = act_i[15:8];
  wire signed [8:0] act_low = {1'b0, act_i[7:0]};
  wire signed [15:0] high = weight_high * act_high;
  wire [15:0] low = weight_i[7:0] * act_i[7:0];
  wire signed [16:0] middle = weight_low * act_high + weight_high * act_low;

  assign product_o = {high_q, low_q} + {{7{middle_q[16]}}, middle_q, 8'd0};

  always @(posedge clk_i) begin
    high_q   <= high;
    low_q    <= low;
    middle_q <= middle;
  end
endmodule
