// SPDX-License-Identifier: Apache-2.0
// Bitwise OR of COUNT words; combinational. Written as a chain, which synthesis balances.
module or_reduce #(
    parameter WIDTH = 64,  // bits of a word
    parameter COUNT = 64   // words, at least 1
) (
    input  wire [COUNT*WIDTH-1:0] words_i,
    output reg  [      WIDTH-1:0] word_o
);
  integer w;

  always @* begin
    word_o = {WIDTH{1'b0}};
    for (w = 0; w < COUNT; w = w + 1) word_o = word_o | words_i[WIDTH*w+:WIDTH];
  end
endmodule
