// SPDX-License-Identifier: Apache-2.0
// Weights of the matrix unit: its requests for beats become requests of a read stream, checked against the
// command's `beats`; the bus's beats become the unit's, wider, narrower or alike
// (docs/reference/top-units-timing.md, section 10).
// Handshakes: requests wm_valid_i && wm_ready_o, only with run_i; beats w_valid_o && w_ready_i; read
// stream as in docs/reference/top-timing.md, section 2. over_o stays until reset.
// Latency: two cycles from a request to the stream; none from the bus's beat, the last of several.
module top_weights #(
    parameter AXI_BYTES = 8,    // bytes of the bus's beat: 8, 16, 32 or 64
    parameter AXI_ADDR_W = 40,  // bits of an address, 32 to 44
    parameter W_LANES = 8       // words of 8 bytes in the unit's beat: 1, 2, 4 or 8
) (
    input  wire                   clk_i,
    input  wire                   rst_i,
    // command
    input  wire                   run_i,          // its program runs
    input  wire [ AXI_ADDR_W-1:0] base_i,         // beat 0, a multiple of 4,096
    input  wire [           31:0] limit_i,        // number of beats
    output wire                   over_o,         // a request is beyond that,
    output wire [           31:0] over_beat_o,    // from this beat on
    // matrix unit
    input  wire                   wm_valid_i,
    input  wire [           31:0] wm_addr_i,
    input  wire [            4:0] wm_beats_i,
    output wire                   wm_ready_o,
    output wire                   w_valid_o,
    output wire [ 64*W_LANES-1:0] w_data_o,
    input  wire                   w_ready_i,
    // read stream
    output wire                   r_req_valid_o,
    input  wire                   r_req_ready_i,
    output wire [ AXI_ADDR_W-1:0] r_req_addr_o,
    output wire [           31:0] r_req_beats_o,
    input  wire                   r_data_valid_i,
    output wire                   r_data_ready_o,
    input  wire [8*AXI_BYTES-1:0] r_data_i
);
  localparam WIDTH = 8 * W_LANES;
  localparam BEAT_LOG2 = $clog2(AXI_BYTES);
  localparam WIDTH_LOG2 = $clog2(WIDTH);

  localparam [1:0] IDLE = 2'd0;
  localparam [1:0] ADD = 2'd1;
  localparam [1:0] REQUEST = 2'd2;
  localparam [1:0] OVER = 2'd3;

  reg [1:0] state_q;
  reg [31:0] addr_q;
  reg [4:0] beats_q;
  reg [31:0] last_q;
  reg [AXI_ADDR_W-1:0] req_addr_q;
  reg [7:0] req_beats_q;

  wire take = wm_valid_i && wm_ready_o;
  wire [3:0] last_low = wm_addr_i[3:0] + wm_beats_i[3:0] - 4'd1;
  wire can;
  wire [7:0] req_beats;

  // The request's first byte; and limit_i - last_q - 1, which is below 0 if a beat is beyond.
  wire [43:0] first_byte;
  wire [32:0] rest;
  adder #(
      .WIDTH(44)
  ) u_addr (
      .a_i    ({{(44 - AXI_ADDR_W) {1'b0}}, base_i}),
      .b_i    ({12'd0, addr_q} << WIDTH_LOG2),
      .carry_i(1'b0),
      .sum_o  (first_byte)
  );
  adder #(
      .WIDTH(33)
  ) u_rest (
      .a_i    ({1'b0, limit_i}),
      .b_i    ({1'b1, ~last_q}),
      .carry_i(1'b0),
      .sum_o  (rest)
  );

  assign over_o        = state_q == OVER;
  assign over_beat_o   = addr_q;
  assign wm_ready_o    = run_i && state_q == IDLE;
  assign r_req_valid_o = state_q == REQUEST && can;
  assign r_req_addr_o  = req_addr_q;
  assign r_req_beats_o = {24'd0, req_beats_q};

  always @(posedge clk_i) begin
    if (rst_i) begin
      state_q <= IDLE;
    end else begin
      case (state_q)
        IDLE: if (take) state_q <= ADD;
        ADD: state_q <= rest[32] ? OVER : REQUEST;
        REQUEST: if (can && r_req_ready_i) state_q <= IDLE;
        default: state_q <= OVER;
      endcase
      if (take) begin
        addr_q  <= wm_addr_i;
        beats_q <= wm_beats_i;
        last_q  <= {wm_addr_i[31:4], last_low};
      end
      if (state_q == ADD) begin
        req_addr_q  <= {first_byte[AXI_ADDR_W-1:BEAT_LOG2], {BEAT_LOG2{1'b0}}};
        req_beats_q <= req_beats;
      end
    end
  end

  generate
    if (WIDTH == AXI_BYTES) begin : g_alike
      assign can            = 1'b1;
      assign req_beats      = {3'd0, beats_q};
      assign w_valid_o      = r_data_valid_i;
      assign w_data_o       = r_data_i;
      assign r_data_ready_o = w_ready_i;
    end else if (WIDTH > AXI_BYTES) begin : g_wider
      localparam PARTS = WIDTH / AXI_BYTES;
      localparam PARTS_LOG2 = $clog2(PARTS);
      reg [PARTS_LOG2-1:0] part_q;
      reg [8*(WIDTH-AXI_BYTES)-1:0] parts_q;
      wire last = part_q == {PARTS_LOG2{1'b1}};
      wire [8*WIDTH-1:0] joined = {r_data_i, parts_q};
      assign can            = 1'b1;
      assign req_beats      = {3'd0, beats_q} << PARTS_LOG2;
      assign w_valid_o      = r_data_valid_i && last;
      assign w_data_o       = joined;
      assign r_data_ready_o = !last || w_ready_i;
      always @(posedge clk_i) begin
        if (rst_i) part_q <= {PARTS_LOG2{1'b0}};
        else if (r_data_valid_i && r_data_ready_o) part_q <= part_q + 1'b1;
        if (r_data_valid_i && !last && !rst_i) parts_q <= joined[8*WIDTH-1:8*AXI_BYTES];
      end
    end else begin : g_narrower
      localparam PARTS_LOG2 = $clog2(AXI_BYTES / WIDTH);
      reg open_q;
      reg [4:0] part_left_q;
      reg [PARTS_LOG2-1:0] at_q;
      wire full, empty;
      wire [PARTS_LOG2-1:0] head_at;
      wire [4:0] head_beats;
      wire move = w_valid_o && w_ready_i;
      wire last = part_left_q == 5'd1;
      wire next = (!open_q || (move && last)) && !empty;
      wire [3-PARTS_LOG2:0] rows_between = last_q[3:PARTS_LOG2] - addr_q[3:PARTS_LOG2];
      wire [4:0] rows = {{(PARTS_LOG2 + 1) {1'b0}}, rows_between} + 5'd1;
      fifo #(
          .WIDTH(PARTS_LOG2 + 5),
          .DEPTH(8)
      ) u_parts (
          .clk_i  (clk_i),
          .rst_i  (rst_i),
          .push_i (r_req_valid_o && r_req_ready_i),
          .data_i ({addr_q[PARTS_LOG2-1:0], beats_q}),
          .pop_i  (next),
          .head_o ({head_at, head_beats}),
          .empty_o(empty),
          .full_o (full)
      );
      assign can            = !full;
      assign req_beats      = {3'd0, rows};
      assign w_valid_o      = open_q && r_data_valid_i;
      assign w_data_o       = r_data_i[8*WIDTH*at_q+:8*WIDTH];
      assign r_data_ready_o = open_q && w_ready_i && (last || at_q == {PARTS_LOG2{1'b1}});
      always @(posedge clk_i) begin
        if (rst_i) begin
          open_q <= 1'b0;
        end else if (next) begin
          open_q      <= 1'b1;
          at_q        <= head_at;
          part_left_q <= head_beats;
        end else if (move) begin
          if (last) open_q <= 1'b0;
          at_q        <= at_q + 1'b1;
          part_left_q <= part_left_q - 5'd1;
        end
      end
    end
    if (W_LANES != 1 && W_LANES != 2 && W_LANES != 4 && W_LANES != 8) begin : g_check_lanes
      parameter_error_W_LANES_must_be_1_2_4_or_8 u_error ();
    end
  endgenerate

  wire unused = &{1'b0, first_byte, rest[31:0], wm_beats_i[4]};
endmodule
