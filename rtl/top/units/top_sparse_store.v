// SPDX-License-Identifier: Apache-2.0
// Sparse_Store: reads words at the sparse engine's port, one a cycle while there is room for the answers,
// and packs them to beats of the bus; with `bytes` by way of the conversion
// (docs/reference/top-units-timing.md, section 3).
// Handshake: start_i with what follows it; beats are given with data_valid_o && data_ready_i.
// Latency: five cycles from a read to its word in the beat, eleven with `bytes`.
module top_sparse_store #(
    parameter AXI_BYTES = 8,  // bytes of a beat: 8, 16, 32 or 64
    parameter LANES = 4       // elements of a word with `bytes`: 4, or N_PE if that is less
) (
    input  wire                   clk_i,
    input  wire                   rst_i,
    // command
    input  wire                   start_i,
    input  wire [           31:0] port_i,
    input  wire [           28:0] words_i,
    input  wire                   bytes_i,
    // reads at the engine's port
    output wire                   io_valid_o,
    output wire [           31:0] io_addr_o,
    input  wire                   io_rvalid_i,
    input  wire [           63:0] io_rdata_i,
    // conversion
    output wire                   c_valid_o,
    output wire [   16*LANES-1:0] c_word_o,
    input  wire                   c_valid_i,
    input  wire [   16*LANES-1:0] c_word_i,
    // beats
    output wire                   data_valid_o,
    input  wire                   data_ready_i,
    output wire [8*AXI_BYTES-1:0] data_o
);
  localparam AT_W = $clog2(AXI_BYTES / LANES);
  localparam [31:0] LAST_WORD = AXI_BYTES / 8 - 1;
  localparam [31:0] LAST_PIECE = AXI_BYTES / LANES - 1;

  reg run_q;
  reg [31:0] addr_q;
  reg [28:0] left_q;
  reg [4:0] under_q;
  reg [28:0] pack_left_q;
  reg [AT_W-1:0] at_q;
  reg beat_valid_q;
  reg [8*AXI_BYTES-1:0] beat_q;

  wire asked = run_q && under_q != 5'd16;

  // Words that have come: converted ones in the low bits.
  wire [63:0] packed_bytes;
  wire [63:0] head;
  wire empty;
  wire full;
  wire push = under_q != 5'd0 && (bytes_i ? c_valid_i : io_rvalid_i);
  wire pop = !empty && (!beat_valid_q || data_ready_i);

  genvar e;
  generate
    for (e = 0; e < 8; e = e + 1) begin : g_byte
      if (e < LANES) begin : g_used
        wire unused = &{1'b0, c_word_i[16*e+8+:8]};
        assign packed_bytes[8*e+:8] = c_word_i[16*e+:8];
      end else begin : g_zero
        assign packed_bytes[8*e+:8] = 8'd0;
      end
    end
  endgenerate

  fifo #(
      .WIDTH(64),
      .DEPTH(16)
  ) u_words (
      .clk_i  (clk_i),
      .rst_i  (rst_i),
      .push_i (push),
      .data_i (bytes_i ? packed_bytes : io_rdata_i),
      .pop_i  (pop),
      .head_o (head),
      .empty_o(empty),
      .full_o (full)
  );

  wire beat_end = pack_left_q == 29'd1 ||
                  at_q == (bytes_i ? LAST_PIECE[AT_W-1:0] : LAST_WORD[AT_W-1:0]);

  assign io_valid_o   = asked;
  assign io_addr_o    = addr_q;
  assign c_valid_o    = io_rvalid_i && bytes_i;
  assign c_word_o     = io_rdata_i[16*LANES-1:0];
  assign data_valid_o = beat_valid_q;
  assign data_o       = beat_q;

  always @(posedge clk_i) begin
    if (rst_i) begin
      run_q        <= 1'b0;
      under_q      <= 5'd0;
      beat_valid_q <= 1'b0;
    end else begin
      if (start_i) run_q <= 1'b1;
      else if (asked && left_q == 29'd1) run_q <= 1'b0;
      if (asked && !pop) under_q <= under_q + 5'd1;
      else if (pop && !asked) under_q <= under_q - 5'd1;
      if (pop) beat_valid_q <= beat_end;
      else if (data_ready_i) beat_valid_q <= 1'b0;

      if (start_i) begin
        addr_q      <= port_i;
        left_q      <= words_i;
        pack_left_q <= words_i;
        at_q        <= {AT_W{1'b0}};
      end else begin
        if (asked) begin
          addr_q[27:0] <= addr_q[27:0] + 28'd1;
          left_q       <= left_q - 29'd1;
        end
        if (pop) begin
          pack_left_q <= pack_left_q - 29'd1;
          at_q        <= beat_end ? {AT_W{1'b0}} : at_q + 1'b1;
        end
      end
    end
  end

  // Byte b of a beat is byte b mod 8 of its word, or byte b mod LANES.
  genvar b;
  generate
    for (b = 0; b < AXI_BYTES; b = b + 1) begin : g_beat
      localparam [31:0] WORD = b / 8;
      localparam [31:0] PIECE = b / LANES;
      wire here = at_q == (bytes_i ? PIECE[AT_W-1:0] : WORD[AT_W-1:0]);
      always @(posedge clk_i) begin
        if (pop && here && !rst_i) begin
          beat_q[8*b+:8] <= bytes_i ? head[8*(b%LANES)+:8] : head[8*(b%8)+:8];
        end
      end
    end
  endgenerate

`ifdef SPARSYS_ASSERT
  always @(posedge clk_i) begin
    if (!rst_i && push && full) $stop;
    if (!rst_i && start_i && (run_q || under_q != 5'd0 || words_i == 29'd0)) $stop;
  end
`endif

  wire unused = &{1'b0, full};
endmodule
