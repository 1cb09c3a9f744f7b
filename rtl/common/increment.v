// SPDX-License-Identifier: Apache-2.0
// A number plus one; combinational. A module of its own so that synthesis, which keeps modules, does not put a
// counter's late enable in front of its carries.
module increment #(
    parameter WIDTH = 32  // bits
) (
    input  wire [WIDTH-1:0] value_i,
    output wire [WIDTH-1:0] next_o
);
  assign next_o = value_i + {{(WIDTH - 1) {1'b0}}, 1'b1};
endmodule
