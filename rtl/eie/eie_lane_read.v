// SPDX-License-Identifier: Apache-2.0
// Sparse-matrix read of several entries a cycle: cuts the queue's columns into sets of up to LANES
// entries at any alignment. Even and odd rows of the entry memory are read together, and a set is
// turned out of the window of both: column, rows, aligned entries, a cycle each. The next column is
// taken in the cycle in which the last set of the present one leaves, so that a queue with work
// means a set every cycle.
// Latency: queue head to a_*_o three cycles. Moves in cycles with step_i.
module eie_lane_read #(
    parameter LANES = 4,                       // entries of a set, a power of two
    parameter ENTRY_DEPTH = 131072,            // entries, a power of two, at least 4 * LANES
    parameter ROW_W = $clog2(ENTRY_DEPTH / 8)  // derived, do not override
) (
    input  wire                   clk_i,
    input  wire                   rst_i,
    input  wire                   step_i,
    input  wire [      ROW_W-1:0] entry_base_i,  // first 64-bit word of the pass
    // activation queue
    input  wire                   head_empty_i,
    input  wire [           15:0] head_act_i,
    input  wire [           15:0] head_start_i,
    input  wire [           15:0] head_end_i,
    output wire                   pop_o,
    // a set of entries, lane 0 in the lowest bits
    output wire                   a_valid_o,
    output wire                   a_first_o,     // the first of its column
    output wire [$clog2(LANES):0] a_count_o,     // entries in it
    output wire [    8*LANES-1:0] a_entry_o,
    output wire [           15:0] a_act_o,
    // load and read-back: a word of 8 entries
    input  wire                   io_en_i,
    input  wire                   io_write_i,
    input  wire [      ROW_W-1:0] io_addr_i,
    input  wire [           63:0] io_wdata_i,
    output wire [           63:0] io_rdata_o,
    // status
    input  wire                   flags_clear_i,
    output wire                   range_error_o,  // entries behind the end of the memory, sticky
    output wire                   busy_o
);
  localparam LANE_W = $clog2(LANES);
  localparam ENTRY_W = $clog2(ENTRY_DEPTH);
  localparam HALVES = LANES > 8 ? LANES / 8 : 1;  // RAMs of a row
  localparam RAM_W = 8 * LANES / HALVES;
  localparam RAM_DEPTH = ENTRY_DEPTH / (2 * LANES);
  localparam ADDR_W = $clog2(RAM_DEPTH);
  localparam [31:0] LANES_32 = LANES;
  localparam [15:0] STEP = LANES_32[15:0];
  localparam [LANE_W:0] FULL = STEP[LANE_W:0];

  reg c_valid_q;
  reg c_first_q;
  reg [ENTRY_W-1:0] c_at_q;
  reg [15:0] c_left_q;
  reg [15:0] c_act_q;
  reg d_valid_q;
  reg d_first_q;
  reg [LANE_W:0] d_off_q;
  reg [LANE_W:0] d_count_q;
  reg [15:0] d_act_q;
  reg a_valid_q;
  reg a_first_q;
  reg [LANE_W:0] a_count_q;
  reg [8*LANES-1:0] a_entry_q;
  reg [15:0] a_act_q;
  reg [1:0] io_part_q;
  reg range_error_q;

  // Column.
  wire last = c_left_q <= STEP;
  wire issue = c_valid_q && step_i;
  wire [ENTRY_W+15:0] start = {16'd0, entry_base_i, 3'd0} + {{ENTRY_W{1'b0}}, head_start_i};
  wire [ENTRY_W+15:0] stop = {16'd0, entry_base_i, 3'd0} + {{ENTRY_W{1'b0}}, head_end_i};
  localparam [ENTRY_W+15:0] ENTRIES = {{15{1'b0}}, 1'b1, {ENTRY_W{1'b0}}};
  assign pop_o = !head_empty_i && (!c_valid_q || (issue && last));

  // Rows: the set's first row and the next one, in the even and in the odd memory.
  wire [ENTRY_W-LANE_W-1:0] row = c_at_q[ENTRY_W-1:LANE_W];
  wire [ENTRY_W-LANE_W-1:0] row_next = row + 1'b1;
  wire [ADDR_W-1:0] even_addr = row_next[ENTRY_W-LANE_W-1:1];
  wire [ADDR_W-1:0] odd_addr = row[ENTRY_W-LANE_W-1:1];

  // The word of a request: where it lies.
  wire io_odd;
  wire [HALVES-1:0] io_half;
  wire [ADDR_W-1:0] io_ram_addr;
  wire [16*LANES-1:0] window;
  generate
    if (LANES == 4) begin : g_io_4
      assign io_odd      = 1'b0;
      assign io_half     = 1'b1;
      assign io_ram_addr = io_addr_i;
      assign io_rdata_o  = window;
    end else if (LANES == 8) begin : g_io_8
      assign io_odd      = io_addr_i[0];
      assign io_half     = 1'b1;
      assign io_ram_addr = io_addr_i[ROW_W-1:1];
      assign io_rdata_o  = window[64*io_part_q[0]+:64];
    end else begin : g_io_16
      assign io_odd      = io_addr_i[1];
      assign io_half     = {io_addr_i[0], !io_addr_i[0]};
      assign io_ram_addr = io_addr_i[ROW_W-1:2];
      assign io_rdata_o  = window[64*io_part_q+:64];
    end
  endgenerate
  wire io_even_en = io_en_i && (LANES == 4 || !io_odd);
  wire io_odd_en = io_en_i && (LANES == 4 || io_odd);

  genvar h;
  generate
    for (h = 0; h < HALVES; h = h + 1) begin : g_half
      ram_1rw #(
          .WIDTH(RAM_W),
          .DEPTH(RAM_DEPTH)
      ) u_even (
          .clk_i  (clk_i),
          .en_i   (issue || (io_even_en && io_half[h])),
          .we_i   (io_en_i && io_write_i),
          .addr_i (io_en_i ? io_ram_addr : even_addr),
          .wdata_i(io_wdata_i[RAM_W-1:0]),
          .rdata_o(window[RAM_W*h+:RAM_W])
      );
      ram_1rw #(
          .WIDTH(RAM_W),
          .DEPTH(RAM_DEPTH)
      ) u_odd (
          .clk_i  (clk_i),
          .en_i   (issue || (io_odd_en && io_half[h])),
          .we_i   (io_en_i && io_write_i),
          .addr_i (io_en_i ? io_ram_addr : odd_addr),
          .wdata_i(io_wdata_i[63-:RAM_W]),
          .rdata_o(window[8*LANES+RAM_W*h+:RAM_W])
      );
    end
  endgenerate

  // Alignment: rotation by a row, then shifts by ever smaller parts of one.
  reg [16*LANES-1:0] turned;
  integer k;
  always @* begin
    turned = d_off_q[LANE_W] ? {window[8*LANES-1:0], window[16*LANES-1:8*LANES]} : window;
    for (k = LANE_W - 1; k >= 0; k = k - 1) begin
      if (d_off_q[k]) turned = turned >> (8 << k);
    end
  end

  assign a_valid_o = a_valid_q;
  assign a_first_o = a_first_q;
  assign a_count_o = a_count_q;
  assign a_entry_o = a_entry_q;
  assign a_act_o   = a_act_q;
  assign busy_o    = c_valid_q || d_valid_q || a_valid_q;

  assign range_error_o = range_error_q;

  always @(posedge clk_i) begin
    if (rst_i) begin
      c_valid_q <= 1'b0;
      d_valid_q <= 1'b0;
      a_valid_q <= 1'b0;

      range_error_q <= 1'b0;
    end else begin
      if (flags_clear_i) range_error_q <= 1'b0;
      else if (pop_o && stop > ENTRIES) range_error_q <= 1'b1;

      if (pop_o) begin
        c_valid_q <= 1'b1;
        c_first_q <= 1'b1;
        c_at_q    <= start[ENTRY_W-1:0];
        c_left_q  <= head_end_i - head_start_i;
        c_act_q   <= head_act_i;
      end else if (issue) begin
        if (last) begin
          c_valid_q <= 1'b0;
        end else begin
          c_first_q <= 1'b0;
          c_at_q    <= c_at_q + {{(ENTRY_W - LANE_W - 1) {1'b0}}, FULL};
          c_left_q  <= c_left_q - STEP;
        end
      end
      if (step_i) begin
        d_valid_q <= c_valid_q;
        a_valid_q <= d_valid_q;
      end
      if (issue) begin
        d_first_q <= c_first_q;
        d_off_q   <= c_at_q[LANE_W:0];
        d_count_q <= last ? c_left_q[LANE_W:0] : FULL;
        d_act_q   <= c_act_q;
      end
      if (step_i && d_valid_q) begin
        a_first_q <= d_first_q;
        a_count_q <= d_count_q;
        a_entry_q <= turned[8*LANES-1:0];
        a_act_q   <= d_act_q;
      end
      if (io_en_i) io_part_q <= io_addr_i[1:0];
    end
  end

`ifdef SPARSYS_ASSERT
  always @(posedge clk_i) begin
    if (!rst_i) begin
      if (io_en_i && busy_o) $stop;
      if (pop_o && head_end_i == head_start_i) $stop;
      if (d_valid_q && (d_count_q == {(LANE_W + 1) {1'b0}} || d_count_q > FULL)) $stop;
      if (a_valid_q && (a_count_q == {(LANE_W + 1) {1'b0}} || a_count_q > FULL)) $stop;
    end
  end
`endif

  wire unused = &{1'b0, start, row_next, row, io_part_q};
endmodule
