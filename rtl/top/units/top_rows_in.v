// SPDX-License-Identifier: Apache-2.0
// Matrix_In: packs the bytes of beats, without gaps, to rows of the matrix unit, of `row` bytes each; other
// lanes get `fill` (docs/reference/top-format.md, section 6; top-units-timing.md, section 6).
// Handshakes: a command begins with start_i, its fields stay until complete_o or error_o, one cycle each;
// beats are taken with r_data_valid_i && r_data_ready_o, rows given with hi_valid_o && hi_ready_i.
// Latency: two cycles from a row's last beat to the row; AXI_BYTES bytes of one row a cycle.
module top_rows_in #(
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
    // read stream
    output wire                   r_req_valid_o,
    input  wire                   r_req_ready_i,
    output wire [ AXI_ADDR_W-1:0] r_req_addr_o,
    output wire [           31:0] r_req_beats_o,
    input  wire                   r_data_valid_i,
    output wire                   r_data_ready_o,
    input  wire [8*AXI_BYTES-1:0] r_data_i,
    // rows
    output wire                   hi_valid_o,
    output wire [    8*LANES-1:0] hi_data_o,
    input  wire                   hi_ready_i
);
  `include "interface.vh"

  localparam BEAT_LOG2 = $clog2(AXI_BYTES);
  localparam BYTES_W = BEAT_LOG2 + 1;
  localparam [31:0] BYTES = AXI_BYTES;

  localparam [1:0] IDLE = 2'd0;
  localparam [1:0] REQUEST = 2'd1;
  localparam [1:0] MOVE = 2'd2;
  localparam [1:0] DRAIN = 2'd3;

  reg [1:0] state_q;
  reg [BYTES_W-1:0] offset_q;
  reg [8*AXI_BYTES-1:0] hold_q;
  reg piece_valid_q;
  reg [8*AXI_BYTES-1:0] piece_q;
  reg [BYTES_W-1:0] piece_bytes_q;
  reg piece_first_q;
  reg piece_end_q;
  reg row_valid_q;
  reg [8*LANES-1:0] row_q;
  reg [7:0] chunk_q;

  wire [31:0] length = word2_i[31:0];
  wire [7:0] fill = word2_i[55:48];
  wire start = start_i && state_q == IDLE;

  // Pieces: from the beat taken last and the next one.
  wire walk_valid;
  wire walk_short;
  wire [BYTES_W-1:0] bytes;
  wire first;
  wire row_end;
  wire all_end;
  wire place = piece_valid_q && (!row_valid_q || hi_ready_i);
  wire [BYTES_W:0] reach = {1'b0, offset_q} + {1'b0, bytes};
  wire need = reach > {1'b0, BYTES[BYTES_W-1:0]};
  wire [BYTES_W:0] reach_next = reach - {1'b0, BYTES[BYTES_W-1:0]};
  wire able = state_q == MOVE && walk_valid && (!piece_valid_q || place);
  wire step = able && (!need || r_data_valid_i);
  wire [16*AXI_BYTES-1:0] window = {r_data_i, hold_q} >> {offset_q, 3'd0};

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

  wire moved = !piece_valid_q && !row_valid_q;

  assign complete_o     = state_q == DRAIN && moved;
  assign error_o        = state_q == MOVE && walk_short && moved;
  assign code_o         = ERR_LENGTH;
  assign detail_o       = length;
  assign r_req_valid_o  = state_q == REQUEST;
  assign r_req_addr_o   = address_i;
  assign r_req_beats_o  = {{BEAT_LOG2{1'b0}}, length[31:BEAT_LOG2]} +
                          {31'd0, length[BEAT_LOG2-1:0] != {BEAT_LOG2{1'b0}}};
  assign r_data_ready_o = able && need;
  assign hi_valid_o     = row_valid_q;
  assign hi_data_o      = row_q;

  always @(posedge clk_i) begin
    if (rst_i) begin
      state_q       <= IDLE;
      piece_valid_q <= 1'b0;
      row_valid_q   <= 1'b0;
    end else begin
      case (state_q)
        IDLE: if (start) state_q <= REQUEST;
        REQUEST: if (r_req_ready_i) state_q <= MOVE;
        MOVE: begin
          if (error_o) state_q <= IDLE;
          else if (step && all_end) state_q <= DRAIN;
        end
        default: if (moved) state_q <= IDLE;
      endcase
      piece_valid_q <= step || (piece_valid_q && !place);
      if (place) row_valid_q <= piece_end_q;
      else if (hi_ready_i) row_valid_q <= 1'b0;

      if (start) offset_q <= BYTES[BYTES_W-1:0];
      else if (step) offset_q <= need ? reach_next[BYTES_W-1:0] : reach[BYTES_W-1:0];
      if (step && need) hold_q <= r_data_i;
      if (step) begin
        piece_q       <= window[8*AXI_BYTES-1:0];
        piece_bytes_q <= bytes;
        piece_first_q <= first;
        piece_end_q   <= row_end;
      end
      if (place) chunk_q <= piece_first_q ? 8'd1 : chunk_q + 8'd1;
    end
  end

  // Lane l is byte l mod AXI_BYTES of a row's piece l div AXI_BYTES.
  genvar l;
  generate
    for (l = 0; l < LANES; l = l + 1) begin : g_lane
      localparam [31:0] CHUNK = l / AXI_BYTES;
      localparam [31:0] AT = l % AXI_BYTES;
      wire here = piece_first_q || chunk_q == CHUNK[7:0];
      wire filled = AT[BYTES_W-1:0] >= piece_bytes_q || (CHUNK != 32'd0 && piece_first_q);
      always @(posedge clk_i) begin
        if (place && here && !rst_i) row_q[8*l+:8] <= filled ? fill : piece_q[8*AT+:8];
      end
    end
  endgenerate

`ifdef SPARSYS_ASSERT
  always @(posedge clk_i) begin
    if (!rst_i && start_i && state_q != IDLE) $stop;
  end
`endif

  wire unused = &{1'b0, piece_q, word2_i[63:56], window[16*AXI_BYTES-1:8*AXI_BYTES], reach[BYTES_W], reach_next[BYTES_W]};
endmodule
