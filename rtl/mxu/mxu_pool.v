// SPDX-License-Identifier: Apache-2.0
// One lane of the activation unit, stages 6 and 7: largest value or mean of a window, or the value
// itself. Stage N takes part in a cycle with valid_i[N-6]. Latency: 2 cycles, one value a cycle; the
// result of a window is that of its last value.
module mxu_pool (
    input  wire        clk_i,
    input  wire [ 1:0] valid_i,
    input  wire        max_i,
    input  wire        average_i,     // neither: the value itself
    input  wire        first_i,       // of its window
    input  wire        inside_i,      // the map; outside: left out
    input  wire [24:0] multiplier_i,
    input  wire [24:0] round_i,       // added to the product of a sum from 0 on
    input  wire [24:0] round_below_i, // and of one below 0
    input  wire [ 7:0] f_i,
    output wire [ 7:0] out_o
);
  reg [15:0] pool_q;
  reg [7:0] out_q;

  // Stage 6.
  wire [15:0] f = {{8{f_i[7]}}, f_i};
  wire [15:0] most = first_i ? 16'hFF80 : pool_q;
  wire [15:0] sum = (first_i ? 16'd0 : pool_q) + (inside_i ? f : 16'd0);
  wire larger = inside_i && $signed(f) > $signed(most);

  // Stage 7.
  wire [41:0] product = $signed({{26{pool_q[15]}}, pool_q}) * $signed({17'd0, multiplier_i});
  wire [41:0] mean = product + {17'd0, pool_q[15] ? round_below_i : round_i};
  wire saturates = mean[41:31] != {11{mean[41]}};

  assign out_o = out_q;

  always @(posedge clk_i) begin
    if (valid_i[0]) pool_q <= average_i ? sum : max_i && !larger ? most : f;
    if (valid_i[1]) begin
      out_q <= !average_i ? pool_q[7:0] : saturates ? {mean[41], {7{!mean[41]}}} : mean[31:24];
    end
  end

  wire unused = &{1'b0, mean[23:0]};
endmodule
