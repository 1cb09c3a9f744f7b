// SPDX-License-Identifier: Apache-2.0
// Small memory with one write port and one combinational read port (distributed RAM or flip-flops).
// A read in the cycle of a write to the same word gives the old value.
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

  assign rdata_o = mem[raddr_i];

  always @(posedge clk_i) begin
    if (we_i) mem[waddr_i] <= wdata_i;
  end

  generate
    if (DEPTH < 2) begin : g_check_depth
      parameter_error_DEPTH_must_be_at_least_2 u_error ();
    end
  endgenerate
endmodule
