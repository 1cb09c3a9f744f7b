// SPDX-License-Identifier: Apache-2.0
// One stream of reads: cuts requests into bursts, one for which its buffer has room at a time, and gives
// the beats that come out in order (docs/reference/top-timing.md, 5).
// Handshakes: req_valid_i && req_ready_o, data_valid_o && data_ready_i; burst_valid_o until
// burst_take_i; a beat of the bus with beat_i is always taken.
// Latency: two cycles from a request to its burst, two from beat_i to data_valid_o.
module top_read_stream #(
    parameter AXI_BYTES = 8,     // bytes of the bus: 8, 16, 32 or 64
    parameter AXI_ADDR_W = 40,   // bits of an address, 32 to 44
    parameter BURST_BEATS = 16,  // beats of a burst at most: 2, 4, 8 or 16
    parameter READ_BURSTS = 4,   // bursts in the buffer, a power of two from 2 to 16
    parameter BEAT_W = AXI_ADDR_W - $clog2(AXI_BYTES),  // derived, do not override
    parameter BB = $clog2(BURST_BEATS)                  // derived, do not override
) (
    input  wire                   clk_i,
    input  wire                   rst_i,
    input  wire                   stop_i,
    // unit
    input  wire                   req_valid_i,
    output wire                   req_ready_o,
    input  wire [     BEAT_W-1:0] req_addr_i,      // number of a beat
    input  wire [           31:0] req_beats_i,
    output wire                   data_valid_o,
    input  wire                   data_ready_i,
    output wire [8*AXI_BYTES-1:0] data_o,
    // bursts
    output wire                   burst_valid_o,
    output wire [     BEAT_W-1:0] burst_addr_o,
    output wire [         BB-1:0] burst_len_o,     // beats minus 1
    input  wire                   burst_take_i,
    // beats
    input  wire                   beat_i,          // only while owed_o
    input  wire                   beat_last_i,
    input  wire [8*AXI_BYTES-1:0] beat_data_i,
    output wire                   owed_o,          // a burst taken has not ended
    output wire [     BEAT_W-1:0] owed_addr_o      // address of the oldest of these
);
  localparam DEPTH = READ_BURSTS * BURST_BEATS;
  localparam PLACE_W = $clog2(DEPTH);
  localparam [PLACE_W:0] ALL = {1'b1, {PLACE_W{1'b0}}};
  localparam [PLACE_W:0] ONE = {{PLACE_W{1'b0}}, 1'b1};

  reg run_q;
  reg [BEAT_W-1:0] addr_q;
  reg [31:0] left_q;
  reg burst_valid_q;
  reg fresh_q;
  reg [BEAT_W-1:0] burst_addr_q;
  reg [BB-1:0] burst_len_q;
  reg last_q;
  reg [PLACE_W:0] credit_q;
  reg [PLACE_W:0] level_q;
  reg [PLACE_W-1:0] wr_q;
  reg [PLACE_W-1:0] rd_q;
  reg out_q;

  // The next burst.
  wire [BB-1:0] len;
  wire last;
  wire [31:0] left_next;
  wire [BEAT_W-1:0] addr_next;
  wire owed_full;
  wire owed_empty;
  wire room = credit_q[PLACE_W:BB] != {(PLACE_W - BB + 1) {1'b0}} && !owed_full;
  wire prepare = run_q && !burst_valid_q && !stop_i && room;

  top_burst #(
      .BEAT_W     (BEAT_W),
      .LEFT_W     (32),
      .BURST_BEATS(BURST_BEATS)
  ) u_burst (
      .addr_i (addr_q),
      .left_i (left_q),
      .len_o  (len),
      .last_o (last),
      .taken_i(burst_len_q),
      .left_o (left_next),
      .next_o (addr_next)
  );

  fifo #(
      .WIDTH(BEAT_W),
      .DEPTH(READ_BURSTS)
  ) u_owed (
      .clk_i  (clk_i),
      .rst_i  (rst_i),
      .push_i (burst_take_i),
      .data_i (burst_addr_q),
      .pop_i  (beat_i && beat_last_i),
      .head_o (owed_addr_o),
      .empty_o(owed_empty),
      .full_o (owed_full)
  );

  // The buffer.
  wire stored = level_q != {(PLACE_W + 1) {1'b0}};
  wire read = stored && (!out_q || data_ready_i);
  wire [PLACE_W:0] claimed = fresh_q ? ~{{(PLACE_W - BB + 1) {1'b0}}, burst_len_q} : {(PLACE_W + 1) {1'b0}};

  ram_1r1w #(
      .WIDTH(8 * AXI_BYTES),
      .DEPTH(DEPTH)
  ) u_buffer (
      .clk_i  (clk_i),
      .we_i   (beat_i),
      .waddr_i(wr_q),
      .wdata_i(beat_data_i),
      .re_i   (read),
      .raddr_i(rd_q),
      .rdata_o(data_o)
  );

  assign req_ready_o   = !run_q;
  assign data_valid_o  = out_q && !stop_i;
  assign burst_valid_o = burst_valid_q;
  assign burst_addr_o  = burst_addr_q;
  assign burst_len_o   = burst_len_q;
  assign owed_o        = !owed_empty;

  always @(posedge clk_i) begin
    if (rst_i) begin
      run_q         <= 1'b0;
      burst_valid_q <= 1'b0;
      fresh_q       <= 1'b0;
      credit_q      <= ALL;
      level_q       <= {(PLACE_W + 1) {1'b0}};
      wr_q          <= {PLACE_W{1'b0}};
      rd_q          <= {PLACE_W{1'b0}};
      out_q         <= 1'b0;
    end else begin
      if (!run_q) run_q <= req_valid_i;
      else if (fresh_q) run_q <= !last_q;
      if (prepare) burst_valid_q <= 1'b1;
      else if (burst_take_i) burst_valid_q <= 1'b0;
      fresh_q  <= prepare;
      // Beats minus 1 inverted is minus the beats.
      credit_q <= credit_q + claimed + (read ? ONE : {(PLACE_W + 1) {1'b0}});
      if (beat_i && !read) level_q <= level_q + ONE;
      else if (read && !beat_i) level_q <= level_q - ONE;
      if (beat_i) wr_q <= wr_q + ONE[PLACE_W-1:0];
      if (read) rd_q <= rd_q + ONE[PLACE_W-1:0];
      out_q <= read || (out_q && !data_ready_i);
    end
  end

  always @(posedge clk_i) begin
    if (!run_q) begin
      addr_q <= req_addr_i;
      left_q <= req_beats_i;
    end else if (fresh_q) begin
      addr_q <= addr_next;
      left_q <= left_next;
    end
    if (prepare) begin
      burst_addr_q <= addr_q;
      burst_len_q  <= len;
      last_q       <= last;
    end
  end

`ifdef SPARSYS_ASSERT
  always @(posedge clk_i) begin
    if (!rst_i) begin
      assert (!(beat_i && owed_empty));
      assert (!(burst_take_i && (!burst_valid_q || owed_full)));
      assert (!(req_valid_i && req_ready_o && req_beats_i == 32'd0));
      assert (level_q <= ALL && credit_q <= ALL);
      assert (!(beat_i && level_q == ALL));
    end
  end
`endif

  generate
    if (READ_BURSTS < 2 || READ_BURSTS > 16 || (READ_BURSTS & (READ_BURSTS - 1)) != 0)
    begin : g_check_read_bursts
      parameter_error_READ_BURSTS_must_be_a_power_of_two_from_2_to_16 u_error ();
    end
  endgenerate
endmodule
