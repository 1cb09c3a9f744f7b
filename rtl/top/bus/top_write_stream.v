// SPDX-License-Identifier: Apache-2.0
// One stream of writes: collects a request's beats, cuts it into bursts, each offered when all its beats
// lie in the buffer, and tells when the last is answered (docs/reference/top-timing.md, 6).
// Handshakes: req_valid_i && req_ready_o, data_valid_i && data_ready_o; burst_valid_o until
// burst_take_i; beats out in order with out_valid_o && pop_i; answer_i for each burst taken.
// Latency: four cycles from a request to its burst, two from a beat in to out_valid_o.
module top_write_stream #(
    parameter AXI_BYTES = 8,     // bytes of the bus: 8, 16, 32 or 64
    parameter AXI_ADDR_W = 40,   // bits of an address, 32 to 44
    parameter BURST_BEATS = 16,  // beats of a burst at most: 2, 4, 8 or 16
    parameter WRITE_BURSTS = 4,  // bursts without answer, a power of two from 2 to 16
    parameter BEAT_W = AXI_ADDR_W - $clog2(AXI_BYTES),  // derived, do not override
    parameter BB = $clog2(BURST_BEATS)                  // derived, do not override
) (
    input  wire                   clk_i,
    input  wire                   rst_i,
    input  wire                   stop_i,
    // unit
    input  wire                   req_valid_i,
    output wire                   req_ready_o,
    input  wire [ AXI_ADDR_W-1:0] req_addr_i,
    input  wire [           31:0] req_bytes_i,
    input  wire                   data_valid_i,
    output wire                   data_ready_o,
    input  wire [8*AXI_BYTES-1:0] data_i,
    output wire                   done_o,
    // bursts
    output wire                   burst_valid_o,
    output wire [     BEAT_W-1:0] burst_addr_o,
    output wire [         BB-1:0] burst_len_o,    // beats minus 1
    output wire                   burst_last_o,   // it ends its request
    input  wire                   burst_take_i,
    // beats
    output wire                   out_valid_o,
    output wire [8*AXI_BYTES-1:0] out_data_o,
    output wire [  AXI_BYTES-1:0] first_strb_o,   // strobes of every beat,
    output wire [  AXI_BYTES-1:0] last_strb_o,    // of the request's last one
    input  wire                   pop_i,
    // answers
    input  wire                   answer_i,       // only while owed_o
    input  wire                   answer_error_i,
    output wire                   owed_o,         // a burst taken is not answered
    output wire [     BEAT_W-1:0] owed_addr_o     // address of the oldest of these
);
  localparam LOG = $clog2(AXI_BYTES);
  localparam LEFT_W = 33 - LOG;
  localparam DEPTH = 2 * BURST_BEATS;
  localparam PLACE_W = BB + 1;
  localparam [PLACE_W:0] ONE = {{PLACE_W{1'b0}}, 1'b1};
  localparam [2:0] IDLE = 3'd0;
  localparam [2:0] SIZE = 3'd1;
  localparam [2:0] LENGTH = 3'd2;
  localparam [2:0] FILL = 3'd3;
  localparam [2:0] SEND = 3'd4;
  localparam [2:0] ANSWER = 3'd5;

  reg [2:0] state_q;
  reg [BEAT_W-1:0] addr_q;
  reg [LOG-1:0] low_q;
  reg [LOG-1:0] tail_q;
  reg [31:0] bytes_q;
  reg [LEFT_W-1:0] left_q;
  reg [BB-1:0] burst_len_q;
  reg last_q;
  reg [PLACE_W:0] stored_q;
  reg [PLACE_W:0] level_q;
  reg [PLACE_W-1:0] wr_q;
  reg [PLACE_W-1:0] rd_q;
  reg out_q;
  reg bad_q;

  // Bursts.
  wire [BB-1:0] len;
  wire last;
  wire [LEFT_W-1:0] left_next;
  wire [BEAT_W-1:0] addr_next;
  wire [LEFT_W-1:0] beats;
  wire owed_full;
  wire owed_empty;
  wire filled = level_q > {2'b00, burst_len_q};
  wire rest = bytes_q[LOG-1:0] != {LOG{1'b0}};

  adder #(
      .WIDTH(LEFT_W),
      .BLOCK(8)
  ) u_beats (
      .a_i    ({1'b0, bytes_q[31:LOG]}),
      .b_i    ({LEFT_W{1'b0}}),
      .carry_i(rest),
      .sum_o  (beats)
  );
  top_burst #(
      .BEAT_W     (BEAT_W),
      .LEFT_W     (LEFT_W),
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
      .DEPTH(WRITE_BURSTS)
  ) u_owed (
      .clk_i  (clk_i),
      .rst_i  (rst_i),
      .push_i (burst_take_i),
      .data_i (addr_q),
      .pop_i  (answer_i),
      .head_o (owed_addr_o),
      .empty_o(owed_empty),
      .full_o (owed_full)
  );

  // The buffer.
  wire write = data_valid_i && data_ready_o;
  wire read = stored_q != {(PLACE_W + 1) {1'b0}} && (!out_q || pop_i);
  wire [PLACE_W:0] claimed = burst_take_i ? ~{2'b00, burst_len_q} : {(PLACE_W + 1) {1'b0}};

  ram_1r1w #(
      .WIDTH(8 * AXI_BYTES),
      .DEPTH(DEPTH)
  ) u_buffer (
      .clk_i  (clk_i),
      .we_i   (write),
      .waddr_i(wr_q),
      .wdata_i(data_i),
      .re_i   (read),
      .raddr_i(rd_q),
      .rdata_o(out_data_o)
  );

  assign req_ready_o   = state_q == IDLE;
  assign data_ready_o  = !stored_q[PLACE_W];
  assign done_o        = state_q == ANSWER && owed_empty && !bad_q && !stop_i;
  assign burst_valid_o = state_q == SEND;
  assign burst_addr_o  = addr_q;
  assign burst_len_o   = burst_len_q;
  assign burst_last_o  = last_q;
  assign out_valid_o   = out_q;
  assign first_strb_o  = {AXI_BYTES{1'b1}} << low_q;
  assign last_strb_o   = tail_q == {LOG{1'b0}} ? first_strb_o : first_strb_o & ~({AXI_BYTES{1'b1}} << tail_q);
  assign owed_o        = !owed_empty;

  always @(posedge clk_i) begin
    if (rst_i) begin
      state_q  <= IDLE;
      stored_q <= {(PLACE_W + 1) {1'b0}};
      level_q  <= {(PLACE_W + 1) {1'b0}};
      wr_q     <= {PLACE_W{1'b0}};
      rd_q     <= {PLACE_W{1'b0}};
      out_q    <= 1'b0;
      bad_q    <= 1'b0;
    end else begin
      case (state_q)
        IDLE:    if (req_valid_i) state_q <= SIZE;
        SIZE:    state_q <= LENGTH;
        LENGTH:  state_q <= FILL;
        FILL:    if (filled && !owed_full) state_q <= SEND;
        SEND:    if (burst_take_i) state_q <= last_q ? ANSWER : LENGTH;
        default: if (owed_empty && !bad_q) state_q <= IDLE;  // ANSWER
      endcase
      if (write && !read) stored_q <= stored_q + ONE;
      else if (read && !write) stored_q <= stored_q - ONE;
      // Beats minus 1 inverted is minus the beats.
      level_q <= level_q + claimed + (write ? ONE : {(PLACE_W + 1) {1'b0}});
      if (write) wr_q <= wr_q + ONE[PLACE_W-1:0];
      if (read) rd_q <= rd_q + ONE[PLACE_W-1:0];
      out_q <= read || (out_q && !pop_i);
      if (answer_i && answer_error_i) bad_q <= 1'b1;
    end
  end

  always @(posedge clk_i) begin
    if (state_q == IDLE) begin
      addr_q  <= req_addr_i[AXI_ADDR_W-1:LOG];
      low_q   <= req_addr_i[LOG-1:0];
      bytes_q <= req_bytes_i;
    end else if (burst_take_i) addr_q <= addr_next;
    if (state_q == SIZE) begin
      left_q <= beats;
      tail_q <= low_q + bytes_q[LOG-1:0];
    end else if (burst_take_i) left_q <= left_next;
    if (state_q == LENGTH) begin
      burst_len_q <= len;
      last_q      <= last;
    end
  end

`ifdef SPARSYS_ASSERT
  wire [32:0] end_low = {1'b0, bytes_q} + {{(33 - LOG) {1'b0}}, low_q};
  always @(posedge clk_i) begin
    if (!rst_i) begin
      assert (!(answer_i && owed_empty));
      assert (!(burst_take_i && (state_q != SEND || owed_full || !filled)));
      assert (!(pop_i && !out_q));
      assert (level_q <= stored_q + {{PLACE_W{1'b0}}, out_q});
      assert (!(req_valid_i && req_ready_o && req_bytes_i == 32'd0));
      // Not from the middle of a beat into the next.
      assert (!(state_q == SIZE && low_q != {LOG{1'b0}} && end_low[32:LOG] != {LEFT_W{1'b0}} &&
                end_low[LOG-1:0] != {LOG{1'b0}}));
    end
  end
`endif

  generate
    if (WRITE_BURSTS < 2 || WRITE_BURSTS > 16 || (WRITE_BURSTS & (WRITE_BURSTS - 1)) != 0)
    begin : g_check_write_bursts
      parameter_error_WRITE_BURSTS_must_be_a_power_of_two_from_2_to_16 u_error ();
    end
  endgenerate
endmodule
