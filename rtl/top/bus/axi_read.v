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
  localparam LOG = $clog2(AXI_BYTES);
  localparam BB = $clog2(BURST_BEATS);
  localparam BEAT_W = AXI_ADDR_W - LOG;
  localparam BITS = 8 * AXI_BYTES;

  reg ar_valid_q;
  reg address_q;
  reg [BEAT_W-1:0] ar_addr_q;
  reg [2:0] ar_id_q;
  reg [BB-1:0] ar_len_q;
  reg r_valid_q;
  reg [2:0] r_id_q;
  reg [BITS-1:0] r_data_q;
  reg r_error_q;
  reg r_last_q;

  wire rst = rst_i || clear_i;
  wire [STREAMS-1:0] burst_valid;
  wire [STREAMS-1:0] grant;
  wire [2:0] index;
  wire any;
  wire take = any && !ar_valid_q && !stop_i;
  // What is granted, whose beat it is: fields of the streams, or 0, joined.
  wire [STREAMS-1:0] mine;
  wire [STREAMS-1:0] owed;
  wire [STREAMS*(BEAT_W+BB)-1:0] bursts;
  wire [STREAMS*BEAT_W-1:0] oldest;
  wire [BEAT_W+BB-1:0] burst;
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

  genvar s;
  generate
    for (s = 0; s < STREAMS; s = s + 1) begin : g_stream
      wire [BEAT_W-1:0] burst_addr;
      wire [BB-1:0] burst_len;
      wire [BEAT_W-1:0] owed_addr;
      assign mine[s] = r_valid_q && r_id_q == s && owed[s];
      assign bursts[(BEAT_W+BB)*s+:BEAT_W+BB] = grant[s] ? {burst_addr, burst_len} : {(BEAT_W + BB) {1'b0}};
      assign oldest[BEAT_W*s+:BEAT_W] = mine[s] ? owed_addr : {BEAT_W{1'b0}};

      top_read_stream #(
          .AXI_BYTES  (AXI_BYTES),
          .AXI_ADDR_W (AXI_ADDR_W),
          .BURST_BEATS(BURST_BEATS),
          .READ_BURSTS(READ_BURSTS)
      ) u_stream (
          .clk_i        (clk_i),
          .rst_i        (rst),
          .stop_i       (stop_i),
          .req_valid_i  (req_valid_i[s]),
          .req_ready_o  (req_ready_o[s]),
          .req_addr_i   (req_addr_i[AXI_ADDR_W*s+LOG+:BEAT_W]),
          .req_beats_i  (req_beats_i[32*s+:32]),
          .data_valid_o (data_valid_o[s]),
          .data_ready_i (data_ready_i[s]),
          .data_o       (data_o[BITS*s+:BITS]),
          .burst_valid_o(burst_valid[s]),
          .burst_addr_o (burst_addr),
          .burst_len_o  (burst_len),
          .burst_take_i (take && grant[s]),
          .beat_i       (mine[s]),
          .beat_last_i  (r_last_q),
          .beat_data_i  (r_data_q),
          .owed_o       (owed[s]),
          .owed_addr_o  (owed_addr)
      );
    end
  endgenerate

  or_reduce #(
      .WIDTH(BEAT_W + BB),
      .COUNT(STREAMS)
  ) u_granted (
      .words_i(bursts),
      .word_o (burst)
  );
  or_reduce #(
      .WIDTH(BEAT_W),
      .COUNT(STREAMS)
  ) u_oldest (
      .words_i(oldest),
      .word_o (error_addr)
  );

  assign idle_o       = !ar_valid_q && owed == {STREAMS{1'b0}};
  assign address_o    = address_q;
  assign beat_o       = r_valid_q;
  assign error_o      = r_error_q && mine != {STREAMS{1'b0}};
  assign error_id_o   = r_id_q;
  assign error_addr_o = {error_addr, {LOG{1'b0}}};
  assign m_arvalid_o  = ar_valid_q;
  assign m_araddr_o   = {ar_addr_q, {LOG{1'b0}}};
  assign m_arid_o     = ar_id_q;
  assign m_arlen_o    = {{(8 - BB) {1'b0}}, ar_len_q};
  assign m_arsize_o   = LOG[2:0];
  assign m_arburst_o  = 2'b01;
  assign m_arlock_o   = 1'b0;
  assign m_arcache_o  = 4'b0011;
  assign m_arprot_o   = 3'b000;
  assign m_arqos_o    = 4'b0000;
  assign m_rready_o   = 1'b1;

  always @(posedge clk_i) begin
    if (rst) begin
      ar_valid_q <= 1'b0;
      address_q  <= 1'b0;
      r_valid_q  <= 1'b0;
    end else begin
      if (take) ar_valid_q <= 1'b1;
      else if (m_arready_i) ar_valid_q <= 1'b0;
      address_q <= ar_valid_q && m_arready_i;
      r_valid_q <= m_rvalid_i;
    end
    if (take) begin
      ar_addr_q <= burst[BB+:BEAT_W];
      ar_len_q  <= burst[BB-1:0];
      ar_id_q   <= index;
    end
    if (m_rvalid_i) begin
      r_id_q    <= m_rid_i;
      r_data_q  <= m_rdata_i;
      r_error_q <= m_rresp_i[1];
      r_last_q  <= m_rlast_i;
    end
  end

  wire unused = &{1'b0, m_rresp_i[0], req_addr_i};

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
