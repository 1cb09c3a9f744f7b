// SPDX-License-Identifier: Apache-2.0
// What ended a list before its end: the reason, the descriptor, and the PE that had the first error
// (docs/reference/eie-format.md, section 9).
// Handshake: set_i records a reason; clear_i, at a list's start, forgets what was recorded. Of PEs
// with an error in the same cycle the lowest is named. Latency: one cycle.
module eie_errors #(
    parameter N_PE = 64,                            // PEs in the array, a power of two
    parameter LIST_W = 8,                           // number of a descriptor
    parameter PE_W = N_PE > 1 ? $clog2(N_PE) : 1    // derived, do not override
) (
    input  wire              clk_i,
    input  wire              rst_i,
    input  wire              clear_i,
    input  wire              set_i,
    input  wire [       3:0] set_reason_i,
    input  wire [LIST_W-1:0] set_desc_i,
    input  wire [  N_PE-1:0] pe_error_i,    // PE has an error, sticky
    output wire [       3:0] reason_o,
    output wire [      31:0] word_o         // 3:0 reason, 15:8 PE, 31:16 descriptor
);
  // PEs are searched by blocks of at most 64.
  localparam BLOCK = N_PE < 2 ? 2 : N_PE < 64 ? N_PE : 64;
  localparam BLOCKS = N_PE > 64 ? N_PE / 64 : 1;
  localparam BLOCK_W = $clog2(BLOCK);
  localparam [3:0] NONE = 4'd0;
  localparam [3:0] IN_PE = 4'd10;

  reg [3:0] reason_q;
  reg [LIST_W-1:0] desc_q;
  reg pe_found_q;
  reg [PE_W-1:0] pe_q;

  // The lowest PE with an error.
  wire [BLOCK*BLOCKS:0] errors = {{(BLOCK * BLOCKS - N_PE + 1) {1'b0}}, pe_error_i};
  wire [BLOCKS-1:0] any;
  wire [BLOCK_W*BLOCKS-1:0] index;
  genvar b;
  generate
    for (b = 0; b < BLOCKS; b = b + 1) begin : g_block
      wire [BLOCK-1:0] onehot;
      find_first #(
          .WIDTH(BLOCK)
      ) u_first (
          .vector_i(errors[BLOCK*b+:BLOCK]),
          .onehot_o(onehot),
          .index_o (index[BLOCK_W*b+:BLOCK_W])
      );
      assign any[b] = |onehot;
    end
  endgenerate

  wire [PE_W-1:0] lowest;
  generate
    if (BLOCKS == 1) begin : g_one_block
      assign lowest = index[PE_W-1:0];
    end else begin : g_blocks
      reg [PE_W-1:0] found;
      integer i;
      always @* begin
        found = {PE_W{1'b0}};
        for (i = BLOCKS - 1; i >= 0; i = i - 1)
          if (any[i]) found = {i[PE_W-BLOCK_W-1:0], index[BLOCK_W*i+:BLOCK_W]};
      end
      assign lowest = found;
    end
  endgenerate

  wire [11:0] pe_number = {{(12 - PE_W) {1'b0}}, pe_q};
  wire [15:0] desc_number = {{(16 - LIST_W) {1'b0}}, desc_q};
  assign reason_o = reason_q;
  assign word_o   = {
    reason_q == NONE ? 16'd0 : desc_number,
    reason_q == IN_PE ? pe_number[7:0] : 8'd0,
    4'd0,
    reason_q
  };
  wire unused = &{1'b0, errors, pe_number, index};

  always @(posedge clk_i) begin
    if (rst_i) begin
      reason_q   <= NONE;
      pe_found_q <= 1'b0;
    end else begin
      if (set_i) reason_q <= set_reason_i;
      else if (clear_i) reason_q <= NONE;
      if (set_i) desc_q <= set_desc_i;
      if (clear_i) begin
        pe_found_q <= 1'b0;
      end else if (!pe_found_q && any != {BLOCKS{1'b0}}) begin
        pe_found_q <= 1'b1;
        pe_q       <= lowest;
      end
    end
  end
endmodule
