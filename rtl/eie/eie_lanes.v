// SPDX-License-Identifier: Apache-2.0
// The weights of several lanes: from the queue's head to the accumulators, up to LANES entries of
// one column a cycle. Row r is in bank r mod BANKS, so that neighbouring rows are added at once.
// Nothing behind the dispatch ever stalls; a bank's full FIFO holds all that is in front of it.
module eie_lanes #(
    parameter LANES = 4,                        // entries of a column a cycle
    parameter BANKS = 8,                        // banks of accumulators, a power of two
    parameter BANK_DEPTH = 4,                   // entries that can wait in a bank
    parameter ROWS = 64,                        // accumulators, a power of two
    parameter GROUPS = 1,                       // accumulators that write-back reads a cycle
    parameter ENTRY_DEPTH = 131072,             // entries, a power of two
    parameter ACC_WIDTH = 32,                   // accumulator bits
    parameter REG_W = $clog2(ROWS),             // derived, do not override
    parameter WB_W = $clog2(ROWS / GROUPS),     // derived, do not override
    parameter ROW_W = $clog2(ENTRY_DEPTH / 8)   // derived, do not override
) (
    input  wire                        clk_i,
    input  wire                        rst_i,
    input  wire [           ROW_W-1:0] entry_base_i,
    // activation queue
    input  wire                        head_empty_i,
    input  wire [                15:0] head_act_i,
    input  wire [                15:0] head_start_i,
    input  wire [                15:0] head_end_i,
    output wire                        pop_o,
    // codebook load: four codes a cycle
    input  wire                        cb_we_i,
    input  wire [                 1:0] cb_word_i,
    input  wire [                63:0] cb_data_i,
    // accumulators
    input  wire                        clear_i,
    input  wire                        wb_read_i,
    input  wire [            WB_W-1:0] wb_row_i,
    output wire [GROUPS*ACC_WIDTH-1:0] wb_acc_o,  // of rows GROUPS * wb_row_i onwards
    // load and read-back: a word of 8 entries
    input  wire                        io_en_i,
    input  wire                        io_write_i,
    input  wire [           ROW_W-1:0] io_addr_i,
    input  wire [                63:0] io_wdata_i,
    output wire [                63:0] io_rdata_o,
    // status
    input  wire                        flags_clear_i,
    output wire                        saturated_o,
    output wire                        row_error_o,
    output wire                        range_error_o,
    output wire                        busy_o
);
  localparam LEVELS = $clog2(GROUPS);
  localparam BANK_ROWS = ROWS / BANKS;
  localparam BANK_W = $clog2(BANKS);
  localparam ADDR_W = REG_W - BANK_W;
  // Most lanes of one set in one bank.
  localparam RIVALS = LANES < BANK_ROWS ? LANES : BANK_ROWS;
  localparam RANK_W = RIVALS > 2 ? $clog2(RIVALS) : 1;

  reg [15:0] cb_q[0:15];

  wire step;
  wire a_valid;
  wire a_first;
  wire [$clog2(LANES):0] a_count;
  wire [8*LANES-1:0] a_entry;
  wire [15:0] a_act;
  wire read_busy;

  eie_lane_read #(
      .LANES      (LANES),
      .ENTRY_DEPTH(ENTRY_DEPTH)
  ) u_read (
      .clk_i       (clk_i),
      .rst_i       (rst_i),
      .step_i      (step),
      .entry_base_i(entry_base_i),
      .head_empty_i(head_empty_i),
      .head_act_i  (head_act_i),
      .head_start_i(head_start_i),
      .head_end_i  (head_end_i),
      .pop_o       (pop_o),
      .a_valid_o   (a_valid),
      .a_first_o   (a_first),
      .a_count_o   (a_count),
      .a_entry_o   (a_entry),
      .a_act_o     (a_act),
      .io_en_i     (io_en_i),
      .io_write_i  (io_write_i),
      .io_addr_i   (io_addr_i),
      .io_wdata_i  (io_wdata_i),
      .io_rdata_o  (io_rdata_o),
      .flags_clear_i(flags_clear_i),
      .range_error_o(range_error_o),
      .busy_o      (read_busy)
  );

  wire r_valid;
  wire [LANES-1:0] r_write;
  wire [REG_W*LANES-1:0] r_row;
  wire [RANK_W*LANES-1:0] r_rank;
  wire [4*LANES-1:0] r_code;
  wire [15:0] r_act;
  wire decode_busy;

  eie_lane_decode #(
      .LANES (LANES),
      .ROWS  (ROWS),
      .BANKS (BANKS),
      .RANK_W(RANK_W)
  ) u_decode (
      .clk_i        (clk_i),
      .rst_i        (rst_i),
      .step_i       (step),
      .a_valid_i    (a_valid),
      .a_first_i    (a_first),
      .a_count_i    (a_count),
      .a_entry_i    (a_entry),
      .a_act_i      (a_act),
      .r_valid_o    (r_valid),
      .r_write_o    (r_write),
      .r_row_o      (r_row),
      .r_rank_o     (r_rank),
      .r_code_o     (r_code),
      .r_act_o      (r_act),
      .flags_clear_i(flags_clear_i),
      .row_error_o  (row_error_o),
      .busy_o       (decode_busy)
  );

  wire [2*BANKS-1:0] room;
  wire [2*BANKS-1:0] push;
  wire [8*BANKS-1:0] code;
  wire [2*ADDR_W*BANKS-1:0] addr;
  wire [15:0] act;
  wire dispatch_busy;

  eie_dispatch #(
      .LANES (LANES),
      .ROWS  (ROWS),
      .BANKS (BANKS),
      .RANK_W(RANK_W)
  ) u_dispatch (
      .clk_i    (clk_i),
      .rst_i    (rst_i),
      .r_valid_i(r_valid),
      .r_write_i(r_write),
      .r_row_i  (r_row),
      .r_rank_i (r_rank),
      .r_code_i (r_code),
      .r_act_i  (r_act),
      .step_o   (step),
      .room_i   (room),
      .push_o   (push),
      .code_o   (code),
      .addr_o   (addr),
      .act_o    (act),
      .busy_o   (dispatch_busy)
  );

  // Write-back reads neighbouring rows, all at one address of their banks; the first:
  wire [WB_W+2:0] wb_eighths = {wb_row_i, 3'd0};
  wire [REG_W-1:0] wb_first = wb_eighths[3-LEVELS+:REG_W];
  wire unused = &{1'b0, wb_eighths};

  wire [255:0] codebook;
  wire [ACC_WIDTH*BANKS-1:0] bank_acc;
  wire [BANKS-1:0] bank_saturated;
  wire [BANKS-1:0] bank_busy;

  genvar c, b;
  generate
    for (c = 0; c < 16; c = c + 1) begin : g_code
      assign codebook[16*c+:16] = cb_q[c];
    end
    for (b = 0; b < BANKS; b = b + 1) begin : g_bank
      eie_bank #(
          .BANK_ROWS (BANK_ROWS),
          .BANK_DEPTH(BANK_DEPTH),
          .ACC_WIDTH (ACC_WIDTH)
      ) u_bank (
          .clk_i        (clk_i),
          .rst_i        (rst_i),
          .push_i       (push[2*b+:2]),
          .code_i       (code[8*b+:8]),
          .addr_i       (addr[2*ADDR_W*b+:2*ADDR_W]),
          .act_i        (act),
          .room_o       (room[2*b+:2]),
          .cb_i         (codebook),
          .clear_i      (clear_i),
          .wb_read_i    (wb_read_i),
          .wb_addr_i    (wb_first[REG_W-1:BANK_W]),
          .wb_acc_o     (bank_acc[ACC_WIDTH*b+:ACC_WIDTH]),
          .flags_clear_i(flags_clear_i),
          .saturated_o  (bank_saturated[b]),
          .busy_o       (bank_busy[b])
      );
    end
  endgenerate

  assign wb_acc_o    = bank_acc[ACC_WIDTH*wb_first[BANK_W-1:0]+:GROUPS*ACC_WIDTH];
  assign saturated_o = bank_saturated != {BANKS{1'b0}};
  assign busy_o      = read_busy || decode_busy || dispatch_busy || bank_busy != {BANKS{1'b0}};

  always @(posedge clk_i) begin
    if (cb_we_i && !rst_i) begin
      cb_q[{cb_word_i, 2'd0}] <= cb_data_i[15:0];
      cb_q[{cb_word_i, 2'd1}] <= cb_data_i[31:16];
      cb_q[{cb_word_i, 2'd2}] <= cb_data_i[47:32];
      cb_q[{cb_word_i, 2'd3}] <= cb_data_i[63:48];
    end
  end
endmodule
