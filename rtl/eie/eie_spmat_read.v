// SPDX-License-Identifier: Apache-2.0
// Sparse-matrix read: turns the queue's head column into entries (code, zero rows skipped), one a
// cycle. The fetch half reads the 64-bit rows of the entry memory; the decode half picks the bytes
// out of the memory's output. The next row, of this column or of the next, is fetched in the cycle
// in which the last byte of the present one is picked, so that a queue with work means an entry
// every cycle.
// Latency: queue head to e_*_o two cycles. No back pressure: the arithmetic never stalls.
module eie_spmat_read #(
    parameter ENTRY_DEPTH = 131072,            // entries, a power of two, at least 32
    parameter ROW_W = $clog2(ENTRY_DEPTH / 8)  // derived, do not override
) (
    input  wire             clk_i,
    input  wire             rst_i,
    input  wire [ROW_W-1:0] entry_base_i,  // first row of the pass
    // activation queue
    input  wire             head_empty_i,
    input  wire [     15:0] head_act_i,
    input  wire [     15:0] head_start_i,
    input  wire [     15:0] head_end_i,
    output wire             pop_o,
    // entries
    output wire             e_valid_o,
    output wire             e_first_o,     // first entry of its column
    output wire [      3:0] e_code_o,
    output wire [      3:0] e_skip_o,
    output wire [     15:0] e_act_o,
    // load and read-back: an entry row
    input  wire             io_en_i,
    input  wire             io_write_i,
    input  wire [ROW_W-1:0] io_addr_i,
    input  wire [     63:0] io_wdata_i,
    output wire [     63:0] io_rdata_o,
    // status
    input  wire             flags_clear_i,
    output wire             range_error_o,  // entries behind the end of the memory, sticky
    output wire             busy_o
);
  // Fetch.
  reg f_mid_q;
  reg [15:0] f_pos_q;
  // Decode.
  reg d_valid_q;
  reg d_first_q;
  reg [2:0] d_off_q;
  reg [3:0] d_left_q;
  reg [15:0] d_act_q;
  reg e_valid_q;
  reg e_first_q;
  reg [3:0] e_code_q;
  reg [3:0] e_skip_q;
  reg range_error_q;
  reg [15:0] e_act_q;

  wire [15:0] pos = f_mid_q ? f_pos_q : head_start_i;
  wire [15:0] rest = head_end_i - pos;
  wire [3:0] room = 4'd8 - {1'b0, pos[2:0]};
  wire last_segment = rest <= {12'd0, room};
  wire issue = !head_empty_i && (!d_valid_q || d_left_q == 4'd1);
  wire [16:0] fetch_row = {4'd0, pos[15:3]};
  wire [16:0] row_base = {{(17 - ROW_W) {1'b0}}, entry_base_i};
  wire [16:0] row_sum = row_base + fetch_row;
  wire row_out = row_sum[16:ROW_W] != {(17 - ROW_W) {1'b0}};
  wire [63:0] entry_row;
  wire [7:0] entry = entry_row[8*d_off_q+:8];

  ram_1rw #(
      .WIDTH(64),
      .DEPTH(ENTRY_DEPTH / 8)
  ) u_entry_ram (
      .clk_i  (clk_i),
      .en_i   (issue || io_en_i),
      .we_i   (io_en_i && io_write_i),
      .addr_i (io_en_i ? io_addr_i : row_sum[ROW_W-1:0]),
      .wdata_i(io_wdata_i),
      .rdata_o(entry_row)
  );

  assign pop_o      = issue && last_segment;
  assign e_valid_o  = e_valid_q;
  assign e_first_o  = e_first_q;
  assign e_code_o   = e_code_q;
  assign e_skip_o   = e_skip_q;
  assign e_act_o    = e_act_q;
  assign io_rdata_o = entry_row;
  assign busy_o     = d_valid_q || e_valid_q;

  assign range_error_o = range_error_q;

  always @(posedge clk_i) begin
    if (rst_i) begin
      f_mid_q   <= 1'b0;
      d_valid_q <= 1'b0;
      e_valid_q <= 1'b0;

      range_error_q <= 1'b0;
    end else begin
      if (flags_clear_i) range_error_q <= 1'b0;
      else if (issue && row_out) range_error_q <= 1'b1;

      e_valid_q <= d_valid_q;
      if (issue) begin
        f_mid_q   <= !last_segment;
        f_pos_q   <= {pos[15:3] + 13'd1, 3'd0};
        d_valid_q <= 1'b1;
        d_first_q <= !f_mid_q;
        d_off_q   <= pos[2:0];
        d_left_q  <= last_segment ? rest[3:0] : room;
        d_act_q   <= head_act_i;
      end else if (d_valid_q) begin
        if (d_left_q == 4'd1) begin
          d_valid_q <= 1'b0;
        end else begin
          d_first_q <= 1'b0;
          d_off_q   <= d_off_q + 3'd1;
          d_left_q  <= d_left_q - 4'd1;
        end
      end
    end
  end

  // What decoding holds stays until the next entry: so does what follows from it.
  always @(posedge clk_i) begin
    e_first_q <= d_first_q;
    e_code_q  <= entry[3:0];
    e_skip_q  <= entry[7:4];
    e_act_q   <= d_act_q;
  end

  generate
    if (ENTRY_DEPTH < 32 || ENTRY_DEPTH > 524288 || (ENTRY_DEPTH & (ENTRY_DEPTH - 1)) != 0)
    begin : g_check_entry_depth
      parameter_error_ENTRY_DEPTH_must_be_a_power_of_two_from_32_to_524288 u_error ();
    end
  endgenerate
endmodule
