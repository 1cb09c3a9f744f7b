// SPDX-License-Identifier: Apache-2.0
// Serial transmitter, 8 data bits, no parity, one stop bit. Takes a byte with valid_i && ready_o.
module uart_tx #(
    parameter CLKS_PER_BIT = 12  // clock cycles of a bit, 4 to 65535
) (
    input  wire       clk_i,
    input  wire       rst_i,
    input  wire       valid_i,
    input  wire [7:0] data_i,
    output wire       ready_o,
    output wire       tx_o
);
  localparam COUNT_W = $clog2(CLKS_PER_BIT);
  localparam [31:0] LAST_32 = CLKS_PER_BIT - 1;
  localparam [COUNT_W-1:0] LAST = LAST_32[COUNT_W-1:0];

  reg [COUNT_W-1:0] count_q;
  reg [3:0] left_q;   // bits to send, this one included
  reg [8:0] shift_q;  // this bit and those behind it

  assign ready_o = left_q == 4'd0;
  assign tx_o    = shift_q[0];

  always @(posedge clk_i) begin
    if (rst_i) begin
      left_q  <= 4'd0;
      shift_q <= 9'h1FF;
    end else if (ready_o) begin
      count_q <= LAST;
      if (valid_i) begin
        left_q  <= 4'd10;
        shift_q <= {data_i, 1'b0};
      end
    end else if (count_q != {COUNT_W{1'b0}}) begin
      count_q <= count_q - 1'b1;
    end else begin
      count_q <= LAST;
      left_q  <= left_q - 4'd1;
      shift_q <= {1'b1, shift_q[8:1]};
    end
  end
endmodule
