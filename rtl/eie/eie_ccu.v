// SPDX-License-Identifier: Apache-2.0
// Central control: runs a list of pass descriptors, collects one non-zero activation a cycle from
// the tree's root and broadcasts it, waits for the PEs to drain, writes back; while idle, serves
// the load and read-back port (EIE, Han 2016, section IV: I/O mode and computing mode).
// Handshake: start_i in an idle cycle runs list_count_i descriptors from list_first_i; done_o is
// one cycle long, the last busy one. A port request is taken with io_valid_i && io_ready_o; a read
// answers three cycles later.
module eie_ccu #(
    parameter N_PE = 64,                      // PEs in the array, a power of two
    parameter PTR_DEPTH = 16384,              // pointers of a PE, a power of two
    parameter ACT_REGS = 64,                  // source registers of a PE, a power of two
    parameter QUEUE_DEPTH = 8,                // reported in the status space
    parameter ACC_WIDTH = 32,                 // reported in the status space
    parameter CODEBOOKS = 16,                 // codebooks stored, a power of two
    parameter LIST_DEPTH = 256,               // descriptors stored, a power of two
    parameter REG_W = $clog2(ACT_REGS),       // derived, do not override
    parameter COL_W = REG_W + $clog2(N_PE),   // derived, do not override
    parameter BANK_W = $clog2(PTR_DEPTH / 2),  // derived, do not override
    parameter LIST_W = $clog2(LIST_DEPTH),    // derived, do not override
    parameter CNT_W = REG_W + 2               // derived, do not override
) (
    input  wire              clk_i,
    input  wire              rst_i,
    // command
    input  wire              start_i,
    input  wire [LIST_W-1:0] list_first_i,
    input  wire [  LIST_W:0] list_count_i,
    output wire              busy_o,
    output wire              done_o,
    // load and read-back port
    input  wire              io_valid_i,
    input  wire              io_write_i,
    input  wire [      31:0] io_addr_i,
    input  wire [      63:0] io_wdata_i,
    output wire              io_ready_o,
    output wire              io_rvalid_o,
    output wire [      63:0] io_rdata_o,
    // the same, to the PEs; their answer a cycle later
    output wire              io_en_o,
    output wire              io_write_o,
    output wire [      31:0] io_addr_o,
    output wire [      63:0] io_wdata_o,
    input  wire [      63:0] io_rdata_i,
    // root of the leading-non-zero tree
    input  wire              root_valid_i,
    input  wire              root_done_i,
    input  wire [ COL_W-1:0] root_col_i,
    input  wire [      15:0] root_act_i,
    output wire              root_pop_o,
    // broadcast: even and odd bank address of the column's pointers, and the activation
    input  wire              hold_i,         // some queue is full
    output wire              advance_o,
    output wire              b_valid_o,
    output wire [      15:0] b_act_o,
    output wire [BANK_W-1:0] b_even_o,
    output wire [BANK_W-1:0] b_odd_o,
    output wire              b_odd_first_o,
    // phases of a pass
    input  wire              pe_busy_i,      // some PE is not drained
    output wire              role_o,         // which activation bank is the source
    output wire              flags_clear_o,
    output wire              clear_o,
    output wire              cb_we_o,
    output wire [       1:0] cb_word_o,
    output wire [      63:0] cb_data_o,
    output wire              ld_read_o,
    output wire [      15:0] ld_addr_o,
    output wire              ld_we_o,
    output wire [ REG_W-1:0] ld_row_o,
    output wire              launch_o,
    output wire              wb_read_o,
    output wire [ REG_W-1:0] wb_row_o,
    // fields of the descriptor
    output wire [       7:0] in_first_o,
    output wire [      15:0] in_count_o,
    output wire [      15:0] entry_base_o,
    output wire [      15:0] dst_addr_o,
    output wire [       5:0] shift_o,
    output wire              relu_o,
    output wire              store_dst_o,
    input  wire [       2:0] flags_i         // OR of the PEs' sticky flags
);
  localparam PE_BITS = $clog2(N_PE);
  localparam CB_W = $clog2(CODEBOOKS);
  localparam [3:0] IDLE = 4'd0;
  localparam [3:0] START = 4'd1;
  localparam [3:0] FETCH0 = 4'd2;
  localparam [3:0] FETCH1 = 4'd3;
  localparam [3:0] FETCH2 = 4'd4;
  localparam [3:0] SETUP = 4'd5;
  localparam [3:0] LAUNCH = 4'd6;
  localparam [3:0] RUN = 4'd7;
  localparam [3:0] WRITE_BACK = 4'd8;
  localparam [3:0] NEXT = 4'd9;
  localparam [3:0] DONE = 4'd10;
  localparam [3:0] SPACE_LIST = 4'd5;
  localparam [3:0] SPACE_CODEBOOK = 4'd6;
  localparam [3:0] SPACE_STATUS = 4'd7;

  reg [3:0] state_q;
  reg [LIST_W-1:0] desc_q;
  reg [LIST_W:0] left_q;
  reg [CNT_W-1:0] step_q;
  reg [63:0] d0_q;
  reg [63:0] d1_q;
  reg role_q;
  reg b_valid_q;
  reg [15:0] b_act_q;
  reg [BANK_W-1:0] b_even_q;
  reg [BANK_W-1:0] b_odd_q;
  reg b_odd_first_q;
  reg io1_valid_q;
  reg io1_write_q;
  reg [31:0] io1_addr_q;
  reg [63:0] io1_wdata_q;
  reg io2_read_q;
  reg [3:0] io2_space_q;
  reg [63:0] io2_status_q;
  reg io3_valid_q;
  reg [63:0] io3_data_q;
  reg [31:0] cycles_q;
  reg [31:0] broadcasts_q;
  wire [31:0] broadcasts_next;
  wire [31:0] held_next;
  reg [31:0] held_q;

  // Descriptor fields.
  wire [15:0] ptr_base = d0_q[15:0];
  wire [15:0] in_count = d0_q[47:32];
  wire [15:0] out_count = d0_q[63:48];
  wire [15:0] src_addr = d1_q[15:0];
  wire [7:0] codebook = d1_q[47:40];
  wire load_src = d1_q[56];
  wire load_codebook = d1_q[57];
  wire clear = d1_q[58];
  wire write_back = d1_q[59];
  wire swap = d1_q[62];

  // Vectors take one row for every N_PE elements, the last row may be part-filled.
  wire [16:0] in_up = {1'b0, in_count} + N_PE[16:0] - 17'd1;
  wire [16:0] out_up = {1'b0, out_count} + N_PE[16:0] - 17'd1;
  wire [16:0] in_rows_wide = in_up >> PE_BITS;
  wire [16:0] out_rows_wide = out_up >> PE_BITS;
  wire [CNT_W-1:0] in_rows = in_rows_wide[CNT_W-1:0];
  wire [CNT_W-1:0] out_rows = out_rows_wide[CNT_W-1:0];

  // Setup takes as long as its longer part.
  localparam [CNT_W-1:0] CB_STEPS = {{(CNT_W - 3) {1'b0}}, 3'd4};
  wire in_setup = state_q == SETUP;
  wire [CNT_W-1:0] cb_last = load_codebook ? CB_STEPS : {CNT_W{1'b0}};
  wire [CNT_W-1:0] ld_last = load_src ? in_rows : {CNT_W{1'b0}};
  wire [CNT_W-1:0] setup_last = cb_last > ld_last ? cb_last : ld_last;
  wire step_first = step_q == {CNT_W{1'b0}};
  wire [CNT_W-1:0] step_before = step_q - {{(CNT_W - 1) {1'b0}}, 1'b1};
  wire cb_read = in_setup && load_codebook && step_q < CB_STEPS;

  wire drained = root_done_i && !b_valid_q && !pe_busy_i;
  wire io_take = io_valid_i && io_ready_o;
  wire [3:0] io1_space = io1_addr_q[31:28];

  // List and codebook RAM: the port uses them only in IDLE and START, the list run only later.
  wire io_list = io1_valid_q && io1_space == SPACE_LIST;
  wire io_codebook = io1_valid_q && io1_space == SPACE_CODEBOOK;
  wire list_read = state_q == FETCH0 || state_q == FETCH1;
  wire [63:0] list_rdata;
  wire [63:0] cb_rdata;

  ram_1rw #(
      .WIDTH(64),
      .DEPTH(2 * LIST_DEPTH)
  ) u_list_ram (
      .clk_i  (clk_i),
      .en_i   (io_list || list_read),
      .we_i   (io_list && io1_write_q),
      .addr_i (io_list ? io1_addr_q[LIST_W:0] : {desc_q, state_q == FETCH1}),
      .wdata_i(io1_wdata_q),
      .rdata_o(list_rdata)
  );

  ram_1rw #(
      .WIDTH(64),
      .DEPTH(4 * CODEBOOKS)
  ) u_codebook_ram (
      .clk_i  (clk_i),
      .en_i   (io_codebook || cb_read),
      .we_i   (io_codebook && io1_write_q),
      .addr_i (io_codebook ? io1_addr_q[CB_W+1:0] : {codebook[CB_W-1:0], step_q[1:0]}),
      .wdata_i(io1_wdata_q),
      .rdata_o(cb_rdata)
  );

  // The column's pointer number, and the bank addresses of it and its successor.
  wire [BANK_W:0] col_wide;
  generate
    if (COL_W > BANK_W) begin : g_col_cut
      assign col_wide = root_col_i[BANK_W:0];
      if (COL_W > BANK_W + 1) begin : g_unused
        wire unused_col = &{1'b0, root_col_i[COL_W-1:BANK_W+1]};
      end
    end else begin : g_col_extend
      assign col_wide = {{(BANK_W + 1 - COL_W) {1'b0}}, root_col_i};
    end
  endgenerate
  wire [BANK_W:0] ptr = ptr_base[BANK_W:0] + col_wide;

  // Status space.
  reg [63:0] status;
  always @* begin
    case (io1_addr_q[2:0])
      3'd0: status = {61'd0, flags_i};
      3'd1: status = {32'd0, cycles_q};
      3'd2: status = {32'd0, broadcasts_q};
      3'd3: status = {32'd0, held_q};
      3'd4: status = {ACC_WIDTH[15:0], QUEUE_DEPTH[15:0], ACT_REGS[15:0], N_PE[15:0]};
      default: status = 64'd0;
    endcase
  end

  assign busy_o        = state_q != IDLE;
  assign done_o        = state_q == DONE;
  assign io_ready_o    = state_q == IDLE;
  assign io_rvalid_o   = io3_valid_q;
  assign io_rdata_o    = io3_data_q;
  assign io_en_o       = io1_valid_q;
  assign io_write_o    = io1_write_q;
  assign io_addr_o     = io1_addr_q;
  assign io_wdata_o    = io1_wdata_q;
  assign advance_o     = !hold_i;
  assign root_pop_o    = root_valid_i && advance_o && state_q == RUN;
  assign b_valid_o     = b_valid_q;
  assign b_act_o       = b_act_q;
  assign b_even_o      = b_even_q;
  assign b_odd_o       = b_odd_q;
  assign b_odd_first_o = b_odd_first_q;
  assign role_o        = role_q;
  assign flags_clear_o = state_q == START;
  assign clear_o       = in_setup && clear && step_first;
  assign cb_we_o       = in_setup && load_codebook && !step_first && step_q <= CB_STEPS;
  assign cb_word_o     = step_before[1:0];
  assign cb_data_o     = cb_rdata;
  assign ld_read_o     = in_setup && load_src && step_q < in_rows;
  assign ld_addr_o     = src_addr + {{(16 - CNT_W) {1'b0}}, step_q};
  assign ld_we_o       = in_setup && load_src && !step_first && step_q <= in_rows;
  assign ld_row_o      = step_before[REG_W-1:0];
  assign launch_o      = state_q == LAUNCH;
  assign wb_read_o     = state_q == WRITE_BACK && step_q < out_rows;
  assign wb_row_o      = step_q[REG_W-1:0];
  assign in_first_o    = d1_q[39:32];
  assign in_count_o    = in_count;
  assign entry_base_o  = d0_q[31:16];
  assign dst_addr_o    = d1_q[31:16];
  assign shift_o       = d1_q[53:48];
  assign relu_o        = d1_q[61];
  assign store_dst_o   = d1_q[60];

  always @(posedge clk_i) begin
    if (rst_i) begin
      state_q <= IDLE;
      desc_q  <= {LIST_W{1'b0}};
      left_q  <= {(LIST_W + 1) {1'b0}};
      step_q  <= {CNT_W{1'b0}};
      role_q  <= 1'b0;
    end else begin
      case (state_q)
        IDLE: begin
          if (start_i) begin
            desc_q  <= list_first_i;
            left_q  <= list_count_i;
            state_q <= START;
          end
        end
        START:  state_q <= left_q == {(LIST_W + 1) {1'b0}} ? DONE : FETCH0;
        FETCH0: state_q <= FETCH1;
        FETCH1: begin
          d0_q    <= list_rdata;
          state_q <= FETCH2;
        end
        FETCH2: begin
          d1_q    <= list_rdata;
          step_q  <= {CNT_W{1'b0}};
          state_q <= SETUP;
        end
        SETUP: begin
          step_q <= step_q + {{(CNT_W - 1) {1'b0}}, 1'b1};
          if (step_q == setup_last) state_q <= LAUNCH;
        end
        LAUNCH: state_q <= RUN;
        RUN: begin
          step_q <= {CNT_W{1'b0}};
          if (drained) state_q <= write_back ? WRITE_BACK : NEXT;
        end
        WRITE_BACK: begin
          step_q <= step_q + {{(CNT_W - 1) {1'b0}}, 1'b1};
          if (step_q == out_rows) state_q <= NEXT;
        end
        NEXT: begin
          role_q  <= role_q ^ swap;
          desc_q  <= desc_q + {{(LIST_W - 1) {1'b0}}, 1'b1};
          left_q  <= left_q - {{LIST_W{1'b0}}, 1'b1};
          state_q <= left_q == {{LIST_W{1'b0}}, 1'b1} ? DONE : FETCH0;
        end
        default: state_q <= IDLE;  // DONE
      endcase
    end
  end

  always @(posedge clk_i) begin
    if (rst_i) begin
      b_valid_q <= 1'b0;
    end else if (advance_o) begin
      b_valid_q <= root_pop_o;
      if (root_pop_o) begin
        b_act_q       <= root_act_i;
        b_odd_first_q <= ptr[0];
        b_odd_q       <= ptr[BANK_W:1];
        b_even_q      <= ptr[BANK_W:1] + {{(BANK_W - 1) {1'b0}}, ptr[0]};
      end
    end
  end

  always @(posedge clk_i) begin
    if (rst_i) begin
      io1_valid_q <= 1'b0;
      io2_read_q  <= 1'b0;
      io3_valid_q <= 1'b0;
    end else begin
      io1_valid_q <= io_take;
      if (io_take) begin
        io1_write_q <= io_write_i;
        io1_addr_q  <= io_addr_i;
        io1_wdata_q <= io_wdata_i;
      end
      io2_read_q <= io1_valid_q && !io1_write_q;
      if (io1_valid_q && !io1_write_q) begin
        io2_space_q <= io1_space;
        if (io1_space == SPACE_STATUS) io2_status_q <= status;
      end
      io3_valid_q <= io2_read_q;
      if (io2_read_q) begin
        case (io2_space_q)
          SPACE_LIST:     io3_data_q <= list_rdata;
          SPACE_CODEBOOK: io3_data_q <= cb_rdata;
          SPACE_STATUS:   io3_data_q <= io2_status_q;
          default:        io3_data_q <= io_rdata_i;
        endcase
      end
    end
  end

  increment #(
      .WIDTH(32)
  ) u_broadcasts (
      .value_i(broadcasts_q),
      .next_o (broadcasts_next)
  );

  increment #(
      .WIDTH(32)
  ) u_held (
      .value_i(held_q),
      .next_o (held_next)
  );

  always @(posedge clk_i) begin
    if (rst_i) begin
      cycles_q     <= 32'd0;
      broadcasts_q <= 32'd0;
      held_q       <= 32'd0;
    end else if (state_q == START) begin
      cycles_q     <= 32'd1;
      broadcasts_q <= 32'd0;
      held_q       <= 32'd0;
    end else if (state_q != IDLE) begin
      cycles_q <= cycles_q + 32'd1;
      if (root_pop_o) broadcasts_q <= broadcasts_next;
      if (state_q == RUN && hold_i) held_q <= held_next;
    end
  end

  wire unused = &{
      1'b0, ptr_base, codebook, step_before, d1_q[63], d1_q[55:54], in_rows_wide, out_rows_wide
  };

  generate
    if (PTR_DEPTH < 4 || PTR_DEPTH > 65536 || (PTR_DEPTH & (PTR_DEPTH - 1)) != 0)
    begin : g_check_ptr_depth
      parameter_error_PTR_DEPTH_must_be_a_power_of_two_from_4_to_65536 u_error ();
    end
    if (CODEBOOKS < 2 || CODEBOOKS > 256 || (CODEBOOKS & (CODEBOOKS - 1)) != 0)
    begin : g_check_codebooks
      parameter_error_CODEBOOKS_must_be_a_power_of_two_from_2_to_256 u_error ();
    end
    if (LIST_DEPTH < 2 || LIST_DEPTH > 32768 || (LIST_DEPTH & (LIST_DEPTH - 1)) != 0)
    begin : g_check_list_depth
      parameter_error_LIST_DEPTH_must_be_a_power_of_two_from_2_to_32768 u_error ();
    end
  endgenerate
endmodule
