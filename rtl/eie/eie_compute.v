// SPDX-License-Identifier: Apache-2.0
// What a PE does with its queue: reads the entries of the columns that wait and adds their products
// to the accumulators. With one lane by eie_spmat_read and eie_arith, with more by eie_lanes.
// Latency: see there. The accumulators are read in the cycle of wb_read_i.
module eie_compute #(
    parameter LANES = 1,                        // entries of a column a cycle: 1, 4, 8 or 16
    parameter BANKS = 1,                        // banks of accumulators, 1 with one lane
    parameter BANK_DEPTH = 4,                   // entries that can wait in a bank
    parameter ENTRY_DEPTH = 131072,             // entries, a power of two
    parameter ACT_REGS = 64,                    // rows that are written back, a power of two
    parameter GROUPS = 1,                       // accumulators of each, 1, 2, 4 or 8
    parameter ACC_WIDTH = 32,                   // accumulator bits
    parameter REG_W = $clog2(ACT_REGS),         // derived, do not override
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
    input  wire [           REG_W-1:0] wb_row_i,
    output wire [GROUPS*ACC_WIDTH-1:0] wb_acc_o,
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
  // Whether several lanes can be elaborated.
  localparam BANKS_SOUND = BANKS >= 2 && BANKS <= ACT_REGS / 2 && (BANKS & (BANKS - 1)) == 0;
  localparam MEMORY_SOUND = ENTRY_DEPTH >= 32 && ENTRY_DEPTH <= 524288 &&
      (ENTRY_DEPTH & (ENTRY_DEPTH - 1)) == 0;
  localparam SOUND = (LANES == 4 || LANES == 8 || LANES == 16) && ENTRY_DEPTH >= 4 * LANES &&
      BANKS_SOUND && MEMORY_SOUND && (BANK_DEPTH == 2 || BANK_DEPTH == 4 || BANK_DEPTH == 8) &&
      ACT_REGS <= 64 && (ACT_REGS & (ACT_REGS - 1)) == 0 && GROUPS >= 1 && GROUPS <= 8 &&
      GROUPS <= BANKS && (GROUPS & (GROUPS - 1)) == 0;

  generate
    if (LANES == 1 && GROUPS == 1) begin : g_one
      wire e_valid;
      wire e_first;
      wire [3:0] e_code;
      wire [3:0] e_skip;
      wire [15:0] e_act;
      wire spmat_busy;
      wire arith_busy;

      eie_spmat_read #(
          .ENTRY_DEPTH(ENTRY_DEPTH)
      ) u_spmat_read (
          .clk_i       (clk_i),
          .rst_i       (rst_i),
          .entry_base_i(entry_base_i),
          .head_empty_i(head_empty_i),
          .head_act_i  (head_act_i),
          .head_start_i(head_start_i),
          .head_end_i  (head_end_i),
          .pop_o       (pop_o),
          .e_valid_o   (e_valid),
          .e_first_o   (e_first),
          .e_code_o    (e_code),
          .e_skip_o    (e_skip),
          .e_act_o     (e_act),
          .io_en_i     (io_en_i),
          .io_write_i  (io_write_i),
          .io_addr_i   (io_addr_i),
          .io_wdata_i  (io_wdata_i),
          .io_rdata_o  (io_rdata_o),
          .flags_clear_i(flags_clear_i),
          .range_error_o(range_error_o),
          .busy_o      (spmat_busy)
      );

      eie_arith #(
          .ACT_REGS (ACT_REGS),
          .ACC_WIDTH(ACC_WIDTH)
      ) u_arith (
          .clk_i        (clk_i),
          .rst_i        (rst_i),
          .e_valid_i    (e_valid),
          .e_first_i    (e_first),
          .e_code_i     (e_code),
          .e_skip_i     (e_skip),
          .e_act_i      (e_act),
          .cb_we_i      (cb_we_i),
          .cb_word_i    (cb_word_i),
          .cb_data_i    (cb_data_i),
          .clear_i      (clear_i),
          .wb_read_i    (wb_read_i),
          .wb_row_i     (wb_row_i),
          .wb_acc_o     (wb_acc_o),
          .flags_clear_i(flags_clear_i),
          .saturated_o  (saturated_o),
          .row_error_o  (row_error_o),
          .busy_o       (arith_busy)
      );

      assign busy_o = spmat_busy || arith_busy;
    end
    // Not as an else of the above, for one name of the block in all tools.
    if (SOUND) begin : g_lanes
      eie_lanes #(
          .LANES      (LANES),
          .BANKS      (BANKS),
          .BANK_DEPTH (BANK_DEPTH),
          .ROWS       (ACT_REGS * GROUPS),
          .GROUPS     (GROUPS),
          .ENTRY_DEPTH(ENTRY_DEPTH),
          .ACC_WIDTH  (ACC_WIDTH)
      ) u_lanes (
          .clk_i        (clk_i),
          .rst_i        (rst_i),
          .entry_base_i (entry_base_i),
          .head_empty_i (head_empty_i),
          .head_act_i   (head_act_i),
          .head_start_i (head_start_i),
          .head_end_i   (head_end_i),
          .pop_o        (pop_o),
          .cb_we_i      (cb_we_i),
          .cb_word_i    (cb_word_i),
          .cb_data_i    (cb_data_i),
          .clear_i      (clear_i),
          .wb_read_i    (wb_read_i),
          .wb_row_i     (wb_row_i),
          .wb_acc_o     (wb_acc_o),
          .io_en_i      (io_en_i),
          .io_write_i   (io_write_i),
          .io_addr_i    (io_addr_i),
          .io_wdata_i   (io_wdata_i),
          .io_rdata_o   (io_rdata_o),
          .flags_clear_i(flags_clear_i),
          .saturated_o  (saturated_o),
          .row_error_o  (row_error_o),
          .range_error_o(range_error_o),
          .busy_o       (busy_o)
      );
    end

    if (LANES != 1 && LANES != 4 && LANES != 8 && LANES != 16) begin : g_check_lanes
      parameter_error_LANES_must_be_1_4_8_or_16 u_error ();
    end
    if (LANES != 1 && !BANKS_SOUND) begin : g_check_banks
      parameter_error_BANKS_must_be_a_power_of_two_from_2_to_half_of_ACT_REGS u_error ();
    end
    if (LANES != 1 && GROUPS > BANKS) begin : g_check_groups
      parameter_error_GROUPS_must_be_at_most_BANKS u_error ();
    end
    if (LANES == 1 && GROUPS != 1) begin : g_check_one_group
      parameter_error_GROUPS_must_be_1_with_one_lane u_error ();
    end
    if (LANES == 1 && BANKS != 1) begin : g_check_one_bank
      parameter_error_BANKS_must_be_1_with_one_lane u_error ();
    end
    if (BANK_DEPTH != 2 && BANK_DEPTH != 4 && BANK_DEPTH != 8) begin : g_check_bank_depth
      parameter_error_BANK_DEPTH_must_be_a_power_of_two_from_2_to_8 u_error ();
    end
    if (LANES != 1 && ENTRY_DEPTH < 4 * LANES) begin : g_check_entry_depth
      parameter_error_ENTRY_DEPTH_must_be_at_least_4_LANES u_error ();
    end
    if (LANES != 1 && !MEMORY_SOUND) begin : g_check_memory
      parameter_error_ENTRY_DEPTH_must_be_a_power_of_two_from_32_to_524288 u_error ();
    end
    if (LANES != 1 && (ACC_WIDTH < 20 || ACC_WIDTH > 48)) begin : g_check_acc_width
      parameter_error_ACC_WIDTH_must_be_from_20_to_48 u_error ();
    end
  endgenerate
endmodule
