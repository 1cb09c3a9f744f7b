// SPDX-License-Identifier: Apache-2.0
// Unified buffer: activations between layers. The matrix unit's reads win over the host's, the
// activation unit's writes over the host's; the host's request is served with h_rgrant_o or
// h_wgrant_o. Latency: read data a cycle after the read, kept until the next.
module mxu_unified_buffer #(
    parameter LANES = 256,             // bytes in a row
    parameter UB_DEPTH = 98304,        // rows
    parameter UB_W = $clog2(UB_DEPTH)  // derived, do not override
) (
    input  wire               clk_i,
    // reads: matrix unit, host output
    input  wire               m_re_i,
    input  wire [   UB_W-1:0] m_raddr_i,
    input  wire               h_re_i,
    input  wire [   UB_W-1:0] h_raddr_i,
    output wire               h_rgrant_o,
    output wire [LANES*8-1:0] rdata_o,
    // writes: activation unit, host input
    input  wire               a_we_i,
    input  wire [   UB_W-1:0] a_waddr_i,
    input  wire [LANES*8-1:0] a_wdata_i,
    input  wire               h_we_i,
    input  wire [   UB_W-1:0] h_waddr_i,
    input  wire [LANES*8-1:0] h_wdata_i,
    output wire               h_wgrant_o
);
  assign h_rgrant_o = !m_re_i;
  assign h_wgrant_o = !a_we_i;

  ram_1r1w #(
      .WIDTH(LANES * 8),
      .DEPTH(UB_DEPTH)
  ) u_ram (
      .clk_i  (clk_i),
      .we_i   (a_we_i || h_we_i),
      .waddr_i(a_we_i ? a_waddr_i : h_waddr_i),
      .wdata_i(a_we_i ? a_wdata_i : h_wdata_i),
      .re_i   (m_re_i || h_re_i),
      .raddr_i(m_re_i ? m_raddr_i : h_raddr_i),
      .rdata_o(rdata_o)
  );
endmodule
