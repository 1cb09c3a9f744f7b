// SPDX-License-Identifier: Apache-2.0
// Activation read and write of one PE: source and destination registers, the activation RAM behind
// them, this PE's leaf of the leading-non-zero tree, and the write-back of accumulators (round,
// shift, saturate, ReLU) (EIE, Han 2016, section IV).
// Leaf: offers the non-zero source registers in rising order, one a cycle; leaf_pop_i takes the one
// offered.
// Write-back: wb_acc_i taken with wb_read_i is in the destination register two edges later.
module eie_act_rw #(
    parameter N_PE = 64,                        // PEs in the array
    parameter ACT_REGS = 64,                    // source registers, a power of two from 4 to 64
    parameter ACT_RAM_DEPTH = 1024,             // words of the activation RAM, a power of two
    parameter ACC_WIDTH = 32,                   // bits of a sum that is written back
    parameter GROUPS = 1,                       // groups of PEs, each with columns of its own
    parameter PE_W = N_PE > 1 ? $clog2(N_PE) : 1,  // derived, do not override
    parameter REG_W = $clog2(ACT_REGS),         // derived, do not override
    parameter COL_W = REG_W + $clog2(N_PE / GROUPS),  // derived, do not override
    parameter RAM_W = $clog2(ACT_RAM_DEPTH),    // derived, do not override
    parameter ROW_W = RAM_W > REG_W ? RAM_W : REG_W  // derived, do not override
) (
    input  wire                 clk_i,
    input  wire                 rst_i,
    input  wire [     PE_W-1:0] id_i,         // number of this PE
    input  wire                 role_i,       // which bank is the source
    // leaf
    input  wire                 launch_i,
    input  wire [          7:0] in_first_i,
    input  wire [         15:0] in_count_i,
    output wire                 leaf_valid_o,
    output wire                 leaf_done_o,
    output wire [    COL_W-1:0] leaf_col_o,
    output wire [         15:0] leaf_act_o,
    input  wire                 leaf_pop_i,
    // activation RAM to source registers: the row read is written a cycle later
    input  wire                 ld_read_i,
    input  wire [    RAM_W-1:0] ld_addr_i,
    input  wire                 ld_we_i,
    input  wire [    REG_W-1:0] ld_row_i,
    // accumulators to destination registers and activation RAM
    input  wire                 wb_read_i,
    input  wire [    REG_W-1:0] wb_row_i,
    input  wire [ACC_WIDTH-1:0] wb_acc_i,
    input  wire [          5:0] shift_i,      // at most 31
    input  wire                 relu_i,
    input  wire                 store_dst_i,
    input  wire [    RAM_W-1:0] dst_addr_i,
    // load and read-back
    input  wire                 io_ram_en_i,
    input  wire                 io_src_en_i,
    input  wire                 io_dst_en_i,
    input  wire                 io_write_i,
    input  wire [    ROW_W-1:0] io_addr_i,    // row of the RAM, or of a bank
    input  wire [         15:0] io_wdata_i,
    output wire [         15:0] io_ram_rdata_o,
    output wire [         15:0] io_reg_rdata_o
);
  localparam PE_BITS = $clog2(N_PE);
  localparam LEVELS = $clog2(GROUPS);

  reg [ACT_REGS-1:0] nz0_q;
  reg [ACT_REGS-1:0] nz1_q;
  reg [ACT_REGS-1:0] pend_q;
  reg leaf_valid_q;
  reg [REG_W-1:0] leaf_row_q;
  reg wb_valid_q;
  reg [REG_W-1:0] wb_row_q;
  reg [ACC_WIDTH-1:0] wb_acc_q;

  // Leaf: the lowest pending register.
  wire [ACT_REGS-1:0] first_onehot;
  wire [REG_W-1:0] first_row;
  wire any_pending = pend_q != {ACT_REGS{1'b0}};
  wire leaf_load = !launch_i && (!leaf_valid_q || leaf_pop_i) && any_pending;
  wire [16:0] limit;
  wire [ACT_REGS-1:0] all_rows = {ACT_REGS{1'b1}};
  wire [ACT_REGS-1:0] rows_of_pass = (all_rows << in_first_i) & ~(all_rows << limit);
  wire [ACT_REGS-1:0] launched =
      (({ACT_REGS{launch_i && role_i}} & nz1_q) | ({ACT_REGS{launch_i && !role_i}} & nz0_q)) &
      rows_of_pass;
  wire [ACT_REGS-1:0] taken = {ACT_REGS{leaf_load}} & first_onehot;

  generate
    if (PE_BITS == 0) begin : g_limit_single
      assign limit = {1'b0, in_count_i};
      wire unused = &{1'b0, id_i};
    end else begin : g_limit
      assign limit = {1'b0, in_count_i >> PE_BITS} + {16'd0, id_i < in_count_i[PE_BITS-1:0]};
    end
    // A column's number in its group: the group's PEs have the same low bits in their numbers.
    if (PE_BITS == LEVELS) begin : g_single_of_group
      assign leaf_col_o = leaf_row_q;
    end else begin : g_group
      assign leaf_col_o = {leaf_row_q, id_i[PE_BITS-1:LEVELS]};
    end
  endgenerate

  find_first #(
      .WIDTH(ACT_REGS)
  ) u_first (
      .vector_i(pend_q),
      .onehot_o(first_onehot),
      .index_o (first_row)
  );

  // Write-back: floor(acc / 2^shift + 1/2) = (acc >> shift) + the last bit shifted out. Whether that
  // saturates is seen before the addition: a one more matters only at the largest value, and takes
  // nothing from what lies below the smallest or from the sign that ReLU asks for.
  wire [ACC_WIDTH:0] wb_wide = {wb_acc_q, 1'b0};
  wire [ACC_WIDTH:0] wb_shifted = $signed(wb_wide) >>> shift_i[4:0];
  wire wb_sign = wb_acc_q[ACC_WIDTH-1];
  wire wb_saturates = wb_shifted[ACC_WIDTH:16] != {(ACC_WIDTH - 15) {wb_sign}};
  wire wb_round = wb_shifted[0];
  wire [15:0] wb_low = wb_shifted[16:1];
  wire wb_up = wb_round && wb_low != 16'h7FFF;
  wire [15:0] wb_rounded = wb_low + {15'd0, wb_up};
  wire [15:0] wb_limited = wb_saturates ? {wb_sign, {15{!wb_sign}}} : wb_rounded;
  wire [15:0] wb_act = relu_i && wb_sign ? 16'd0 : wb_limited;

  // Activation RAM.
  wire [15:0] ram_rdata;
  wire [ROW_W-1:0] wb_ram_row =
      {{(ROW_W - RAM_W) {1'b0}}, dst_addr_i} + {{(ROW_W - REG_W) {1'b0}}, wb_row_q};
  wire wb_store = wb_valid_q && store_dst_i;
  wire [15:0] wdata = wb_valid_q ? wb_act : io_wdata_i;

  ram_1rw #(
      .WIDTH(16),
      .DEPTH(ACT_RAM_DEPTH)
  ) u_act_ram (
      .clk_i  (clk_i),
      .en_i   (io_ram_en_i || ld_read_i || wb_store),
      .we_i   (io_ram_en_i ? io_write_i : wb_store),
      .addr_i (io_ram_en_i ? io_addr_i[RAM_W-1:0] : wb_store ? wb_ram_row[RAM_W-1:0] : ld_addr_i),
      .wdata_i(wdata),
      .rdata_o(ram_rdata)
  );

  // Registers: a RAM of both banks, used once a cycle. Loads write the source, write-back the
  // destination, the port reads and writes either; the leaf reads the source. Its activation stays
  // at the RAM's output as long as it is offered.
  wire io_regs = io_src_en_i || io_dst_en_i;
  wire regs_we = ld_we_i || wb_valid_q || (io_regs && io_write_i);
  wire regs_bank = role_i ^ (wb_valid_q || io_dst_en_i);
  wire [REG_W-1:0] write_row = io_regs ? io_addr_i[REG_W-1:0] : wb_valid_q ? wb_row_q : ld_row_i;
  wire [REG_W-1:0] regs_row = regs_we || io_regs ? write_row : first_row;
  wire [15:0] regs_wdata = ld_we_i ? ram_rdata : wdata;
  wire [15:0] regs_rdata;

  ram_1rw #(
      .WIDTH(16),
      .DEPTH(2 * ACT_REGS)
  ) u_regs (
      .clk_i  (clk_i),
      .en_i   (regs_we || io_regs || leaf_load),
      .we_i   (regs_we),
      .addr_i ({regs_bank, regs_row}),
      .wdata_i(regs_wdata),
      .rdata_o(regs_rdata)
  );

  assign leaf_valid_o   = leaf_valid_q;
  assign leaf_done_o    = !leaf_valid_q && !any_pending;
  assign leaf_act_o     = regs_rdata;
  assign io_ram_rdata_o = ram_rdata;
  assign io_reg_rdata_o = regs_rdata;

  // The non-zero bits follow the registers, which have no reset. Their row is decoded apart from the
  // bits' new value, which comes late.
  wire [ACT_REGS-1:0] write_onehot = {{(ACT_REGS - 1) {1'b0}}, regs_we} << write_row;
  wire [ACT_REGS-1:0] nz0_we = write_onehot & {ACT_REGS{!regs_bank}};
  wire [ACT_REGS-1:0] nz1_we = write_onehot & {ACT_REGS{regs_bank}};
  wire nz = regs_wdata != 16'd0;

  always @(posedge clk_i) begin
    nz0_q <= (nz0_q & ~nz0_we) | (nz0_we & {ACT_REGS{nz}});
    nz1_q <= (nz1_q & ~nz1_we) | (nz1_we & {ACT_REGS{nz}});
  end

  always @(posedge clk_i) begin
    if (rst_i) begin
      pend_q       <= {ACT_REGS{1'b0}};
      leaf_valid_q <= 1'b0;
      wb_valid_q   <= 1'b0;
    end else begin
      // Nothing is pending at a launch.
      pend_q <= launched | (pend_q & ~taken);
      if (leaf_load) begin
        leaf_valid_q <= 1'b1;
        leaf_row_q   <= first_row;
      end else if (leaf_pop_i) begin
        leaf_valid_q <= 1'b0;
      end

      wb_valid_q <= wb_read_i;
      if (wb_read_i) begin
        wb_row_q <= wb_row_i;
        wb_acc_q <= wb_acc_i;
      end
    end
  end

  wire unused = &{1'b0, wb_ram_row, io_addr_i, shift_i[5]};

// What may not happen: two uses of the registers in a cycle.
`ifdef SPARSYS_ASSERT
  wire [2:0] uses = {2'd0, io_regs} + {2'd0, ld_we_i} + {2'd0, wb_valid_q} + {2'd0, leaf_load};

  always @(posedge clk_i) begin
    if (!rst_i && uses > 3'd1) $stop;
  end
`endif

  generate
    if (ACT_REGS < 4 || ACT_REGS > 64 || (ACT_REGS & (ACT_REGS - 1)) != 0) begin : g_check_act_regs
      parameter_error_ACT_REGS_must_be_a_power_of_two_from_4_to_64 u_error ();
    end
    if (ACT_RAM_DEPTH < 4 || ACT_RAM_DEPTH > 65536 || (ACT_RAM_DEPTH & (ACT_RAM_DEPTH - 1)) != 0)
    begin : g_check_act_ram_depth
      parameter_error_ACT_RAM_DEPTH_must_be_a_power_of_two_from_4_to_65536 u_error ();
    end
  endgenerate
endmodule
