// SPDX-License-Identifier: Apache-2.0
// AXI4 write master of all write streams. A burst's address is offered only when all its beats lie in
// its stream's buffer, so write data never waits for a unit; m_bready_o is always 1
// (docs/reference/top-timing.md, 6).
// Handshakes: a request req_valid_i && req_ready_o of a stream, its beats at data_valid_i &&
// data_ready_o, done_o for a cycle when its last response has come. With stop_i no new address is
// offered, what is owed is given with all strobes 0 until idle_o; clear_i begins anew.
// Latency: six cycles from a request and its beat to the address at an idle bus.
module axi_write #(
    parameter STREAMS = 3,       // write streams, 2 to 8: their number is the bus's ID
    parameter AXI_BYTES = 8,     // bytes of the bus: 8, 16, 32 or 64
    parameter AXI_ADDR_W = 40,   // bits of an address, 32 to 44
    parameter BURST_BEATS = 16,  // beats of a burst at most: 2, 4, 8 or 16
    parameter WRITE_BURSTS = 4   // bursts of a stream without response, a power of two from 2 to 16
) (
    input  wire                           clk_i,
    input  wire                           rst_i,
    input  wire                           stop_i,
    input  wire                           clear_i,
    // streams: stream n has bit n, or the n-th field
    input  wire [            STREAMS-1:0] req_valid_i,
    output wire [            STREAMS-1:0] req_ready_o,
    input  wire [ STREAMS*AXI_ADDR_W-1:0] req_addr_i,
    input  wire [         STREAMS*32-1:0] req_bytes_i,
    input  wire [            STREAMS-1:0] data_valid_i,
    output wire [            STREAMS-1:0] data_ready_o,
    input  wire [STREAMS*8*AXI_BYTES-1:0] data_i,
    output wire [            STREAMS-1:0] done_o,
    // state
    output wire                           idle_o,         // nothing is offered or owed
    output wire                           address_o,      // an address was taken in the cycle before
    output wire                           beat_o,         // a beat was taken in the cycle before
    output wire                           response_o,     // a response was taken in the cycle before
    output wire                           error_o,        // it was an error,
    output wire [                    2:0] error_id_o,     // of this stream,
    output wire [         AXI_ADDR_W-1:0] error_addr_o,   // to the burst of this address
    // bus
    output wire                           m_awvalid_o,
    input  wire                           m_awready_i,
    output wire [         AXI_ADDR_W-1:0] m_awaddr_o,
    output wire [                    2:0] m_awid_o,
    output wire [                    7:0] m_awlen_o,
    output wire [                    2:0] m_awsize_o,
    output wire [                    1:0] m_awburst_o,
    output wire                           m_awlock_o,
    output wire [                    3:0] m_awcache_o,
    output wire [                    2:0] m_awprot_o,
    output wire [                    3:0] m_awqos_o,
    output wire                           m_wvalid_o,
    input  wire                           m_wready_i,
    output wire [        8*AXI_BYTES-1:0] m_wdata_o,
    output wire [          AXI_BYTES-1:0] m_wstrb_o,
    output wire                           m_wlast_o,
    input  wire                           m_bvalid_i,
    output wire                           m_bready_o,
    input  wire [                    2:0] m_bid_i,
    input  wire [                    1:0] m_bresp_i
);
  assign req_ready_o = 0;
  assign data_ready_o = 0;
  assign done_o = 0;
  assign idle_o = 0;
  assign address_o = 0;
  assign beat_o = 0;
  assign response_o = 0;
  assign error_o = 0;
  assign error_id_o = 0;
  assign error_addr_o = 0;
  assign m_awvalid_o = 0;
  assign m_awaddr_o = 0;
  assign m_awid_o = 0;
  assign m_awlen_o = 0;
  assign m_awsize_o = 0;
  assign m_awburst_o = 0;
  assign m_awlock_o = 0;
  assign m_awcache_o = 0;
  assign m_awprot_o = 0;
  assign m_awqos_o = 0;
  assign m_wvalid_o = 0;
  assign m_wdata_o = 0;
  assign m_wstrb_o = 0;
  assign m_wlast_o = 0;
  assign m_bready_o = 0;
  wire unused = &{1'b0, clk_i, rst_i, stop_i, clear_i, req_valid_i, req_addr_i, req_bytes_i, data_valid_i, data_i, m_awready_i, m_wready_i, m_bvalid_i, m_bid_i, m_bresp_i};
endmodule
