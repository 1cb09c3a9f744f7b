// SPDX-License-Identifier: Apache-2.0
// Systolic data set-up: turns a row of the unified buffer, all lanes at once, into the slanted front
// that the array wants. pad_i and pad_value_i come with the buffer's read, data_i a cycle later; a
// row with pad_i is the pad value in all lanes.
// Latency: lane l of data_i is at a_o l cycles later. Lanes from ROWS on are not used.
module mxu_setup #(
    parameter ROWS = 256,  // rows of the array
    parameter LANES = 256  // bytes in a row of the unified buffer, at least ROWS
) (
    input  wire               clk_i,
    input  wire               rst_i,
    input  wire [LANES*8-1:0] data_i,
    input  wire               pad_i,
    input  wire [        7:0] pad_value_i,
    output wire [ ROWS*8-1:0] a_o
);
  reg pad_q;
  reg [7:0] value_q;

  wire [ROWS*8-1:0] row = pad_q ? {ROWS{value_q}} : data_i[ROWS*8-1:0];

  assign a_o[7:0] = row[7:0];

  always @(posedge clk_i) begin
    value_q <= pad_value_i;
    if (rst_i) pad_q <= 1'b0;
    else pad_q <= pad_i;
  end

  genvar l;
  generate
    for (l = 1; l < ROWS; l = l + 1) begin : g_lane
      reg [8*l-1:0] skew_q;
      assign a_o[8*l+:8] = skew_q[8*l-1-:8];
      if (l == 1) begin : g_one
        always @(posedge clk_i) skew_q <= row[8*l+:8];
      end else begin : g_more
        always @(posedge clk_i) skew_q <= {skew_q[8*l-9:0], row[8*l+:8]};
      end
    end
    if (LANES > ROWS) begin : g_unused
      wire unused = &{1'b0, data_i[LANES*8-1:ROWS*8]};
    end
  endgenerate
endmodule
