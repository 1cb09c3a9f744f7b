// SPDX-License-Identifier: Apache-2.0
// Conversion of the elements of a word between signed bytes and 16 bits (docs/reference/top-format.md,
// section 6; top-units-timing.md, section 1). Elements stand in 16 bits each, bytes in their low half.
// Latency: six cycles, a word every cycle, never held up.
module top_convert #(
    parameter LANES = 4  // elements of a word
) (
    input  wire                clk_i,
    input  wire                rst_i,
    // the command's, while words are under way
    input  wire                to_bytes_i,
    input  wire [        15:0] multiplier_i,
    input  wire [         4:0] right_i,
    input  wire [         7:0] zero_i,
    // words
    input  wire                valid_i,
    input  wire                last_i,
    input  wire [16*LANES-1:0] word_i,
    output wire                valid_o,
    output wire                last_o,
    output wire [16*LANES-1:0] word_o
);
  reg [5:0] valid_q;
  reg [5:0] last_q;

  assign valid_o = valid_q[5];
  assign last_o  = last_q[5];

  genvar e;
  generate
    for (e = 0; e < LANES; e = e + 1) begin : g_lane
      top_convert_lane u_lane (
          .clk_i       (clk_i),
          .to_bytes_i  (to_bytes_i),
          .multiplier_i(multiplier_i),
          .right_i     (right_i),
          .zero_i      (zero_i),
          .value_i     (word_i[16*e+:16]),
          .value_o     (word_o[16*e+:16])
      );
    end
  endgenerate

  always @(posedge clk_i) begin
    last_q <= {last_q[4:0], last_i};
    if (rst_i) valid_q <= 6'd0;
    else valid_q <= {valid_q[4:0], valid_i};
  end
endmodule
