// SPDX-License-Identifier: Apache-2.0
// Descriptor of the pass: holds its two words, names their fields and checks every field that the
// pass uses against the memories (docs/reference/eie-format.md, section 5).
// Handshake: we0_i and, a cycle later, we1_i load the words from word_i; in the cycle after that
// reason_o says which rule the descriptor breaks, 0 if none. Fields hold until the next load.
module eie_pass #(
    parameter N_PE = 64,                       // PEs in the array, a power of two
    parameter GROUPS = 1,                      // groups of PEs, each with columns of its own
    parameter ENTRY_DEPTH = 131072,            // entries of a PE, a power of two
    parameter PTR_DEPTH = 16384,               // pointers of a PE, a power of two
    parameter ACT_REGS = 64,                   // source registers of a PE, a power of two
    parameter ACT_RAM_DEPTH = 1024,            // activation RAM words of a PE, a power of two
    parameter CODEBOOKS = 16,                  // codebooks stored, a power of two
    parameter CNT_W = $clog2(ACT_REGS) + 2     // derived, do not override
) (
    input  wire             clk_i,
    input  wire             we0_i,           // word_i is word 0
    input  wire             we1_i,           // word_i is word 1
    input  wire [     63:0] word_i,
    output reg  [      3:0] reason_o,        // rule that the descriptor breaks
    // numbers of rows
    output wire [CNT_W-1:0] in_rows_o,
    output wire [CNT_W-1:0] out_rows_o,
    // fields, as in the descriptor
    output wire [     15:0] ptr_base_o,
    output wire [     15:0] entry_base_o,
    output wire [     15:0] in_count_o,
    output wire [     15:0] src_addr_o,
    output wire [     15:0] dst_addr_o,
    output wire [      7:0] in_first_o,
    output wire [      7:0] codebook_o,
    output wire [      5:0] shift_o,
    output wire [      1:0] bias_o,          // pairs of bias constants
    output wire [      2:0] bias_columns_o,  // bias columns of a group
    output wire             load_src_o,
    output wire             load_codebook_o,
    output wire             clear_o,
    output wire             write_back_o,
    output wire             store_dst_o,
    output wire             relu_o,
    output wire             swap_o
);
  localparam PE_BITS = $clog2(N_PE);
  localparam LEVELS = $clog2(GROUPS);
  localparam PTR_W = $clog2(PTR_DEPTH);
  localparam [3:0] FITS = 4'd0;
  localparam [3:0] RESERVED = 4'd2;
  localparam [3:0] COUNTS = 4'd3;
  localparam [3:0] FIRST_ROW = 4'd4;
  localparam [3:0] POINTERS = 4'd5;
  localparam [3:0] ENTRIES = 4'd6;
  localparam [3:0] SOURCE = 4'd7;
  localparam [3:0] DESTINATION = 4'd8;
  localparam [3:0] CODEBOOK = 4'd9;
  // Sizes as wide as the sums that are compared with them.
  localparam [16:0] REGS = ACT_REGS[16:0];
  localparam [16:0] PTRS = PTR_DEPTH[16:0];
  localparam [19:0] TOO_MANY = ((PTR_DEPTH[19:0] - 20'd1) << LEVELS) + 20'd1;  // columns
  localparam [16:0] ENTRY_ROWS = ENTRY_DEPTH[19:3];
  localparam [17:0] RAM_ROWS = ACT_RAM_DEPTH[17:0];
  localparam [8:0] BOOKS = CODEBOOKS[8:0];

  reg [63:0] d0_q;
  reg [63:0] d1_q;
  reg [16:0] in_rows_q;
  reg [16:0] out_rows_q;
  reg [PTR_W-1:0] ptr_end_q;

  wire [15:0] out_count = d0_q[63:48];

  assign ptr_base_o      = d0_q[15:0];
  assign entry_base_o    = d0_q[31:16];
  assign in_count_o      = d0_q[47:32];
  assign src_addr_o      = d1_q[15:0];
  assign dst_addr_o      = d1_q[31:16];
  assign in_first_o      = d1_q[39:32];
  assign codebook_o      = d1_q[47:40];
  assign shift_o         = d1_q[53:48];
  assign bias_o          = d1_q[55:54];
  assign load_src_o      = d1_q[56];
  assign load_codebook_o = d1_q[57];
  assign clear_o         = d1_q[58];
  assign write_back_o    = d1_q[59];
  assign store_dst_o     = d1_q[60];
  assign relu_o          = d1_q[61];
  assign swap_o          = d1_q[62];
  assign in_rows_o       = in_rows_q[CNT_W-1:0];
  assign out_rows_o      = out_rows_q[CNT_W-1:0];

  // Vectors take one row for every N_PE elements, the last row may be part-filled.
  wire [16:0] in_up = {1'b0, in_count_o} + N_PE[16:0] - 17'd1;
  wire [16:0] out_up = {1'b0, out_count} + N_PE[16:0] - 17'd1;
  // A group has every GROUPS-th column, some one more than others.
  wire more_columns = (in_count_o & (GROUPS[15:0] - 16'd1)) != 16'd0;
  wire [15:0] ptr_end = ptr_base_o + (in_count_o >> LEVELS) + {15'd0, more_columns};

  // Bias columns are dealt to four groups at most.
  wire any_bias = bias_o != 2'd0;
  assign bias_columns_o = LEVELS == 0 ? {bias_o, 1'b0} :
                          LEVELS == 1 ? {1'b0, bias_o} : {1'b0, &bias_o, ^bias_o};

  always @(posedge clk_i) begin
    if (we0_i) d0_q <= word_i;
    if (we1_i) begin
      d1_q       <= word_i;
      in_rows_q  <= in_up >> PE_BITS;
      out_rows_q <= out_up >> PE_BITS;
      ptr_end_q  <= ptr_end[PTR_W-1:0];
    end
  end

  // The pointers in use do not wrap: their last is not below their first, and a group has fewer
  // columns than there are pointers.
  wire [15:0] first = {8'd0, in_first_o} << PE_BITS;
  wire [15:0] ptr_first = ptr_base_o + (first >> LEVELS);
  wire any_column = first < in_count_o;
  wire [15:0] columns = in_count_o - first;
  wire ptr_wraps = ptr_end_q < ptr_first[PTR_W-1:0] || {4'd0, columns} >= TOO_MANY;
  wire [17:0] src_end = {2'd0, src_addr_o} + {1'b0, in_rows_q};
  wire [17:0] dst_end = {2'd0, dst_addr_o} + {1'b0, out_rows_q};

  always @* begin
    if (d1_q[53] || d1_q[63]) reason_o = RESERVED;
    else if (in_rows_q > REGS || out_rows_q > REGS) reason_o = COUNTS;
    else if ({9'd0, in_first_o} > in_rows_q) reason_o = FIRST_ROW;
    else if (any_bias && in_first_o != 8'd0) reason_o = FIRST_ROW;
    else if ({1'b0, ptr_base_o} >= PTRS || ptr_base_o < {13'd0, bias_columns_o} ||
             (any_column && ptr_wraps)) reason_o = POINTERS;
    else if ({1'b0, entry_base_o} >= ENTRY_ROWS) reason_o = ENTRIES;
    else if (load_src_o && src_end > RAM_ROWS) reason_o = SOURCE;
    else if (write_back_o && store_dst_o && dst_end > RAM_ROWS) reason_o = DESTINATION;
    else if ((load_codebook_o || any_bias) && {1'b0, codebook_o} >= BOOKS) reason_o = CODEBOOK;
    else reason_o = FITS;
  end

  wire unused = &{1'b0, in_rows_q, out_rows_q, ptr_end, ptr_first};

  generate
    if (PTR_DEPTH < 4 || PTR_DEPTH > 65536 || (PTR_DEPTH & (PTR_DEPTH - 1)) != 0)
    begin : g_check_ptr_depth
      parameter_error_PTR_DEPTH_must_be_a_power_of_two_from_4_to_65536 u_error ();
    end
    if (CODEBOOKS < 2 || CODEBOOKS > 256 || (CODEBOOKS & (CODEBOOKS - 1)) != 0)
    begin : g_check_codebooks
      parameter_error_CODEBOOKS_must_be_a_power_of_two_from_2_to_256 u_error ();
    end
  endgenerate
endmodule
