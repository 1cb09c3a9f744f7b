// SPDX-License-Identifier: Apache-2.0
// The AXI4 read master, small, with any requests, units and slave that answers only what it was asked, for
// synth/checks/top_bus.py:
//  - an address that is offered stays as it is until it is taken, and no other comes with `stop`,
//  - a burst has at most BURST_BEATS beats and lies in a page of 4 KiB,
//  - a stream is never owed more than its buffer holds, nor more bursts than READ_BURSTS,
//  - a unit gets as many beats as came for it, each offered until taken; none with `stop`,
//  - idle is told only when nothing is offered or owed.
module top_read_bus #(
    parameter STREAMS = 2,
    parameter BURST_BEATS = 2,
    parameter READ_BURSTS = 2
) (
    input wire                  clk_i,
    input wire                  rst_i,
    input wire                  stop_i,
    input wire                  clear_i,
    input wire [   STREAMS-1:0] req_valid_i,
    input wire [32*STREAMS-1:0] req_addr_i,
    input wire [32*STREAMS-1:0] req_beats_i,
    input wire [   STREAMS-1:0] data_ready_i,
    input wire                  arready_i,
    input wire                  rvalid_i,
    input wire [           2:0] rid_i,
    input wire                  rlast_i
);
  localparam DEPTH = BURST_BEATS * READ_BURSTS;

  wire [STREAMS-1:0] req_ready, data_valid;
  wire idle, arvalid, rready;
  wire [31:0] araddr;
  wire [2:0] arid;
  wire [7:0] arlen;

  axi_read #(
      .STREAMS(STREAMS), .AXI_BYTES(8), .AXI_ADDR_W(32), .BURST_BEATS(BURST_BEATS), .READ_BURSTS(READ_BURSTS)
  ) u_read (
      .clk_i(clk_i), .rst_i(rst_i), .stop_i(stop_i), .clear_i(clear_i), .req_valid_i(req_valid_i),
      .req_ready_o(req_ready), .req_addr_i(req_addr_i), .req_beats_i(req_beats_i), .data_valid_o(data_valid),
      .data_ready_i(data_ready_i), .data_o(), .idle_o(idle), .address_o(), .beat_o(), .error_o(),
      .error_id_o(), .error_addr_o(), .m_arvalid_o(arvalid), .m_arready_i(arready_i), .m_araddr_o(araddr),
      .m_arid_o(arid), .m_arlen_o(arlen), .m_arsize_o(), .m_arburst_o(), .m_arlock_o(), .m_arcache_o(),
      .m_arprot_o(), .m_arqos_o(), .m_rvalid_i(rvalid_i), .m_rready_o(rready), .m_rid_i(rid_i),
      .m_rdata_i(64'd0), .m_rresp_i(2'd0), .m_rlast_i(rlast_i)
  );

  reg begun_q = 1'b0;
  reg offered_q;
  reg stop_q;
  reg [31:0] addr_q;
  reg [2:0] id_q;
  reg [7:0] len_q;
  reg [STREAMS-1:0] waits_q;
  wire rst = rst_i || clear_i;
  wire [STREAMS-1:0] quiet;

  genvar s;
  generate
    for (s = 0; s < STREAMS; s = s + 1) begin : g_stream
      // Bursts asked for, beats of the oldest and of all of them, beats on their way to the unit.
      reg [2:0] bursts_q;
      reg [7:0] lens_q[0:READ_BURSTS-1];
      reg [7:0] beat_q;
      reg [5:0] owed_q;
      reg [5:0] inside_q;
      wire asks = arvalid && arready_i && arid == s;
      wire comes = rvalid_i && rid_i == s;
      wire ends = comes && beat_q == lens_q[0];
      wire given = data_valid[s] && data_ready_i[s];
      wire [2:0] place = bursts_q - {2'd0, ends};
      integer k;
      assign quiet[s] = bursts_q == 3'd0;
      always @(posedge clk_i) begin
        if (comes) assume (bursts_q != 3'd0 && rlast_i == (beat_q == lens_q[0]));
        if (rst) begin
          bursts_q <= 3'd0;
          beat_q   <= 8'd0;
          owed_q   <= 6'd0;
          inside_q <= 6'd0;
        end else begin
          bursts_q <= place + {2'd0, asks};
          beat_q   <= ends ? 8'd0 : beat_q + {7'd0, comes};
          owed_q   <= owed_q + (asks ? arlen[5:0] + 6'd1 : 6'd0) - {5'd0, comes};
          inside_q <= inside_q + {5'd0, comes} - {5'd0, given};
          if (ends) for (k = 0; k < READ_BURSTS - 1; k = k + 1) lens_q[k] <= lens_q[k+1];
          if (asks && place < READ_BURSTS) lens_q[place] <= arlen;
        end
        if (begun_q && !rst_i) begin
          assert (bursts_q <= READ_BURSTS);
          assert (owed_q + inside_q <= DEPTH + 1);
          assert (!given || inside_q != 6'd0);
          if (stop_i) assert (!data_valid[s]);
          if (waits_q[s] && !stop_i) assert (data_valid[s]);
        end
      end
    end
  endgenerate

  always @(posedge clk_i) begin
    begun_q <= 1'b1;
    assume (begun_q || rst_i);
    if (rvalid_i) assume (rid_i < STREAMS);
    // `stop` stays until `clear`, which comes when all is idle.
    if (stop_q) assume (stop_i);
    if (clear_i) assume (stop_i && idle && !rvalid_i);
    offered_q <= arvalid && !arready_i && !rst;
    stop_q    <= stop_i && !rst;
    waits_q   <= rst ? {STREAMS{1'b0}} : data_valid & ~data_ready_i;
    addr_q    <= araddr;
    id_q      <= arid;
    len_q     <= arlen;
    if (begun_q && !rst_i) begin
      assert (rready);
      if (offered_q) assert (arvalid && araddr == addr_q && arid == id_q && arlen == len_q);
      if (stop_q && !offered_q) assert (!arvalid);
      if (arvalid) begin
        assert (arlen < BURST_BEATS && arid < STREAMS);
        assert ({1'b0, araddr[11:3]} + {2'b00, arlen} < 10'd512 && araddr[2:0] == 3'd0);
      end
      if (idle) assert (!arvalid && quiet == {STREAMS{1'b1}});
    end
  end
endmodule
