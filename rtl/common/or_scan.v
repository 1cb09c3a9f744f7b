// SPDX-License-Identifier: Apache-2.0
// Of each bit of a vector, whether it or one above it is set; combinational. A module of its own: wider
// vectors are scanned in parts, which synthesis for area would join to one long chain.
module or_scan #(
    parameter WIDTH = 4  // bits
) (
    input  wire [WIDTH-1:0] vector_i,
    output wire [WIDTH-1:0] from_o
);
  genvar b;
  generate
    for (b = 0; b < WIDTH; b = b + 1) begin : g_bit
      assign from_o[b] = |vector_i[WIDTH-1:b];
    end
  endgenerate
endmodule
