// SPDX-License-Identifier: Apache-2.0
// The sparse engine: an array of processing elements that runs deep-compressed fully connected
// layers without decompressing them (EIE, Han 2016). Formats and timing:
// docs/reference/eie-format.md, docs/reference/eie-timing.md.
// Handshake: while idle (busy_o low), load memories and read them back through the io port, one
// 64-bit word a cycle, reads answer three cycles later; start_i then runs a list of pass
// descriptors; done_o is high in its last busy cycle.
module eie #(
    parameter N_PE = 64,             // processing elements, a power of two from 1 to 256
    parameter ENTRY_DEPTH = 131072,  // entries of a PE, a power of two from 32 to 524288
    parameter PTR_DEPTH = 16384,     // pointers of a PE, a power of two from 4 to 65536
    parameter ACT_REGS = 64,         // source registers of a PE, as many destination ones; 4 to 64
    parameter ACT_RAM_DEPTH = 1024,  // activation RAM words of a PE, a power of two from 4 to 65536
    parameter QUEUE_DEPTH = 8,       // activation queue of a PE, 1 to 256
    parameter ACC_WIDTH = 32,        // accumulator bits, 20 to 48
    parameter CODEBOOKS = 16,        // codebook RAM, a power of two from 2 to 256
    parameter LIST_DEPTH = 256,      // list RAM in descriptors, a power of two from 2 to 32768
    parameter LANES = 1,             // entries of a column that a PE takes a cycle: 1, 4, 8 or 16
    parameter BANKS = 1,             // banks of a PE's accumulators: twice LANES, 1 with one lane
    parameter BANK_DEPTH = 4,        // entries that can wait in a bank, 2, 4 or 8
    parameter GROUPS = 1,            // broadcasts a cycle, 1, 2, 4 or 8, at most BANKS; 1 with one lane
    parameter LIST_W = $clog2(LIST_DEPTH)  // derived, do not override
) (
    input  wire              clk_i,         // everything happens at its rising edge
    input  wire              rst_i,         // synchronous; memories keep what they hold
    // command
    input  wire              start_i,       // run the list; seen only while idle
    input  wire              abort_i,       // end the list that runs
    input  wire [LIST_W-1:0] list_first_i,  // first descriptor
    input  wire [  LIST_W:0] list_count_i,  // number of descriptors
    output wire              busy_o,        // a list runs
    output wire              done_o,        // last busy cycle
    output wire [       6:0] flags_o,       // sticky: aborted, start lost, refused, then of PEs:
                                            // entry memory, pointer order, row, saturated
    // load and read-back
    input  wire              io_valid_i,    // a request
    input  wire              io_write_i,    // write, else read
    input  wire [      31:0] io_addr_i,     // space 31:28, PE 27:20, address; see eie_port
    input  wire [      63:0] io_wdata_i,    // what is written
    output wire              io_ready_o,    // idle: the request is taken
    output wire              io_rvalid_o,   // answer to the read of three cycles before
    output wire [      63:0] io_rdata_o     // what was read
);
  localparam PE_W = N_PE > 1 ? $clog2(N_PE) : 1;
  localparam REG_W = $clog2(ACT_REGS);
  localparam MEMBERS = GROUPS < N_PE ? N_PE / GROUPS : 1;  // PEs of a group
  localparam COL_W = REG_W + $clog2(MEMBERS);
  localparam BANK_W = $clog2(PTR_DEPTH / 2);

  wire pe_io_en;
  wire pe_io_write;
  wire [31:0] pe_io_addr;
  wire [63:0] pe_io_wdata;
  wire [63:0] pe_io_rdata;
  wire [GROUPS-1:0] root_valid;
  wire [GROUPS-1:0] root_done;
  wire [GROUPS*COL_W-1:0] root_col;
  wire [GROUPS*16-1:0] root_act;
  wire [GROUPS-1:0] root_pop;
  wire [GROUPS-1:0] hold;
  wire [GROUPS-1:0] advance;
  wire [GROUPS-1:0] b_valid;
  wire [GROUPS*16-1:0] b_act;
  wire [GROUPS*BANK_W-1:0] b_even;
  wire [GROUPS*BANK_W-1:0] b_odd;
  wire [GROUPS-1:0] b_odd_first;
  wire pe_busy;
  wire role;
  wire flags_clear;
  wire clear;
  wire cb_we;
  wire [1:0] cb_word;
  wire [63:0] cb_data;
  wire ld_read;
  wire [15:0] ld_addr;
  wire ld_we;
  wire [REG_W-1:0] ld_row;
  wire launch;
  wire wb_read;
  wire [REG_W-1:0] wb_row;
  wire [7:0] in_first;
  wire [15:0] in_count;
  wire [15:0] entry_base;
  wire [15:0] dst_addr;
  wire [5:0] shift;
  wire relu, store_dst, flush;
  wire [3:0] pe_flags;
  wire [N_PE-1:0] pe_error;

  eie_ccu #(
      .N_PE         (N_PE),
      .GROUPS       (GROUPS),
      .ENTRY_DEPTH  (ENTRY_DEPTH),
      .PTR_DEPTH    (PTR_DEPTH),
      .ACT_REGS     (ACT_REGS),
      .ACT_RAM_DEPTH(ACT_RAM_DEPTH),
      .QUEUE_DEPTH  (QUEUE_DEPTH),
      .ACC_WIDTH    (ACC_WIDTH),
      .CODEBOOKS    (CODEBOOKS),
      .LIST_DEPTH   (LIST_DEPTH)
  ) u_ccu (
      .clk_i        (clk_i),
      .rst_i        (rst_i),
      .start_i      (start_i),
      .abort_i      (abort_i),
      .list_first_i (list_first_i),
      .list_count_i (list_count_i),
      .busy_o       (busy_o),
      .done_o       (done_o),
      .io_valid_i   (io_valid_i),
      .io_write_i   (io_write_i),
      .io_addr_i    (io_addr_i),
      .io_wdata_i   (io_wdata_i),
      .io_ready_o   (io_ready_o),
      .io_rvalid_o  (io_rvalid_o),
      .io_rdata_o   (io_rdata_o),
      .io_en_o      (pe_io_en),
      .io_write_o   (pe_io_write),
      .io_addr_o    (pe_io_addr),
      .io_wdata_o   (pe_io_wdata),
      .io_rdata_i   (pe_io_rdata),
      .root_valid_i (root_valid),
      .root_done_i  (root_done),
      .root_col_i   (root_col),
      .root_act_i   (root_act),
      .root_pop_o   (root_pop),
      .hold_i       (hold),
      .advance_o    (advance),
      .b_valid_o    (b_valid),
      .b_act_o      (b_act),
      .b_even_o     (b_even),
      .b_odd_o      (b_odd),
      .b_odd_first_o(b_odd_first),
      .pe_busy_i    (pe_busy),
      .role_o       (role),
      .flags_clear_o(flags_clear),
      .clear_o      (clear),
      .cb_we_o      (cb_we),
      .cb_word_o    (cb_word),
      .cb_data_o    (cb_data),
      .ld_read_o    (ld_read),
      .ld_addr_o    (ld_addr),
      .ld_we_o      (ld_we),
      .ld_row_o     (ld_row),
      .launch_o     (launch),
      .wb_read_o    (wb_read),
      .wb_row_o     (wb_row),
      .in_first_o   (in_first),
      .in_count_o   (in_count),
      .entry_base_o (entry_base),
      .dst_addr_o   (dst_addr),
      .shift_o      (shift),
      .relu_o       (relu),
      .store_dst_o  (store_dst),
      .flags_i      (pe_flags),
      .pe_error_i   (pe_error),
      .flush_o      (flush),
      .flags_o      (flags_o)
  );

  wire [N_PE-1:0] leaf_valid;
  wire [N_PE-1:0] leaf_done;
  wire [N_PE*COL_W-1:0] leaf_col;
  wire [N_PE*16-1:0] leaf_act;
  wire [N_PE-1:0] leaf_pop;

  wire [N_PE-1:0] full;

  // The PEs of a group stand next to one another in these vectors.
  genvar g;
  generate
    for (g = 0; g < GROUPS; g = g + 1) begin : g_group
      eie_lnzd #(
          .N_PE (MEMBERS),
          .REG_W(REG_W)
      ) u_lnzd (
          .clk_i       (clk_i),
          .rst_i       (rst_i || flush),
          .leaf_valid_i(leaf_valid[MEMBERS*g+:MEMBERS]),
          .leaf_done_i (leaf_done[MEMBERS*g+:MEMBERS]),
          .leaf_col_i  (leaf_col[COL_W*MEMBERS*g+:COL_W*MEMBERS]),
          .leaf_act_i  (leaf_act[16*MEMBERS*g+:16*MEMBERS]),
          .leaf_pop_o  (leaf_pop[MEMBERS*g+:MEMBERS]),
          .root_valid_o(root_valid[g]),
          .root_done_o (root_done[g]),
          .root_col_o  (root_col[COL_W*g+:COL_W]),
          .root_act_o  (root_act[16*g+:16]),
          .root_pop_i  (root_pop[g])
      );
      assign hold[g] = |full[MEMBERS*g+:MEMBERS];
    end
  endgenerate

  wire [N_PE-1:0] busy;
  wire [N_PE*4-1:0] flags;
  wire [N_PE*GROUPS*ACC_WIDTH-1:0] acc;

  assign pe_busy = |busy;

  or_reduce #(
      .WIDTH(4),
      .COUNT(N_PE)
  ) u_flags (
      .words_i(flags),
      .word_o (pe_flags)
  );

  genvar k, t;
  generate
    for (k = 0; k < N_PE; k = k + 1) begin : g_pe
      localparam [PE_W-1:0] ID = k;
      // The PE's group, its place in the vectors, and its team: a PE of each group, of equal rows.
      localparam GROUP = k % GROUPS;
      localparam AT = GROUP * MEMBERS + k / GROUPS;
      localparam TEAM = k - GROUP;
      wire [GROUPS*ACC_WIDTH-1:0] team_acc;
      // What this PE and those below it read. A vector of all is slow to simulate.
      wire [63:0] own_rdata;
      wire [63:0] rdata;
      if (k == 0) begin : g_rdata_of_first
        assign rdata = own_rdata;
      end else begin : g_rdata
        assign rdata = g_pe[k-1].rdata | own_rdata;
      end
      if (k == N_PE - 1) assign pe_io_rdata = rdata;
      for (t = 0; t < GROUPS; t = t + 1) begin : g_team
        assign team_acc[ACC_WIDTH*t+:ACC_WIDTH] =
            acc[ACC_WIDTH*((TEAM+t)*GROUPS+GROUP)+:ACC_WIDTH];
      end
      eie_pe #(
          .N_PE         (N_PE),
          .ENTRY_DEPTH  (ENTRY_DEPTH),
          .PTR_DEPTH    (PTR_DEPTH),
          .ACT_REGS     (ACT_REGS),
          .ACT_RAM_DEPTH(ACT_RAM_DEPTH),
          .QUEUE_DEPTH  (QUEUE_DEPTH),
          .ACC_WIDTH    (ACC_WIDTH),
          .LANES        (LANES),
          .BANKS        (BANKS),
          .BANK_DEPTH   (BANK_DEPTH),
          .GROUPS       (GROUPS)
      ) u_pe (
          .clk_i        (clk_i),
          .rst_i        (rst_i || flush),
          .id_i         (ID),
          .advance_i    (advance[GROUP]),
          .b_valid_i    (b_valid[GROUP]),
          .b_act_i      (b_act[16*GROUP+:16]),
          .b_even_i     (b_even[BANK_W*GROUP+:BANK_W]),
          .b_odd_i      (b_odd[BANK_W*GROUP+:BANK_W]),
          .b_odd_first_i(b_odd_first[GROUP]),
          .full_o       (full[AT]),
          .leaf_valid_o (leaf_valid[AT]),
          .leaf_done_o  (leaf_done[AT]),
          .leaf_col_o   (leaf_col[COL_W*AT+:COL_W]),
          .leaf_act_o   (leaf_act[16*AT+:16]),
          .leaf_pop_i   (leaf_pop[AT]),
          .acc_o        (acc[ACC_WIDTH*GROUPS*k+:ACC_WIDTH*GROUPS]),
          .team_acc_i   (team_acc),
          .role_i       (role),
          .flags_clear_i(flags_clear),
          .clear_i      (clear),
          .cb_we_i      (cb_we),
          .cb_word_i    (cb_word),
          .cb_data_i    (cb_data),
          .ld_read_i    (ld_read),
          .ld_addr_i    (ld_addr),
          .ld_we_i      (ld_we),
          .ld_row_i     (ld_row),
          .launch_i     (launch),
          .wb_read_i    (wb_read),
          .wb_row_i     (wb_row),
          .in_first_i   (in_first),
          .in_count_i   (in_count),
          .entry_base_i (entry_base),
          .dst_addr_i   (dst_addr),
          .shift_i      (shift),
          .relu_i       (relu),
          .store_dst_i  (store_dst),
          .busy_o       (busy[k]),
          .flags_o      (flags[4*k+:4]),
          .io_en_i      (pe_io_en),
          .io_write_i   (pe_io_write),
          .io_addr_i    (pe_io_addr),
          .io_wdata_i   (pe_io_wdata),
          .io_rdata_o   (own_rdata)
      );
      assign pe_error[k] = flags[4*k+1+:3] != 3'd0;
    end
    if (QUEUE_DEPTH < 1 || QUEUE_DEPTH > 256) begin : g_check_queue_depth
      parameter_error_QUEUE_DEPTH_must_be_from_1_to_256 u_error ();
    end
    if (N_PE < 1 || N_PE > 256 || (N_PE & (N_PE - 1)) != 0) begin : g_check_n_pe
      parameter_error_N_PE_must_be_a_power_of_two_from_1_to_256 u_error ();
    end
    if (GROUPS > N_PE) begin : g_check_groups
      parameter_error_GROUPS_must_be_at_most_N_PE u_error ();
    end
  endgenerate
endmodule
