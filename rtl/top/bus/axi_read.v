// SPDX-License-Identifier: Apache-2.0
// AXI4 read master of all read streams: each has a buffer and asks only for what it has room for, so
// that m_rready_o is always 1 and no stream holds another up (docs/reference/top-timing.md, 5).
// Handshakes: requests req_valid_i && req_ready_o of one stream, answered by beats in order at
// data_valid_o && data_ready_i. With stop_i no new address is offered and no beat is given out; all
// that is owed is taken and dropped until idle_o; clear_i begins anew.
// Latency: three cycles from a request to its address at an idle bus, three from a beat to its stream.
module axi_read #(
    parameter STREAMS = 5,       // read streams, 2 to 8: their number is the bus's ID
    parameter AXI_BYTES = 8,     // bytes of the bus: 8, 16, 32 or 64
    parameter AXI_ADDR_W = 40,   // bits of an address, 32 to 44
    parameter BURST_BEATS = 16,  // beats of a burst at most: 2, 4, 8 or 16
    parameter READ_BURSTS = 4    // bursts that a stream's buffer holds, a power of two from 2 to 16
) (
    input  wire                           clk_i,
    input  wire                           rst_i,
    input  wire                           stop_i,
    input  wire                           clear_i,
    // streams: stream n has bit n, or the n-th field
    input  wire [            STREAMS-1:0] req_valid_i,
    output wire [            STREAMS-1:0] req_ready_o,
    input  wire [ STREAMS*AXI_ADDR_W-1:0] req_addr_i,
    input  wire [         STREAMS*32-1:0] req_beats_i,
    output wire [            STREAMS-1:0] data_valid_o,
    input  wire [            STREAMS-1:0] data_ready_i,
    output wire [STREAMS*8*AXI_BYTES-1:0] data_o,
    // state
    output wire                           idle_o,         // nothing is offered or owed
    output wire                           address_o,      // an address was taken in the cycle before
    output wire                           beat_o,         // a beat was taken in the cycle before
    output wire                           error_o,        // it was in error,
    output wire [                    2:0] error_id_o,     // of this stream,
    output wire [         AXI_ADDR_W-1:0] error_addr_o,   // in the burst of this address
    // bus
    output wire                           m_arvalid_o,
    input  wire                           m_arready_i,
    output wire [         AXI_ADDR_W-1:0] m_araddr_o,
    output wire [                    2:0] m_arid_o,
    output wire [                    7:0] m_arlen_o,
    output wire [                    2:0] m_arsize_o,
    output wire [                    1:0] m_arburst_o,
    output wire                           m_arlock_o,
    output wire [                    3:0] m_arcache_o,
    output wire [                    2:0] m_arprot_o,
    output wire [                    3:0] m_arqos_o,
    input  wire                           m_rvalid_i,
    output wire                           m_rready_o,
    input  wire [                    2:0] m_rid_i,
    input  wire [        8*AXI_BYTES-1:0] m_rdata_i,
    input  wire [                    1:0] m_rresp_i,
    input  wire                           m_rlast_i
);
  assign req_ready_o = 0;
  assign data_valid_o = 0;
  assign data_o = 0;
  assign idle_o = 0;
  assign address_o = 0;
  assign beat_o = 0;
  assign error_o = 0;
  assign error_id_o = 0;
  assign error_addr_o = 0;
  assign m_arvalid_o = 0;
  assign m_araddr_o = 0;
  assign m_arid_o = 0;
  assign m_arlen_o = 0;
  assign m_arsize_o = 0;
  assign m_arburst_o = 0;
  assign m_arlock_o = 0;
  assign m_arcache_o = 0;
  assign m_arprot_o = 0;
  assign m_arqos_o = 0;
  assign m_rready_o = 0;
  wire unused = &{1'b0, clk_i, rst_i, stop_i, clear_i, req_valid_i, req_addr_i, req_beats_i, data_ready_i, m_arready_i, m_rvalid_i, m_rid_i, m_rdata_i, m_rresp_i, m_rlast_i};
endmodule
