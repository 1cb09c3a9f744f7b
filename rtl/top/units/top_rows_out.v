// SPDX-License-Identifier: Apache-2.0
// Matrix_Out: packs the first `row` bytes of each row of the matrix unit, without gaps, to beats
// (docs/reference/top-format.md, section 6; top-units-timing.md, section 7).
// Handshakes: a command begins with start_i, its fields stay until complete_o or error_o, one cycle each;
// rows are taken with ho_valid_i && ho_ready_o, beats given with w_data_valid_o && w_data_ready_i.
// Latency: two cycles from a row to its beat; AXI_BYTES bytes of one row a cycle.
module top_rows_out #(
    parameter AXI_BYTES = 8,    // bytes of a beat: 8, 16, 32 or 64
    parameter AXI_ADDR_W = 40,  // bits of an address, 32 to 44
    parameter LANES = 256       // bytes of a row of the matrix unit, 1 to 256
) (
    input  wire                   clk_i,
    input  wire                   rst_i,
    // command
    input  wire                   start_i,
    input  wire [ AXI_ADDR_W-1:0] address_i,
    input  wire [           63:0] word2_i,
    output wire                   complete_o,
    output wire                   error_o,
    output wire [            3:0] code_o,
    output wire [           31:0] detail_o,
    // write stream
    output wire                   w_req_valid_o,
    input  wire                   w_req_ready_i,
    output wire [ AXI_ADDR_W-1:0] w_req_addr_o,
    output wire [           31:0] w_req_bytes_o,
    output wire                   w_data_valid_o,
    input  wire                   w_data_ready_i,
    output wire [8*AXI_BYTES-1:0] w_data_o,
    input  wire                   w_done_i,
    // rows
    input  wire                   ho_valid_i,
    input  wire [    8*LANES-1:0] ho_data_i,
    output wire                   ho_ready_o
);
  `include "interface.vh"

  localparam BEAT_LOG2 = $clog2(AXI_BYTES);
  localparam BYTES_W = BEAT_LOG2 + 1;
  localparam CHUNKS = (LANES + AXI_BYTES - 1) / AXI_BYTES;  // pieces of a row
  localparam CHUNK_W = CHUNKS > 1 ? $clog2(CHUNKS) : 1;

  localparam [1:0] IDLE = 2'd0;
  localparam [1:0] REQUEST = 2'd1;
  localparam [1:0] MOVE = 2'd2;
  localparam [1:0] LAST = 2'd3;

  reg [1:0] state_q;
  reg [7:0] chunk_q;
  reg piece_valid_q;
  reg [8*AXI_BYTES-1:0] piece_q;
  reg [BYTES_W-1:0] piece_bytes_q;
  reg piece_end_q;
  reg [BEAT_LOG2-1:0] offset_q;
  reg flush_q;
  reg [8*AXI_BYTES-1:0] hold_q;
  reg beat_valid_q;
  reg [8*AXI_BYTES-1:0] beat_q;

  wire [31:0] length = word2_i[31:0];
  wire start = start_i && state_q == IDLE;

  // Pieces of the row that is offered.
  wire walk_valid;
  wire walk_short;
  wire [BYTES_W-1:0] bytes;
  wire first;
  wire row_end;
  wire all_end;
  wire free = !beat_valid_q || w_data_ready_i;
  wire place = piece_valid_q && free && !flush_q;
  wire able = state_q == MOVE && walk_valid && (!piece_valid_q || place);
  wire step = able && ho_valid_i;
  wire [8*AXI_BYTES*CHUNKS-1:0] row;
  wire [8*AXI_BYTES-1:0] piece;

  generate
    if (LANES == AXI_BYTES * CHUNKS) assign row = ho_data_i;
    else assign row = {{(8 * (AXI_BYTES * CHUNKS - LANES)) {1'b0}}, ho_data_i};
    if (CHUNKS == 1) assign piece = row;
    else assign piece = row[8*AXI_BYTES*chunk_q[CHUNK_W-1:0]+:8*AXI_BYTES];
  endgenerate

  top_row_walk #(
      .AXI_BYTES(AXI_BYTES)
  ) u_walk (
      .clk_i    (clk_i),
      .rst_i    (rst_i),
      .start_i  (start),
      .length_i (length),
      .row_i    (word2_i[47:32]),
      .step_i   (step),
      .valid_o  (walk_valid),
      .short_o  (walk_short),
      .bytes_o  (bytes),
      .first_o  (first),
      .row_end_o(row_end),
      .end_o    (all_end)
  );

  // A piece goes behind the bytes that are held. What does not fit the beat begins the next one: turned
  // by as many bytes as are held, all bytes stand where they belong.
  wire [BYTES_W-1:0] reach = {1'b0, offset_q} + piece_bytes_q;
  wire fills = reach[BEAT_LOG2];
  wire [16*AXI_BYTES-1:0] turns = {piece_q, piece_q} << {offset_q, 3'd0};
  wire [8*AXI_BYTES-1:0] turned = turns[16*AXI_BYTES-1:8*AXI_BYTES];
  wire [8*AXI_BYTES-1:0] merged;

  genvar b;
  generate
    for (b = 0; b < AXI_BYTES; b = b + 1) begin : g_byte
      localparam [31:0] AT = b;
      assign merged[8*b+:8] = AT[BYTES_W-1:0] < {1'b0, offset_q} ? hold_q[8*b+:8] : turned[8*b+:8];
    end
  endgenerate

  wire beat = (place && fills) || (flush_q && free);

  assign complete_o     = state_q == LAST && w_done_i;
  assign error_o        = state_q == MOVE && walk_short && !piece_valid_q && !beat_valid_q;
  assign code_o         = ERR_LENGTH;
  assign detail_o       = length;
  assign w_req_valid_o  = state_q == REQUEST;
  assign w_req_addr_o   = address_i;
  assign w_req_bytes_o  = length;
  assign w_data_valid_o = beat_valid_q;
  assign w_data_o       = beat_q;
  assign ho_ready_o     = able && row_end;

  always @(posedge clk_i) begin
    if (rst_i) begin
      state_q       <= IDLE;
      piece_valid_q <= 1'b0;
      flush_q       <= 1'b0;
      beat_valid_q  <= 1'b0;
    end else begin
      case (state_q)
        IDLE: if (start) state_q <= REQUEST;
        REQUEST: if (w_req_ready_i) state_q <= MOVE;
        MOVE: begin
          if (error_o) state_q <= IDLE;
          else if (step && all_end) state_q <= LAST;
        end
        default: if (w_done_i) state_q <= IDLE;
      endcase
      piece_valid_q <= step || (piece_valid_q && !place);
      if (place) flush_q <= piece_end_q && reach[BEAT_LOG2-1:0] != {BEAT_LOG2{1'b0}};
      else if (free) flush_q <= 1'b0;
      if (beat) beat_valid_q <= 1'b1;
      else if (w_data_ready_i) beat_valid_q <= 1'b0;

      if (start) begin
        chunk_q  <= 8'd0;
        offset_q <= {BEAT_LOG2{1'b0}};
      end else begin
        if (step) chunk_q <= row_end ? 8'd0 : chunk_q + 8'd1;
        if (place) offset_q <= reach[BEAT_LOG2-1:0];
      end
      if (step) begin
        piece_q       <= piece;
        piece_bytes_q <= bytes;
        piece_end_q   <= all_end;
      end
      if (place) hold_q <= fills ? turned : merged;
      if (beat) beat_q <= flush_q ? hold_q : merged;
    end
  end

`ifdef SPARSYS_ASSERT
  always @(posedge clk_i) begin
    if (!rst_i && start_i && state_q != IDLE) $stop;
  end
`endif

  wire unused = &{1'b0, word2_i[63:48], first, turns[8*AXI_BYTES-1:0], chunk_q};
endmodule
