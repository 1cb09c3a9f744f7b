// SPDX-License-Identifier: Apache-2.0
// The AXI4 write master, small, with any requests, units and slave that answers only bursts it got, for
// synth/checks/top_bus.py:
//  - address, data, strobes and last stay as they are until they are taken; no new address comes with
//    `stop`, and no strobe is 1 in data that comes then,
//  - a burst has at most BURST_BEATS beats and lies in a page of 4 KiB,
//  - data is that of addresses that are offered, in their order: as many beats, the last one marked,
//  - a stream has at most WRITE_BURSTS bursts without response; idle and done only without any.
module top_write_bus #(
    parameter STREAMS = 2,
    parameter BURST_BEATS = 2,
    parameter WRITE_BURSTS = 2
) (
    input wire                  clk_i,
    input wire                  rst_i,
    input wire                  stop_i,
    input wire                  clear_i,
    input wire [   STREAMS-1:0] req_valid_i,
    input wire [32*STREAMS-1:0] req_addr_i,
    input wire [32*STREAMS-1:0] req_bytes_i,
    input wire [   STREAMS-1:0] data_valid_i,
    input wire [64*STREAMS-1:0] data_i,
    input wire                  awready_i,
    input wire                  wready_i,
    input wire                  bvalid_i,
    input wire [           2:0] bid_i,
    input wire [           1:0] bresp_i
);
  // Bursts whose data is not all given: those that wait, and one of which some is.
  localparam ORDER = 6;

  wire [STREAMS-1:0] done;
  wire idle, awvalid, wvalid, wlast, bready;
  wire [31:0] awaddr;
  wire [2:0] awid;
  wire [7:0] awlen;
  wire [63:0] wdata;
  wire [7:0] wstrb;

  axi_write #(
      .STREAMS(STREAMS), .AXI_BYTES(8), .AXI_ADDR_W(32), .BURST_BEATS(BURST_BEATS),
      .WRITE_BURSTS(WRITE_BURSTS), .SHORT(0)
  ) u_write (
      .clk_i(clk_i), .rst_i(rst_i), .stop_i(stop_i), .clear_i(clear_i), .req_valid_i(req_valid_i),
      .req_ready_o(), .req_addr_i(req_addr_i), .req_bytes_i(req_bytes_i), .data_valid_i(data_valid_i),
      .data_ready_o(), .data_i(data_i), .done_o(done), .idle_o(idle), .address_o(), .beat_o(),
      .response_o(), .error_o(), .error_id_o(), .error_addr_o(), .m_awvalid_o(awvalid),
      .m_awready_i(awready_i), .m_awaddr_o(awaddr), .m_awid_o(awid), .m_awlen_o(awlen), .m_awsize_o(),
      .m_awburst_o(), .m_awlock_o(), .m_awcache_o(), .m_awprot_o(), .m_awqos_o(), .m_wvalid_o(wvalid),
      .m_wready_i(wready_i), .m_wdata_o(wdata), .m_wstrb_o(wstrb), .m_wlast_o(wlast),
      .m_bvalid_i(bvalid_i), .m_bready_o(bready), .m_bid_i(bid_i), .m_bresp_i(bresp_i)
  );

  reg begun_q = 1'b0;
  reg aw_offered_q;
  reg w_offered_q;
  reg stop_q;
  reg [31:0] addr_q;
  reg [2:0] id_q;
  reg [7:0] len_q;
  reg [63:0] data_q;
  reg [7:0] strb_q;
  reg last_q;
  // Addresses offered, in order, whose data is not all taken.
  reg [2:0] count_q;
  reg [7:0] lens_q[0:ORDER-1];
  reg [7:0] beat_q;
  wire rst = rst_i || clear_i;
  wire appears = awvalid && !aw_offered_q;  // in this cycle
  wire gives = wvalid && wready_i;
  wire [7:0] len = count_q == 3'd0 ? awlen : lens_q[0];
  wire ends = gives && wlast;
  wire [2:0] place = count_q - {2'd0, ends && count_q != 3'd0};
  wire [STREAMS-1:0] none;
  integer k;

  genvar s;
  generate
    for (s = 0; s < STREAMS; s = s + 1) begin : g_stream
      reg [2:0] owed_q;  // bursts taken and not answered
      wire asks = awvalid && awready_i && awid == s;
      wire answered = bvalid_i && bid_i == s;
      assign none[s] = owed_q == 3'd0;
      always @(posedge clk_i) begin
        if (answered) assume (owed_q != 3'd0);
        if (rst) owed_q <= 3'd0;
        else owed_q <= owed_q + {2'd0, asks} - {2'd0, answered};
        if (begun_q && !rst_i) begin
          assert (owed_q <= WRITE_BURSTS);
          if (done[s]) assert (none[s] && !stop_i);
        end
      end
    end
  endgenerate

  always @(posedge clk_i) begin
    begun_q <= 1'b1;
    assume (begun_q || rst_i);
    // `stop` stays until `clear`, which comes when all is idle.
    if (stop_q) assume (stop_i);
    if (clear_i) assume (stop_i && idle);
    aw_offered_q <= awvalid && !awready_i && !rst;
    w_offered_q  <= wvalid && !wready_i && !rst;
    stop_q       <= stop_i && !rst;
    addr_q       <= awaddr;
    id_q         <= awid;
    len_q        <= awlen;
    data_q       <= wdata;
    strb_q       <= wstrb;
    last_q       <= wlast;
    if (rst) begin
      count_q <= 3'd0;
      beat_q  <= 8'd0;
    end else begin
      count_q <= place + {2'd0, appears && !(ends && count_q == 3'd0)};
      if (ends) for (k = 0; k < ORDER - 1; k = k + 1) lens_q[k] <= lens_q[k+1];
      if (appears && place < ORDER) lens_q[place] <= awlen;
      if (gives) beat_q <= wlast ? 8'd0 : beat_q + 8'd1;
    end
    if (begun_q && !rst_i) begin
      assert (bready);
      if (aw_offered_q) assert (awvalid && awaddr == addr_q && awid == id_q && awlen == len_q);
      if (w_offered_q) assert (wvalid && wdata == data_q && wstrb == strb_q && wlast == last_q);
      if (stop_q && !aw_offered_q) assert (!awvalid);
      if (stop_q && !w_offered_q && wvalid) assert (wstrb == 8'd0);
      if (awvalid) begin
        assert (awlen < BURST_BEATS && awid < STREAMS);
        assert ({1'b0, awaddr[11:3]} + {2'b00, awlen} < 10'd512 && awaddr[2:0] == 3'd0);
      end
      if (wvalid) assert ((count_q != 3'd0 || appears) && wlast == (beat_q == len));
      if (idle) assert (!awvalid && !wvalid && none == {STREAMS{1'b1}} && count_q == 3'd0);
      assert (count_q < ORDER);
    end
  end
endmodule
