// SPDX-License-Identifier: Apache-2.0
// Sparse_Load: beats of the bus to words of the sparse engine's port, one a cycle, whose addresses count
// up or, with `spread`, go over the PEs; with `bytes` by way of the conversion
// (docs/reference/top-units-timing.md, section 2).
// Handshake: start_i with what follows it; beats are taken with data_valid_i && data_ready_o. Words
// are never held up: the engine is idle. done_o: the engine writes the last word in this cycle.
// Latency: a cycle from a beat to its word at the port, seven with `bytes`.
module top_sparse_load #(
    parameter AXI_BYTES = 8,     // bytes of a beat: 8, 16, 32 or 64
    parameter N_PE = 64,         // processing elements, a power of two from 1 to 256
    parameter LANES = 4          // elements of a word with `bytes`: 4, or N_PE if that is less
) (
    input  wire                   clk_i,
    input  wire                   rst_i,
    // command
    input  wire                   start_i,
    input  wire [           31:0] port_i,
    input  wire [           28:0] words_i,
    input  wire                   spread_i,
    input  wire                   bytes_i,
    output wire                   done_o,
    // beats
    input  wire                   data_valid_i,
    output wire                   data_ready_o,
    input  wire [8*AXI_BYTES-1:0] data_i,
    // conversion
    output wire                   c_valid_o,
    output wire                   c_last_o,
    output wire [   16*LANES-1:0] c_word_o,
    input  wire                   c_valid_i,
    input  wire                   c_last_i,
    input  wire [   16*LANES-1:0] c_word_i,
    // writes at the engine's port
    output wire                   io_valid_o,
    output wire [           31:0] io_addr_o,
    output wire [           63:0] io_wdata_o
);
  localparam AT_W = $clog2(AXI_BYTES / LANES);
  localparam WORD_W = AXI_BYTES > 8 ? $clog2(AXI_BYTES / 8) : 1;
  localparam [31:0] LAST_WORD = AXI_BYTES / 8 - 1;
  localparam [31:0] LAST_PIECE = AXI_BYTES / LANES - 1;
  localparam [31:0] PES = N_PE;
  localparam [7:0] LAST_PE = PES[7:0] - 8'd1;

  reg run_q;
  reg [28:0] left_q;
  reg [AT_W-1:0] at_q;
  reg word_valid_q;
  reg word_last_q;
  reg [63:0] word_q;
  reg [31:0] addr_q;
  reg done_q;

  wire take = run_q && data_valid_i;
  wire last = left_q == 29'd1;
  wire beat_end = last || at_q == (bytes_i ? LAST_PIECE[AT_W-1:0] : LAST_WORD[AT_W-1:0]);

  // The word of 8 bytes, and that of LANES bytes.
  wire [63:0] word;
  wire [8*LANES-1:0] piece = data_i[8*LANES*at_q+:8*LANES];
  wire [63:0] spaced;

  genvar e;
  generate
    if (AXI_BYTES == 8) assign word = data_i;
    else assign word = data_i[64*at_q[WORD_W-1:0]+:64];
    for (e = 0; e < 4; e = e + 1) begin : g_element
      if (e < LANES) assign spaced[16*e+:16] = {8'd0, piece[8*e+:8]};
      else assign spaced[16*e+:16] = 16'd0;
    end
  endgenerate

  wire [63:0] converted;
  generate
    if (LANES == 4) assign converted = c_word_i;
    else assign converted = {{(64 - 16 * LANES) {1'b0}}, c_word_i};
  endgenerate

  wire next_row = addr_q[27:20] == LAST_PE;
  wire [31:0] addr_spread = {
    addr_q[31:28],
    next_row ? 8'd0 : addr_q[27:20] + 8'd1,
    addr_q[19:0] + {19'd0, next_row}
  };

  assign data_ready_o = run_q && beat_end;
  assign c_valid_o    = word_valid_q && bytes_i;
  assign c_last_o     = word_last_q;
  assign c_word_o     = word_q[16*LANES-1:0];
  assign io_valid_o   = bytes_i ? c_valid_i : word_valid_q;
  assign io_addr_o    = addr_q;
  assign io_wdata_o   = bytes_i ? converted : word_q;
  assign done_o       = done_q;

  always @(posedge clk_i) begin
    if (rst_i) begin
      run_q        <= 1'b0;
      word_valid_q <= 1'b0;
      done_q       <= 1'b0;
    end else begin
      if (start_i) run_q <= 1'b1;
      else if (take && last) run_q <= 1'b0;
      word_valid_q <= take;
      done_q <= io_valid_o && (bytes_i ? c_last_i : word_last_q);

      if (start_i) begin
        left_q <= words_i;
        at_q   <= {AT_W{1'b0}};
        addr_q <= port_i;
      end else begin
        if (take) begin
          left_q <= left_q - 29'd1;
          at_q   <= beat_end ? {AT_W{1'b0}} : at_q + 1'b1;
        end
        if (io_valid_o) addr_q <= spread_i ? addr_spread : {addr_q[31:28], addr_q[27:0] + 28'd1};
      end
      if (take) begin
        word_last_q <= last;
        word_q      <= bytes_i ? spaced : word;
      end
    end
  end

`ifdef SPARSYS_ASSERT
  always @(posedge clk_i) begin
    if (!rst_i && start_i && (run_q || word_valid_q || c_valid_i)) $stop;
    if (!rst_i && start_i && words_i == 29'd0) $stop;
  end
`endif
endmodule
