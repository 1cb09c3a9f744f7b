// SPDX-License-Identifier: Apache-2.0
// One lane of the activation unit, stages 10 to 14: largest value or mean of a window, or the value
// itself. Stage 10 takes part in a cycle with valid_i, the others in every one.
// Latency: 5 cycles, one value a cycle; the result of a window is that of its last value.
module mxu_pool #(
    parameter DIGIT = 8  // bits of a digit of products
) (
    input  wire        clk_i,
    input  wire        valid_i,       // stage 10
    input  wire        max_i,
    input  wire        average_i,     // neither: the value itself
    input  wire        first_i,       // stage 10: of its window
    input  wire        inside_i,      // stage 10: the map; outside: left out
    input  wire [24:0] multiplier_i,
    input  wire [24:0] round_i,       // added to the product of a sum from 0 on
    input  wire [24:0] round_below_i, // and of one below 0
    input  wire [ 7:0] f_i,
    output wire [ 7:0] out_o
);
  reg [15:0] pool_q;
  reg below12_q;
  reg [7:0] value12_q;
  reg [7:0] value13_q;
  reg [7:0] value14_q;
  reg [7:0] out_q;

  // Stage 10.
  wire [15:0] f = {{8{f_i[7]}}, f_i};
  wire [15:0] most = first_i ? 16'hFF80 : pool_q;
  wire [15:0] sum = (first_i ? 16'd0 : pool_q) + (inside_i ? f : 16'd0);
  wire larger = inside_i && $signed(f) > $signed(most);

  // Stages 11 to 13.
  wire [41:0] mean_q;

  mxu_product #(
      .A_WIDTH(26),
      .B_WIDTH(16),
      .DIGIT  (DIGIT)
  ) u_mean (
      .clk_i    (clk_i),
      .a_i      ({1'b0, multiplier_i}),
      .b_i      (pool_q),
      .addend_i ({17'd0, below12_q ? round_below_i : round_i}),
      .product_o(mean_q)
  );

  // Stage 14.
  wire saturates = mean_q[41:31] != {11{mean_q[41]}};

  assign out_o = out_q;

  always @(posedge clk_i) begin
    if (valid_i) pool_q <= average_i ? sum : max_i && !larger ? most : f;
    below12_q <= pool_q[15];
    value12_q <= pool_q[7:0];
    value13_q <= value12_q;
    value14_q <= value13_q;
    out_q <= !average_i ? value14_q : saturates ? {mean_q[41], {7{!mean_q[41]}}} : mean_q[31:24];
  end

  wire unused = &{1'b0, mean_q[23:0]};
endmodule
