// SPDX-License-Identifier: Apache-2.0
// Number of groups in which something happens in a cycle, for the counters of eie_status.
// Latency one cycle.
module eie_tally #(
    parameter GROUPS = 4,              // a power of two, at least 2
    parameter LEVELS = $clog2(GROUPS)  // derived, do not override
) (
    input  wire              clk_i,
    input  wire              rst_i,
    input  wire [GROUPS-1:0] events_i,
    output wire [  LEVELS:0] count_o
);
  reg [LEVELS:0] count_q;

  reg [LEVELS:0] count;
  integer g;
  always @* begin
    count = {(LEVELS + 1) {1'b0}};
    for (g = 0; g < GROUPS; g = g + 1) count = count + {{LEVELS{1'b0}}, events_i[g]};
  end

  assign count_o = count_q;

  always @(posedge clk_i) begin
    if (rst_i) count_q <= {(LEVELS + 1) {1'b0}};
    else count_q <= count;
  end
endmodule
