// SPDX-License-Identifier: Apache-2.0
// Which units an operation waits for; combinational. Pair u holds it back while fewer operations of
// unit u are complete than its stamp says: both counts are taken modulo 256, so the sign of their
// difference tells.
module mxu_waits (
    input  wire [ 3:0] wanted_i,
    input  wire [31:0] stamps_i,
    input  wire [31:0] done_i,    // completed operations of each unit
    output wire [ 3:0] held_o
);
  genvar u;
  generate
    for (u = 0; u < 4; u = u + 1) begin : g_unit
      wire [7:0] ahead = done_i[8*u+:8] - stamps_i[8*u+:8];
      assign held_o[u] = wanted_i[u] && ahead[7];
      wire unused = &{1'b0, ahead[6:0]};
    end
  endgenerate
endmodule
