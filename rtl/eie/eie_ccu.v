// SPDX-License-Identifier: Apache-2.0
// Central control: runs a list of pass descriptors; for each it fetches and checks the descriptor,
// sets the PEs up, lets activations be broadcast until the PEs have drained, and writes back (EIE,
// Han 2016, section IV). Descriptor, broadcast, load port and errors are units of their own.
// Handshake: start_i in an idle cycle runs list_count_i descriptors from list_first_i; done_o is
// one cycle long, the last busy one. abort_i ends the list two cycles later.
module eie_ccu #(
    parameter N_PE = 64,                      // PEs in the array, a power of two
    parameter GROUPS = 1,                     // groups of PEs, each with a broadcast of its own
    parameter ENTRY_DEPTH = 131072,           // entries of a PE, a power of two
    parameter PTR_DEPTH = 16384,              // pointers of a PE, a power of two
    parameter ACT_REGS = 64,                  // source registers of a PE, a power of two
    parameter ACT_RAM_DEPTH = 1024,           // activation RAM words of a PE, a power of two
    parameter QUEUE_DEPTH = 8,                // reported in the status space
    parameter ACC_WIDTH = 32,                 // reported in the status space
    parameter CODEBOOKS = 16,                 // codebooks stored, a power of two
    parameter LIST_DEPTH = 256,               // descriptors stored, a power of two
    parameter REG_W = $clog2(ACT_REGS),       // derived, do not override
    parameter COL_W = REG_W + $clog2(N_PE / GROUPS),  // derived, do not override
    parameter BANK_W = $clog2(PTR_DEPTH / 2),  // derived, do not override
    parameter LIST_W = $clog2(LIST_DEPTH),    // derived, do not override
    parameter CNT_W = REG_W + 2               // derived, do not override
) (
    input  wire                     clk_i,
    input  wire                     rst_i,
    // command
    input  wire                     start_i,
    input  wire                     abort_i,
    input  wire [       LIST_W-1:0] list_first_i,
    input  wire [         LIST_W:0] list_count_i,
    output wire                     busy_o,
    output wire                     done_o,
    // load and read-back port
    input  wire                     io_valid_i,
    input  wire                     io_write_i,
    input  wire [             31:0] io_addr_i,
    input  wire [             63:0] io_wdata_i,
    output wire                     io_ready_o,
    output wire                     io_rvalid_o,
    output wire [             63:0] io_rdata_o,
    // the same, to the PEs; their answer a cycle later
    output wire                     io_en_o,
    output wire                     io_write_o,
    output wire [             31:0] io_addr_o,
    output wire [             63:0] io_wdata_o,
    input  wire [             63:0] io_rdata_i,
    // roots of the leading-non-zero trees, one of each group
    input  wire [       GROUPS-1:0] root_valid_i,
    input  wire [       GROUPS-1:0] root_done_i,
    input  wire [ GROUPS*COL_W-1:0] root_col_i,
    input  wire [    GROUPS*16-1:0] root_act_i,
    output wire [       GROUPS-1:0] root_pop_o,
    // broadcasts: even and odd bank address of the column's pointers, and the activation
    input  wire [       GROUPS-1:0] hold_i,      // some queue of the group is full
    output wire [       GROUPS-1:0] advance_o,
    output wire [       GROUPS-1:0] b_valid_o,
    output wire [    GROUPS*16-1:0] b_act_o,
    output wire [GROUPS*BANK_W-1:0] b_even_o,
    output wire [GROUPS*BANK_W-1:0] b_odd_o,
    output wire [       GROUPS-1:0] b_odd_first_o,
    // phases of a pass
    input  wire                     pe_busy_i,   // some PE is not drained
    output wire                     role_o,      // which activation bank is the source
    output wire                     flags_clear_o,
    output wire                     clear_o,
    output wire                     cb_we_o,
    output wire [              1:0] cb_word_o,
    output wire [             63:0] cb_data_o,
    output wire                     ld_read_o,
    output wire [             15:0] ld_addr_o,
    output wire                     ld_we_o,
    output wire [        REG_W-1:0] ld_row_o,
    output wire                     launch_o,
    output wire                     wb_read_o,
    output wire [        REG_W-1:0] wb_row_o,
    // fields of the descriptor
    output wire [              7:0] in_first_o,
    output wire [             15:0] in_count_o,
    output wire [             15:0] entry_base_o,
    output wire [             15:0] dst_addr_o,
    output wire [              5:0] shift_o,
    output wire                     relu_o,
    output wire                     store_dst_o,
    // errors
    input  wire [              3:0] flags_i,     // OR of the PEs' sticky flags
    input  wire [         N_PE-1:0] pe_error_i,  // which PEs have one that is an error
    output wire                     flush_o,     // tree and PEs drop what is under way
    output wire [              6:0] flags_o
);
  localparam CB_W = $clog2(CODEBOOKS);

  wire [63:0] list_rdata, status;
  wire io_list, io_codebook, list_read, we0, we1;
  wire [LIST_W:0] list_addr;
  wire [3:0] pass_reason, error_reason;
  wire [CNT_W-1:0] in_rows, out_rows;
  wire [15:0] ptr_base, src_addr;
  wire [7:0] codebook;
  wire load_src, load_codebook, clear, write_back, swap;
  wire [1:0] bias, cb_step;
  wire [2:0] bias_columns;
  wire bias_read, bias_word, bias_pending;
  wire [GROUPS-1:0] taken;
  wire run, start_lost, cb_read, error_set;
  wire [LIST_W-1:0] desc;

  eie_sequencer #(
      .LIST_DEPTH(LIST_DEPTH),
      .REG_W     (REG_W),
      .LEVELS    ($clog2(GROUPS))
  ) u_sequencer (
      .clk_i          (clk_i),
      .rst_i          (rst_i),
      .start_i        (start_i),
      .abort_i        (abort_i),
      .list_first_i   (list_first_i),
      .list_count_i   (list_count_i),
      .busy_o         (busy_o),
      .done_o         (done_o),
      .start_lost_o   (start_lost),
      .list_read_o    (list_read),
      .list_addr_o    (list_addr),
      .we0_o          (we0),
      .we1_o          (we1),
      .pass_reason_i  (pass_reason),
      .in_rows_i      (in_rows),
      .out_rows_i     (out_rows),
      .src_addr_i     (src_addr),
      .load_src_i     (load_src),
      .load_codebook_i(load_codebook),
      .clear_i        (clear),
      .write_back_i   (write_back),
      .swap_i         (swap),
      .root_done_i    (root_done_i == {GROUPS{1'b1}} && !bias_pending),
      .b_valid_i      (b_valid_o != {GROUPS{1'b0}}),
      .pe_busy_i      (pe_busy_i),
      .pe_error_i     (flags_i[3:1] != 3'd0),
      .run_o          (run),
      .role_o         (role_o),
      .flags_clear_o  (flags_clear_o),
      .clear_o        (clear_o),
      .cb_read_o      (cb_read),
      .cb_step_o      (cb_step),
      .cb_we_o        (cb_we_o),
      .cb_word_o      (cb_word_o),
      .ld_read_o      (ld_read_o),
      .ld_addr_o      (ld_addr_o),
      .ld_we_o        (ld_we_o),
      .ld_row_o       (ld_row_o),
      .launch_o       (launch_o),
      .wb_read_o      (wb_read_o),
      .wb_row_o       (wb_row_o),
      .flush_o        (flush_o),
      .error_set_o    (error_set),
      .error_reason_o (error_reason),
      .desc_o         (desc)
  );

  eie_pass #(
      .N_PE         (N_PE),
      .GROUPS       (GROUPS),
      .ENTRY_DEPTH  (ENTRY_DEPTH),
      .PTR_DEPTH    (PTR_DEPTH),
      .ACT_REGS     (ACT_REGS),
      .ACT_RAM_DEPTH(ACT_RAM_DEPTH),
      .CODEBOOKS    (CODEBOOKS)
  ) u_pass (
      .clk_i          (clk_i),
      .we0_i          (we0),
      .we1_i          (we1),
      .word_i         (list_rdata),
      .reason_o       (pass_reason),
      .in_rows_o      (in_rows),
      .out_rows_o     (out_rows),
      .ptr_base_o     (ptr_base),
      .entry_base_o   (entry_base_o),
      .in_count_o     (in_count_o),
      .src_addr_o     (src_addr),
      .dst_addr_o     (dst_addr_o),
      .in_first_o     (in_first_o),
      .codebook_o     (codebook),
      .shift_o        (shift_o),
      .bias_o         (bias),
      .bias_columns_o (bias_columns),
      .load_src_o     (load_src),
      .load_codebook_o(load_codebook),
      .clear_o        (clear),
      .write_back_o   (write_back),
      .store_dst_o    (store_dst_o),
      .relu_o         (relu_o),
      .swap_o         (swap)
  );

  eie_columns #(
      .GROUPS(GROUPS),
      .BANK_W(BANK_W),
      .COL_W (COL_W)
  ) u_columns (
      .clk_i         (clk_i),
      .rst_i         (rst_i || flush_o),
      .launch_i      (launch_o),
      .run_i         (run),
      .bias_i        (bias),
      .bias_columns_i(bias_columns),
      .ptr_base_i    (ptr_base[BANK_W:0]),
      .read_o        (bias_read),
      .word_o        (bias_word),
      .word_i        (cb_data_o),
      .pending_o     (bias_pending),
      .root_valid_i  (root_valid_i),
      .root_col_i    (root_col_i),
      .root_act_i    (root_act_i),
      .root_pop_o    (root_pop_o),
      .taken_o       (taken),
      .hold_i        (hold_i),
      .advance_o     (advance_o),
      .b_valid_o     (b_valid_o),
      .b_act_o       (b_act_o),
      .b_even_o      (b_even_o),
      .b_odd_o       (b_odd_o),
      .b_odd_first_o (b_odd_first_o)
  );

  eie_status #(
      .N_PE       (N_PE),
      .GROUPS     (GROUPS),
      .ACT_REGS   (ACT_REGS),
      .QUEUE_DEPTH(QUEUE_DEPTH),
      .ACC_WIDTH  (ACC_WIDTH),
      .LIST_W     (LIST_W)
  ) u_status (
      .clk_i         (clk_i),
      .rst_i         (rst_i),
      .clear_i       (flags_clear_o),
      .busy_i        (busy_o),
      .broadcast_i   (taken),
      .held_i        ({GROUPS{run}} & hold_i),
      .flags_i       (flags_i),
      .start_lost_i  (start_lost),
      .error_set_i   (error_set),
      .error_reason_i(error_reason),
      .error_desc_i  (desc),
      .pe_error_i    (pe_error_i),
      .flags_o       (flags_o),
      .number_i      (io_addr_o[2:0]),
      .word_o        (status)
  );

  eie_port u_port (
      .clk_i           (clk_i),
      .rst_i           (rst_i),
      .idle_i          (!busy_o),
      .io_valid_i      (io_valid_i),
      .io_write_i      (io_write_i),
      .io_addr_i       (io_addr_i),
      .io_wdata_i      (io_wdata_i),
      .io_ready_o      (io_ready_o),
      .io_rvalid_o     (io_rvalid_o),
      .io_rdata_o      (io_rdata_o),
      .io_en_o         (io_en_o),
      .io_write_o      (io_write_o),
      .io_addr_o       (io_addr_o),
      .io_wdata_o      (io_wdata_o),
      .io_list_o       (io_list),
      .io_codebook_o   (io_codebook),
      .status_i        (status),
      .list_rdata_i    (list_rdata),
      .codebook_rdata_i(cb_data_o),
      .io_rdata_i      (io_rdata_i)
  );

  // List and codebook RAM, in the latter's upper half the bias constants: the port uses them only in
  // IDLE and START, the list run only later.
  wire [1:0] cb_word = bias_read ? {1'b0, bias_word} : cb_step;
  ram_1rw #(
      .WIDTH(64),
      .DEPTH(2 * LIST_DEPTH)
  ) u_list_ram (
      .clk_i  (clk_i),
      .en_i   (io_list || list_read),
      .we_i   (io_list && io_write_o),
      .addr_i (io_list ? io_addr_o[LIST_W:0] : list_addr),
      .wdata_i(io_wdata_o),
      .rdata_o(list_rdata)
  );

  ram_1rw #(
      .WIDTH(64),
      .DEPTH(8 * CODEBOOKS)
  ) u_codebook_ram (
      .clk_i  (clk_i),
      .en_i   (io_codebook || cb_read || bias_read),
      .we_i   (io_codebook && io_write_o),
      .addr_i (io_codebook ? io_addr_o[CB_W+2:0] : {bias_read, codebook[CB_W-1:0], cb_word}),
      .wdata_i(io_wdata_o),
      .rdata_o(cb_data_o)
  );

  wire unused = &{1'b0, ptr_base, codebook};
endmodule
