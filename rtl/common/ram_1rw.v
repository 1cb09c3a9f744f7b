// SPDX-License-Identifier: Apache-2.0
// Synchronous RAM with one port that reads or writes; the one place to map such RAMs to a
// technology.
// Latency: read data in the cycle after en_i && !we_i, kept until the next read. A write leaves it
// alone.
module ram_1rw #(
    parameter WIDTH = 64,  // bits of a word
    parameter DEPTH = 16,  // words, at least 2
    parameter ADDR_W = $clog2(DEPTH)  // derived, do not override
) (
    input  wire              clk_i,
    input  wire              en_i,
    input  wire              we_i,
    input  wire [ADDR_W-1:0] addr_i,
    input  wire [ WIDTH-1:0] wdata_i,
    output wire [ WIDTH-1:0] rdata_o
);
  reg [WIDTH-1:0] mem[0:DEPTH-1];
  reg [WIDTH-1:0] rdata_q;

  assign rdata_o = rdata_q;

  always @(posedge clk_i) begin
    if (en_i) begin
      if (we_i) mem[addr_i] <= wdata_i;
      else rdata_q <= mem[addr_i];
    end
  end

  generate
    if (DEPTH < 2) begin : g_check_depth
      parameter_error_DEPTH_must_be_at_least_2 u_error ();
    end
  endgenerate
endmodule
