// SPDX-License-Identifier: Apache-2.0
// Status word of the error: of the first unit that has one, its code (7:0) and the number of the
// instruction or, of weights, of the tile (31:8) and the bus (39:32). Units are, from bit 0: sequencer,
// matrix, activation, host input, host output, weights. Combinational.
module mxu_first_error (
    input  wire [ 23:0] error_i,         // codes, 0 if nothing is wrong
    input  wire [143:0] error_number_i,
    input  wire [  7:0] error_bus_i,
    output wire         error_o,         // any
    output wire [ 47:0] word_o
);
  reg [39:0] word;
  integer e;
  always @* begin
    word = 40'd0;
    for (e = 5; e >= 0; e = e - 1) begin
      if (error_i[4*e+:4] != 4'd0) begin
        word = {e == 5 ? error_bus_i : 8'd0, error_number_i[24*e+:24], 4'd0, error_i[4*e+:4]};
      end
    end
  end
  assign error_o = error_i != 24'd0;
  assign word_o  = {8'd0, word};
endmodule
