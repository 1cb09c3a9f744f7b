// SPDX-License-Identifier: Apache-2.0
// One processing element: pointer read, activation queue, sparse-matrix read and arithmetic of one
// or several lanes, activation read and write (EIE, Han 2016, figure 4). All PEs are the same
// module, numbered by id_i.
// Broadcast to accumulator: see docs/reference/eie-timing.md; port reads answer in the next cycle.
module eie_pe #(
    parameter N_PE = 64,                           // PEs in the array
    parameter ENTRY_DEPTH = 131072,                // entries, a power of two
    parameter PTR_DEPTH = 16384,                   // pointers, a power of two
    parameter ACT_REGS = 64,                       // source registers, a power of two
    parameter ACT_RAM_DEPTH = 1024,                // words of the activation RAM, a power of two
    parameter QUEUE_DEPTH = 8,                     // columns that can wait
    parameter ACC_WIDTH = 32,                      // accumulator bits
    parameter LANES = 1,                           // entries of a column a cycle
    parameter BANKS = 1,                           // banks of accumulators, 1 with one lane
    parameter BANK_DEPTH = 4,                      // entries that can wait in a bank
    parameter GROUPS = 1,                          // groups of PEs, each with columns of its own
    parameter PE_W = N_PE > 1 ? $clog2(N_PE) : 1,  // derived, do not override
    parameter REG_W = $clog2(ACT_REGS),            // derived, do not override
    parameter COL_W = REG_W + $clog2(N_PE / GROUPS),  // derived, do not override
    parameter BANK_W = $clog2(PTR_DEPTH / 2)       // derived, do not override
) (
    input  wire                        clk_i,
    input  wire                        rst_i,
    input  wire [            PE_W-1:0] id_i,
    // broadcast
    input  wire                        advance_i,
    input  wire                        b_valid_i,
    input  wire [                15:0] b_act_i,
    input  wire [          BANK_W-1:0] b_even_i,
    input  wire [          BANK_W-1:0] b_odd_i,
    input  wire                        b_odd_first_i,
    output wire                        full_o,
    // leaf of the leading-non-zero tree
    output wire                        leaf_valid_o,
    output wire                        leaf_done_o,
    output wire [           COL_W-1:0] leaf_col_o,
    output wire [                15:0] leaf_act_o,
    input  wire                        leaf_pop_i,
    // accumulators that are written back: own ones, and those of the team for the own row
    output wire [GROUPS*ACC_WIDTH-1:0] acc_o,
    input  wire [GROUPS*ACC_WIDTH-1:0] team_acc_i,
    // phases of a pass, see eie_ccu
    input  wire                        role_i,
    input  wire                        flags_clear_i,
    input  wire                        clear_i,
    input  wire                        cb_we_i,
    input  wire [                 1:0] cb_word_i,
    input  wire [                63:0] cb_data_i,
    input  wire                        ld_read_i,
    input  wire [                15:0] ld_addr_i,
    input  wire                        ld_we_i,
    input  wire [           REG_W-1:0] ld_row_i,
    input  wire                        launch_i,
    input  wire                        wb_read_i,
    input  wire [           REG_W-1:0] wb_row_i,
    input  wire [                 7:0] in_first_i,
    input  wire [                15:0] in_count_i,
    input  wire [                15:0] entry_base_i,
    input  wire [                15:0] dst_addr_i,
    input  wire [                 5:0] shift_i,
    input  wire                        relu_i,
    input  wire                        store_dst_i,
    output wire                        busy_o,
    output wire [                 3:0] flags_o,  // entry memory, pointer order, row, saturated
    // load and read-back
    input  wire                        io_en_i,
    input  wire                        io_write_i,
    input  wire [                31:0] io_addr_i,
    input  wire [                63:0] io_wdata_i,
    output wire [                63:0] io_rdata_o
);
  localparam ROW_W = $clog2(ENTRY_DEPTH / 8);
  localparam SUM_W = ACC_WIDTH + $clog2(GROUPS);
  localparam RAM_W = $clog2(ACT_RAM_DEPTH);
  localparam IO_ROW_W = RAM_W > REG_W ? RAM_W : REG_W;
  localparam PE_BITS = $clog2(N_PE);
  localparam LANE_BITS = PE_BITS < 2 ? PE_BITS : 2;  // of activations in a port word
  localparam WORD_BITS = PE_BITS - LANE_BITS;
  localparam [2:0] SEL_NONE = 3'd0;
  localparam [2:0] SEL_ENTRY = 3'd1;
  localparam [2:0] SEL_POINTER = 3'd2;
  localparam [2:0] SEL_RAM = 3'd3;
  localparam [2:0] SEL_SRC = 3'd4;
  localparam [2:0] SEL_DST = 3'd5;

  reg [2:0] io_sel_q;

  // Does a request concern this PE: by PE number, or by the word that has its activation.
  wire [27:0] word = io_addr_i[27:0];
  wire [27:0] io_row = word >> WORD_BITS;
  wire by_number;
  wire by_word;
  wire [1:0] lane;
  generate
    if (PE_BITS == 0) begin : g_any_number
      assign by_number = 1'b1;
    end else begin : g_number
      assign by_number = io_addr_i[20+:PE_BITS] == id_i;
    end
    if (WORD_BITS == 0) begin : g_any_word
      assign by_word = 1'b1;
    end else begin : g_word
      assign by_word = word[WORD_BITS-1:0] == id_i[PE_BITS-1:LANE_BITS];
    end
    if (LANE_BITS == 0) begin : g_lane_0
      assign lane = 2'd0;
    end else begin : g_lane
      assign lane = {{(2 - LANE_BITS) {1'b0}}, id_i[LANE_BITS-1:0]};
    end
  endgenerate
  wire [3:0] space = io_addr_i[31:28];
  wire io_entry = io_en_i && space == 4'd0 && by_number;
  wire io_pointer = io_en_i && space == 4'd1 && by_number;
  wire io_ram = io_en_i && space == 4'd2 && by_word;
  wire io_src = io_en_i && space == 4'd3 && by_word;
  wire io_dst = io_en_i && space == 4'd4 && by_word;

  wire push;
  wire [15:0] push_act;
  wire [15:0] push_start;
  wire [15:0] push_end;
  wire [31:0] pointer_rdata;
  wire pointer_error;
  wire pointer_busy;

  eie_ptr_read #(
      .PTR_DEPTH(PTR_DEPTH)
  ) u_ptr_read (
      .clk_i        (clk_i),
      .rst_i        (rst_i),
      .advance_i    (advance_i),
      .b_valid_i    (b_valid_i),
      .b_act_i      (b_act_i),
      .b_even_i     (b_even_i),
      .b_odd_i      (b_odd_i),
      .b_odd_first_i(b_odd_first_i),
      .push_o       (push),
      .push_act_o   (push_act),
      .push_start_o (push_start),
      .push_end_o   (push_end),
      .io_en_i      (io_pointer),
      .io_write_i   (io_write_i),
      .io_addr_i    (word[BANK_W-1:0]),
      .io_wdata_i   (io_wdata_i[31:0]),
      .io_rdata_o   (pointer_rdata),
      .flags_clear_i(flags_clear_i),
      .error_o      (pointer_error),
      .busy_o       (pointer_busy)
  );

  wire head_pop;
  wire [15:0] head_act;
  wire [15:0] head_start;
  wire [15:0] head_end;
  wire head_empty;

  eie_act_queue #(
      .QUEUE_DEPTH(QUEUE_DEPTH)
  ) u_act_queue (
      .clk_i       (clk_i),
      .rst_i       (rst_i),
      .push_i      (push),
      .push_act_i  (push_act),
      .push_start_i(push_start),
      .push_end_i  (push_end),
      .pop_i       (head_pop),
      .head_act_o  (head_act),
      .head_start_o(head_start),
      .head_end_o  (head_end),
      .empty_o     (head_empty),
      .full_o      (full_o)
  );

  wire [63:0] entry_rdata;
  wire range_error;
  wire saturated;
  wire row_error;
  wire compute_busy;

  eie_compute #(
      .LANES      (LANES),
      .BANKS      (BANKS),
      .BANK_DEPTH (BANK_DEPTH),
      .ENTRY_DEPTH(ENTRY_DEPTH),
      .ACT_REGS   (ACT_REGS),
      .GROUPS     (GROUPS),
      .ACC_WIDTH  (ACC_WIDTH)
  ) u_compute (
      .clk_i        (clk_i),
      .rst_i        (rst_i),
      .entry_base_i (entry_base_i[ROW_W-1:0]),
      .head_empty_i (head_empty),
      .head_act_i   (head_act),
      .head_start_i (head_start),
      .head_end_i   (head_end),
      .pop_o        (head_pop),
      .cb_we_i      (cb_we_i),
      .cb_word_i    (cb_word_i),
      .cb_data_i    (cb_data_i),
      .clear_i      (clear_i),
      .wb_read_i    (wb_read_i),
      .wb_row_i     (wb_row_i),
      .wb_acc_o     (acc_o),
      .io_en_i      (io_entry),
      .io_write_i   (io_write_i),
      .io_addr_i    (word[ROW_W-1:0]),
      .io_wdata_i   (io_wdata_i),
      .io_rdata_o   (entry_rdata),
      .flags_clear_i(flags_clear_i),
      .saturated_o  (saturated),
      .row_error_o  (row_error),
      .range_error_o(range_error),
      .busy_o       (compute_busy)
  );

  wire sum_valid;
  wire [REG_W-1:0] sum_row;
  wire [SUM_W-1:0] sum;

  eie_reduce #(
      .GROUPS   (GROUPS),
      .ACC_WIDTH(ACC_WIDTH),
      .REG_W    (REG_W)
  ) u_reduce (
      .clk_i      (clk_i),
      .rst_i      (rst_i),
      .wb_read_i  (wb_read_i),
      .wb_row_i   (wb_row_i),
      .words_i    (GROUPS == 1 ? acc_o : team_acc_i),
      .sum_valid_o(sum_valid),
      .sum_row_o  (sum_row),
      .sum_o      (sum)
  );

  wire [15:0] ram_rdata;
  wire [15:0] reg_rdata;

  eie_act_rw #(
      .N_PE         (N_PE),
      .ACT_REGS     (ACT_REGS),
      .ACT_RAM_DEPTH(ACT_RAM_DEPTH),
      .ACC_WIDTH    (SUM_W),
      .GROUPS       (GROUPS)
  ) u_act_rw (
      .clk_i         (clk_i),
      .rst_i         (rst_i),
      .id_i          (id_i),
      .role_i        (role_i),
      .launch_i      (launch_i),
      .in_first_i    (in_first_i),
      .in_count_i    (in_count_i),
      .leaf_valid_o  (leaf_valid_o),
      .leaf_done_o   (leaf_done_o),
      .leaf_col_o    (leaf_col_o),
      .leaf_act_o    (leaf_act_o),
      .leaf_pop_i    (leaf_pop_i),
      .ld_read_i     (ld_read_i),
      .ld_addr_i     (ld_addr_i[RAM_W-1:0]),
      .ld_we_i       (ld_we_i),
      .ld_row_i      (ld_row_i),
      .wb_read_i     (sum_valid),
      .wb_row_i      (sum_row),
      .wb_acc_i      (sum),
      .shift_i       (shift_i),
      .relu_i        (relu_i),
      .store_dst_i   (store_dst_i),
      .dst_addr_i    (dst_addr_i[RAM_W-1:0]),
      .io_ram_en_i   (io_ram),
      .io_src_en_i   (io_src),
      .io_dst_en_i   (io_dst),
      .io_write_i    (io_write_i),
      .io_addr_i     (io_row[IO_ROW_W-1:0]),
      .io_wdata_i    (io_wdata_i[16*lane+:16]),
      .io_ram_rdata_o(ram_rdata),
      .io_reg_rdata_o(reg_rdata)
  );

  assign busy_o  = pointer_busy || !head_empty || compute_busy;
  assign flags_o = {range_error, pointer_error, row_error, saturated};

  // Read-back: the unit's answer in its place of the word, else zeros, so that PEs can be ORed.
  wire sel_regs = io_sel_q == SEL_SRC || io_sel_q == SEL_DST;
  wire [15:0] act = ({16{io_sel_q == SEL_RAM}} & ram_rdata) | ({16{sel_regs}} & reg_rdata);
  assign io_rdata_o = ({64{io_sel_q == SEL_ENTRY}} & entry_rdata) |
                      {32'd0, {32{io_sel_q == SEL_POINTER}} & pointer_rdata} |
                      {48'd0, act} << {lane, 4'd0};

  always @(posedge clk_i) begin
    if (rst_i || io_write_i) io_sel_q <= SEL_NONE;
    else if (io_entry) io_sel_q <= SEL_ENTRY;
    else if (io_pointer) io_sel_q <= SEL_POINTER;
    else if (io_ram) io_sel_q <= SEL_RAM;
    else if (io_src) io_sel_q <= SEL_SRC;
    else if (io_dst) io_sel_q <= SEL_DST;
    else io_sel_q <= SEL_NONE;
  end

  wire unused = &{1'b0, io_addr_i, io_row, entry_base_i, dst_addr_i, ld_addr_i, word};
endmodule
