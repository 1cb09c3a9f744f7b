// SPDX-License-Identifier: Apache-2.0
// Synchronous RAM with one write and one read port; the one place to map such RAMs to a technology.
// Latency: read data in the cycle after re_i, kept until the next read. A read in the cycle of a
// write to the same word gives the old value. Addresses are below DEPTH.
module ram_1r1w #(
    parameter WIDTH = 64,  // bits of a word
    parameter DEPTH = 16,  // words, at least 2
    parameter ADDR_W = $clog2(DEPTH)  // derived, do not override
) (
    input  wire              clk_i,
    input  wire              we_i,
    input  wire [ADDR_W-1:0] waddr_i,
    input  wire [ WIDTH-1:0] wdata_i,
    input  wire              re_i,
    input  wire [ADDR_W-1:0] raddr_i,
    output wire [ WIDTH-1:0] rdata_o
);
  reg [WIDTH-1:0] mem[0:DEPTH-1];
  reg [WIDTH-1:0] rdata_q;

  assign rdata_o = rdata_q;

  always @(posedge clk_i) begin
    if (re_i) rdata_q <= mem[raddr_i];
    if (we_i) mem[waddr_i] <= wdata_i;
  end

  generate
    if (DEPTH < 2) begin : g_check_depth
      parameter_error_DEPTH_must_be_at_least_2 u_error ();
    end
  endgenerate
endmodule
