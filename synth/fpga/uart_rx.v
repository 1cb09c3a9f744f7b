// SPDX-License-Identifier: Apache-2.0
// Serial receiver, 8 data bits, no parity, one stop bit. valid_o is high for one cycle with a byte; a frame
// without its stop bit is dropped, and is a break if all its bits are 0. After such a frame the line must be
// high before the next one starts.
module uart_rx #(
    parameter CLKS_PER_BIT = 12  // clock cycles of a bit, 4 to 65535
) (
    input  wire       clk_i,
    input  wire       rst_i,
    input  wire       rx_i,      // any clock
    output wire       valid_o,
    output wire [7:0] data_o,
    output wire       break_o
);
  localparam COUNT_W = $clog2(CLKS_PER_BIT);
  localparam [31:0] LAST_32 = CLKS_PER_BIT - 1;
  localparam [31:0] HALF_32 = CLKS_PER_BIT / 2 - 1;
  localparam [COUNT_W-1:0] LAST = LAST_32[COUNT_W-1:0];
  localparam [COUNT_W-1:0] HALF = HALF_32[COUNT_W-1:0];

  reg [1:0] sync_q;
  reg run_q;
  reg low_q;  // a frame without stop bit was seen and the line has been low since
  reg [COUNT_W-1:0] count_q;
  reg [3:0] bit_q;
  reg [7:0] data_q;
  reg valid_q;
  reg break_q;

  wire rx = sync_q[1];

  assign valid_o = valid_q;
  assign data_o  = data_q;
  assign break_o = break_q;

  always @(posedge clk_i) begin
    sync_q  <= {sync_q[0], rx_i};
    valid_q <= 1'b0;
    break_q <= 1'b0;
    if (rst_i) begin
      sync_q <= 2'b11;
      run_q  <= 1'b0;
      low_q  <= 1'b0;
    end else if (!run_q) begin
      // Bits are taken in their middle, from half a bit behind the falling edge on.
      count_q <= HALF;
      bit_q   <= 4'd0;
      if (rx) low_q <= 1'b0;
      else if (!low_q) run_q <= 1'b1;
    end else if (count_q != {COUNT_W{1'b0}}) begin
      count_q <= count_q - 1'b1;
    end else begin
      count_q <= LAST;
      bit_q   <= bit_q + 4'd1;
      case (bit_q)
        4'd0: if (rx) run_q <= 1'b0;  // a spike
        4'd9: begin
          run_q   <= 1'b0;
          low_q   <= !rx;
          valid_q <= rx;
          break_q <= !rx && data_q == 8'd0;
        end
        default: data_q <= {rx, data_q[7:1]};
      endcase
    end
  end

  generate
    if (CLKS_PER_BIT < 4 || CLKS_PER_BIT > 65535) begin : g_check_clks_per_bit
      parameter_error_CLKS_PER_BIT_must_be_from_4_to_65535 u_error ();
    end
  endgenerate
endmodule
