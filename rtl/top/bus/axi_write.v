// SPDX-License-Identifier: Apache-2.0
// AXI4 write master of all write streams. A burst's address is offered only when all its beats lie in
// its stream's buffer, so write data never waits for a unit; m_bready_o is always 1
// (docs/reference/top-timing.md, 6).
// Handshakes: a request req_valid_i && req_ready_o of a stream, its beats at data_valid_i &&
// data_ready_o, done_o for a cycle when its last response has come. With stop_i no new address is
// offered, what is owed is given with all strobes 0 until idle_o; clear_i begins anew.
// Latency: five cycles from a request and its beat to the address at an idle bus.
module axi_write #(
    parameter STREAMS = 3,       // write streams, 2 to 8: their number is the bus's ID
    parameter AXI_BYTES = 8,     // bytes of the bus: 8, 16, 32 or 64
    parameter AXI_ADDR_W = 40,   // bits of an address, 32 to 44
    parameter BURST_BEATS = 16,  // beats of a burst at most: 2, 4, 8 or 16
    parameter WRITE_BURSTS = 4,  // bursts of a stream without response, a power of two from 2 to 16
    parameter SHORT = 4          // streams whose requests are a beat at most, a bit each
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
  localparam LOG = $clog2(AXI_BYTES);
  localparam BB = $clog2(BURST_BEATS);
  localparam BEAT_W = AXI_ADDR_W - LOG;
  localparam BITS = 8 * AXI_BYTES;
  localparam BURST_W = BEAT_W + BB + 1;
  localparam OUT_W = BITS + 2 * AXI_BYTES + 1;
  localparam [7:0] SHORTS = SHORT[7:0];

  reg aw_valid_q;
  reg address_q;
  reg [BEAT_W-1:0] aw_addr_q;
  reg [2:0] aw_id_q;
  reg [BB-1:0] aw_len_q;
  reg w_valid_q;
  reg beat_q;
  reg [BITS-1:0] w_data_q;
  reg [AXI_BYTES-1:0] w_strb_q;
  reg w_last_q;
  reg [BB-1:0] count_q;
  reg b_valid_q;
  reg [2:0] b_id_q;
  reg b_error_q;

  wire rst = rst_i || clear_i;
  wire [STREAMS-1:0] burst_valid;
  wire [STREAMS-1:0] grant;
  wire [2:0] index;
  wire any;
  wire order_full;
  wire take = any && !aw_valid_q && !stop_i && !order_full;
  // What is granted, gives, is answered: fields of the streams, or 0, joined.
  wire [STREAMS-1:0] gives;
  wire [STREAMS-1:0] mine;
  wire [STREAMS-1:0] owed;
  wire [STREAMS*BURST_W-1:0] bursts;
  wire [STREAMS*OUT_W-1:0] outs;
  wire [STREAMS*BEAT_W-1:0] oldest;
  wire [BURST_W-1:0] burst;
  wire [OUT_W-1:0] out;
  wire [BEAT_W-1:0] error_addr;

  top_round_robin #(
      .WAYS(STREAMS)
  ) u_turns (
      .clk_i    (clk_i),
      .rst_i    (rst),
      .request_i(burst_valid),
      .take_i   (take),
      .grant_o  (grant),
      .index_o  (index),
      .any_o    (any)
  );

  // Bursts whose data is not given yet.
  wire order_empty;
  wire [2:0] order_id;
  wire [BB-1:0] order_len;
  wire order_ends;
  wire out_valid = out[OUT_W-1];
  wire give = out_valid && (!w_valid_q || m_wready_i);
  wire last = count_q == order_len;

  fifo #(
      .WIDTH(3 + BB + 1),
      .DEPTH(4)
  ) u_order (
      .clk_i  (clk_i),
      .rst_i  (rst),
      .push_i (take),
      .data_i ({index, burst[BB:0]}),
      .pop_i  (give && last),
      .head_o ({order_id, order_len, order_ends}),
      .empty_o(order_empty),
      .full_o (order_full)
  );

  genvar s;
  generate
    for (s = 0; s < STREAMS; s = s + 1) begin : g_stream
      localparam BEATS = SHORTS[s] ? 2 : BURST_BEATS;
      localparam LEN_W = $clog2(BEATS);
      wire [BEAT_W-1:0] burst_addr;
      wire [LEN_W-1:0] burst_len;
      wire [BB-1:0] burst_len_wide;
      wire burst_last;
      wire [BEAT_W-1:0] owed_addr;
      wire stream_valid;
      wire [BITS-1:0] stream_data;
      wire [AXI_BYTES-1:0] first_strb;
      wire [AXI_BYTES-1:0] last_strb;
      if (LEN_W == BB) begin : g_whole
        assign burst_len_wide = burst_len;
      end else begin : g_short
        assign burst_len_wide = {{(BB - LEN_W) {1'b0}}, burst_len};
      end
      assign gives[s] = !order_empty && order_id == s;
      assign mine[s] = b_valid_q && b_id_q == s && owed[s];
      assign bursts[BURST_W*s+:BURST_W] =
          grant[s] ? {burst_addr, burst_len_wide, burst_last} : {BURST_W{1'b0}};
      assign outs[OUT_W*s+:OUT_W] =
          gives[s] ? {stream_valid, last_strb, first_strb, stream_data} : {OUT_W{1'b0}};
      assign oldest[BEAT_W*s+:BEAT_W] = mine[s] ? owed_addr : {BEAT_W{1'b0}};

      top_write_stream #(
          .AXI_BYTES   (AXI_BYTES),
          .AXI_ADDR_W  (AXI_ADDR_W),
          .BURST_BEATS (BEATS),
          .WRITE_BURSTS(WRITE_BURSTS)
      ) u_stream (
          .clk_i         (clk_i),
          .rst_i         (rst),
          .stop_i        (stop_i),
          .req_valid_i   (req_valid_i[s]),
          .req_ready_o   (req_ready_o[s]),
          .req_addr_i    (req_addr_i[AXI_ADDR_W*s+:AXI_ADDR_W]),
          .req_bytes_i   (req_bytes_i[32*s+:32]),
          .data_valid_i  (data_valid_i[s]),
          .data_ready_o  (data_ready_o[s]),
          .data_i        (data_i[BITS*s+:BITS]),
          .done_o        (done_o[s]),
          .burst_valid_o (burst_valid[s]),
          .burst_addr_o  (burst_addr),
          .burst_len_o   (burst_len),
          .burst_last_o  (burst_last),
          .burst_take_i  (take && grant[s]),
          .out_valid_o   (stream_valid),
          .out_data_o    (stream_data),
          .first_strb_o  (first_strb),
          .last_strb_o   (last_strb),
          .pop_i         (give && gives[s]),
          .answer_i      (mine[s]),
          .answer_error_i(b_error_q),
          .owed_o        (owed[s]),
          .owed_addr_o   (owed_addr)
      );
    end
  endgenerate

  or_reduce #(
      .WIDTH(BURST_W),
      .COUNT(STREAMS)
  ) u_granted (
      .words_i(bursts),
      .word_o (burst)
  );
  or_reduce #(
      .WIDTH(OUT_W),
      .COUNT(STREAMS)
  ) u_out (
      .words_i(outs),
      .word_o (out)
  );
  or_reduce #(
      .WIDTH(BEAT_W),
      .COUNT(STREAMS)
  ) u_oldest (
      .words_i(oldest),
      .word_o (error_addr)
  );

  assign idle_o       = !aw_valid_q && !w_valid_q && order_empty && owed == {STREAMS{1'b0}};
  assign address_o    = address_q;
  assign beat_o       = beat_q;
  assign response_o   = b_valid_q;
  assign error_o      = b_error_q && mine != {STREAMS{1'b0}};
  assign error_id_o   = b_id_q;
  assign error_addr_o = {error_addr, {LOG{1'b0}}};
  assign m_awvalid_o  = aw_valid_q;
  assign m_awaddr_o   = {aw_addr_q, {LOG{1'b0}}};
  assign m_awid_o     = aw_id_q;
  assign m_awlen_o    = {{(8 - BB) {1'b0}}, aw_len_q};
  assign m_awsize_o   = LOG[2:0];
  assign m_awburst_o  = 2'b01;
  assign m_awlock_o   = 1'b0;
  assign m_awcache_o  = 4'b0011;
  assign m_awprot_o   = 3'b000;
  assign m_awqos_o    = 4'b0000;
  assign m_wvalid_o   = w_valid_q;
  assign m_wdata_o    = w_data_q;
  assign m_wstrb_o    = w_strb_q;
  assign m_wlast_o    = w_last_q;
  assign m_bready_o   = 1'b1;

  always @(posedge clk_i) begin
    if (rst) begin
      aw_valid_q <= 1'b0;
      address_q  <= 1'b0;
      w_valid_q  <= 1'b0;
      beat_q     <= 1'b0;
      count_q    <= {BB{1'b0}};
      b_valid_q  <= 1'b0;
    end else begin
      if (take) aw_valid_q <= 1'b1;
      else if (m_awready_i) aw_valid_q <= 1'b0;
      address_q <= aw_valid_q && m_awready_i;
      if (give) w_valid_q <= 1'b1;
      else if (m_wready_i) w_valid_q <= 1'b0;
      beat_q <= w_valid_q && m_wready_i;
      if (give) count_q <= last ? {BB{1'b0}} : count_q + {{(BB - 1) {1'b0}}, 1'b1};
      b_valid_q <= m_bvalid_i;
    end
    if (take) begin
      aw_addr_q <= burst[BB+1+:BEAT_W];
      aw_len_q  <= burst[BB:1];
      aw_id_q   <= index;
    end
    if (give) begin
      w_data_q <= out[BITS-1:0];
      w_strb_q <= stop_i ? {AXI_BYTES{1'b0}} :
                  last && order_ends ? out[BITS+AXI_BYTES+:AXI_BYTES] : out[BITS+:AXI_BYTES];
      w_last_q <= last;
    end
    if (m_bvalid_i) begin
      b_id_q    <= m_bid_i;
      b_error_q <= m_bresp_i[1];
    end
  end

  wire unused = &{1'b0, m_bresp_i[0]};

  generate
    if (AXI_BYTES != 8 && AXI_BYTES != 16 && AXI_BYTES != 32 && AXI_BYTES != 64)
    begin : g_check_axi_bytes
      parameter_error_AXI_BYTES_must_be_8_16_32_or_64 u_error ();
    end
    if (AXI_ADDR_W < 32 || AXI_ADDR_W > 44) begin : g_check_axi_addr_w
      parameter_error_AXI_ADDR_W_must_be_32_to_44 u_error ();
    end
    if (BURST_BEATS != 2 && BURST_BEATS != 4 && BURST_BEATS != 8 && BURST_BEATS != 16)
    begin : g_check_burst_beats
      parameter_error_BURST_BEATS_must_be_2_4_8_or_16 u_error ();
    end
  endgenerate
endmodule
