// SPDX-License-Identifier: Apache-2.0
// rtl/common/regfile_1r1w.v for iCE40, which has no distributed RAM: a block RAM read at the falling edge in the
// middle of the cycle stands in for the combinational read, so address and data each have half a cycle. As there,
// a read in the cycle of a write to the same word gives the old value, since the write comes half a cycle later.
module regfile_1r1w #(
    parameter WIDTH = 16,  // bits of a word
    parameter DEPTH = 64,  // words, at least 2
    parameter ADDR_W = $clog2(DEPTH)  // derived, do not override
) (
    input  wire              clk_i,
    input  wire              we_i,
    input  wire [ADDR_W-1:0] waddr_i,
    input  wire [ WIDTH-1:0] wdata_i,
    input  wire [ADDR_W-1:0] raddr_i,
    output wire [ WIDTH-1:0] rdata_o
);
  reg [WIDTH-1:0] mem[0:DEPTH-1];
  reg [WIDTH-1:0] rdata_q;

  assign rdata_o = rdata_q;

  always @(posedge clk_i) begin
    if (we_i) mem[waddr_i] <= wdata_i;
  end

  always @(negedge clk_i) begin
    rdata_q <= mem[raddr_i];
  end

  generate
    if (DEPTH < 2) begin : g_check_depth
      parameter_error_DEPTH_must_be_at_least_2 u_error ();
    end
  endgenerate
endmodule
