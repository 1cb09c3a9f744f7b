// SPDX-License-Identifier: Apache-2.0
// Fetches commands from the ring in memory, at most eight ahead, and puts them together from beats
// (docs/reference/top-timing.md, 7).
// Handshakes: a read stream's; a command cmd_valid_o until cmd_take_i. flush_i, only while still_o,
// drops what was fetched: it is fetched again.
// Latency: five cycles from tail_i to req_valid_o's address on the bus.
module top_ring #(
    parameter AXI_BYTES = 8,   // bytes of a beat: 8, 16, 32 or 64
    parameter AXI_ADDR_W = 40  // bits of an address, 32 to 44
) (
    input  wire                   clk_i,
    input  wire                   rst_i,
    input  wire                   run_i,         // may fetch
    input  wire                   flush_i,
    input  wire [           31:0] page_i,
    input  wire [            4:0] log2_i,
    input  wire [           31:0] tail_i,
    input  wire [           31:0] head_i,
    output wire                   over_o,        // more commands than the ring holds, or no such ring
    output wire [           31:0] waiting_o,     // commands that wait, of over_o
    output wire                   still_o,       // asks for nothing
    output wire                   work_o,        // holds, or waits for, commands
    output wire                   req_valid_o,
    input  wire                   req_ready_i,
    output wire [ AXI_ADDR_W-1:0] req_addr_o,
    output wire [           31:0] req_beats_o,
    input  wire                   data_valid_i,
    output wire                   data_ready_o,
    input  wire [8*AXI_BYTES-1:0] data_i,
    output wire                   cmd_valid_o,
    output wire [          255:0] cmd_o,
    input  wire                   cmd_take_i
);
  localparam [1:0] LOOK = 2'd0;
  localparam [1:0] ASK = 2'd1;
  localparam [1:0] WAIT = 2'd2;
  // A beat of 64 bytes has two commands: only one request at a time tells which half is its last.
  localparam [3:0] MOST = AXI_BYTES == 64 ? 4'd0 : 4'd4;

  reg [1:0] state_q;
  reg [31:0] fetched_q;
  reg [31:0] waiting_q;
  reg [31:0] pending_q;
  reg [31:0] told_q;
  reg [16:0] size_q;
  reg [15:0] mask_q;
  reg over_q;
  reg [31:0] page_q;
  reg [2:0] count_q;
  reg [3:0] owed_q;
  reg odd_q;
  reg drop_q;
  reg cmd_valid_q;
  reg [255:0] cmd_q;

  wire [31:0] waiting;
  wire [31:0] pending;
  wire [31:0] fetched_next;
  wire [31:0] page;
  wire [15:0] place = fetched_q[15:0] & mask_q;
  wire fits = log2_i != 5'd0 && log2_i <= 5'd16;
  wire [31:0] size = 32'd1 << log2_i;
  wire [31:0] mask = size - 32'd1;

  adder #(
      .WIDTH(32),
      .BLOCK(8)
  ) u_waiting (
      .a_i    (tail_i),
      .b_i    (~head_i),
      .carry_i(1'b1),
      .sum_o  (waiting)
  );
  adder #(
      .WIDTH(32),
      .BLOCK(8)
  ) u_pending (
      .a_i    (tail_i),
      .b_i    (~fetched_q),
      .carry_i(1'b1),
      .sum_o  (pending)
  );
  adder #(
      .WIDTH(32),
      .BLOCK(8)
  ) u_fetched (
      .a_i    (fetched_q),
      .b_i    ({29'd0, count_q}),
      .carry_i(1'b0),
      .sum_o  (fetched_next)
  );
  adder #(
      .WIDTH(32),
      .BLOCK(8)
  ) u_page (
      .a_i    (page_i),
      .b_i    ({23'd0, place[15:7]}),
      .carry_i(1'b0),
      .sum_o  (page)
  );

  // Requests: to the end of a block of 4 commands.
  wire [2:0] block = mask_q[1] ? 3'd4 - {1'b0, fetched_q[1:0]} : 3'd2 - {2'b00, fetched_q[0]};
  wire [2:0] count = pending_q[31:2] != 30'd0 || {1'b0, pending_q[1:0]} > block ? block :
                     {1'b0, pending_q[1:0]};
  wire look = state_q == LOOK && run_i && !drop_q && !over_q && pending_q != 32'd0 && owed_q <= MOST;
  wire ask = state_q == ASK && req_ready_i;
  wire [43:0] address = {page_q, place[6:0], 5'd0};

  // Commands out of beats.
  wire filled;   // a command has come
  wire take = data_valid_i && (!cmd_valid_q || drop_q);

  generate
    if (AXI_BYTES == 64) begin : g_halves
      assign data_ready_o = (!cmd_valid_q || drop_q) && (odd_q || owed_q == 4'd1);
      assign filled       = take;
      assign req_addr_o   = {address[AXI_ADDR_W-1:6], 6'd0};
      assign req_beats_o  = {29'd0, {1'b0, count_q[2:1]} + {2'b00, count_q[0] || place[0]}};
      always @(posedge clk_i) if (take) cmd_q <= odd_q ? data_i[511:256] : data_i[255:0];
    end else begin : g_parts
      localparam PARTS = 32 / AXI_BYTES;
      localparam [31:0] LAST = PARTS - 1;
      reg [1:0] part_q;
      assign data_ready_o = !cmd_valid_q || drop_q;
      assign filled       = take && part_q == LAST[1:0];
      assign req_addr_o   = address[AXI_ADDR_W-1:0];
      assign req_beats_o  = {29'd0, count_q} * PARTS;
      always @(posedge clk_i) begin
        if (rst_i) part_q <= 2'd0;
        else if (take) part_q <= filled ? 2'd0 : part_q + 2'd1;
      end
      if (AXI_BYTES == 32) begin : g_whole
        always @(posedge clk_i) if (take) cmd_q <= data_i;
      end else begin : g_shift
        always @(posedge clk_i) if (take) cmd_q <= {data_i, cmd_q[255:8*AXI_BYTES]};
      end
    end
  endgenerate

  assign over_o      = over_q;
  assign waiting_o   = told_q;
  assign still_o     = state_q == LOOK;
  assign work_o      = state_q != LOOK || owed_q != 4'd0 || cmd_valid_q || drop_q;
  assign req_valid_o = state_q == ASK;
  assign cmd_valid_o = cmd_valid_q;
  assign cmd_o       = cmd_q;

  always @(posedge clk_i) begin
    waiting_q <= waiting;
    pending_q <= pending;
    told_q    <= waiting_q;
    size_q    <= fits ? size[16:0] : 17'd0;
    mask_q    <= mask[15:0];
    if (look) begin
      count_q <= count;
      page_q  <= page;
    end
    if (rst_i) begin
      state_q     <= LOOK;
      fetched_q   <= 32'd0;
      over_q      <= 1'b0;
      owed_q      <= 4'd0;
      odd_q       <= 1'b0;
      drop_q      <= 1'b0;
      cmd_valid_q <= 1'b0;
    end else begin
      case (state_q)
        LOOK:    if (look) state_q <= ASK;
        ASK:     if (req_ready_i) state_q <= WAIT;
        default: state_q <= LOOK;
      endcase
      over_q <= size_q == 17'd0 || waiting_q[31:17] != 15'd0 || waiting_q[16:0] > size_q;
      if (drop_q) fetched_q <= head_i;
      else if (ask) fetched_q <= fetched_next;
      owed_q <= owed_q + (ask ? {1'b0, count_q} : 4'd0) - {3'd0, filled};
      if (drop_q && owed_q == 4'd0) odd_q <= head_i[0];
      else if (filled) odd_q <= !odd_q;
      if (flush_i) drop_q <= 1'b1;
      else if (owed_q == 4'd0) drop_q <= 1'b0;
      if (drop_q || cmd_take_i) cmd_valid_q <= 1'b0;
      else if (filled) cmd_valid_q <= 1'b1;
    end
  end

`ifdef SPARSYS_ASSERT
  always @(posedge clk_i) begin
    if (!rst_i) begin
      assert (!(filled && owed_q == 4'd0));
      assert (!(flush_i && !still_o));
      assert (!(cmd_take_i && !cmd_valid_q));
    end
  end
`endif

  wire unused = &{1'b0, mask, address};
endmodule
