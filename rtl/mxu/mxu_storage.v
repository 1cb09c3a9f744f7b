// SPDX-License-Identifier: Apache-2.0
// Memories of the matrix unit that the host's streams lead to: the unified buffer, the parameter
// memories of the activation unit, and the operations that fill and read them.
// Handshakes: operations from the sequencer as its units take them (docs/reference/mxu-timing.md,
// section 6); host's streams hi_valid_i && hi_ready_o and ho_valid_o && ho_ready_i. Array and
// activation unit have their ports of the unified buffer at any time, the host the rest.
// Latency: a row is there a cycle after m_re_i; docs/reference/mxu-timing.md sections 5, 9, 10.
module mxu_storage #(
    parameter COLS = 4,        // columns of the array
    parameter LANES = 4,       // bytes of a row of the unified buffer
    parameter TILE_COLS = 2,   // columns of a tile of cells and of a bank
    parameter UB_DEPTH = 64,   // rows of the unified buffer, 2 to 2^24
    parameter PARAM_SETS = 4,  // parameter sets of the activation unit, 2 to 256
    parameter UB_W = $clog2(UB_DEPTH),    // derived, do not override
    parameter SET_W = $clog2(PARAM_SETS)  // derived, do not override
) (
    input  wire               clk_i,
    input  wire               rst_i,           // parameter memories, which a flush leaves as they are
    input  wire               unit_rst_i,      // operations: reset or flush
    // sequencer: bit 0 for rows from the host, bit 1 for rows to it
    input  wire [        1:0] push_i,
    input  wire [       80:0] op_i,
    input  wire [       23:0] op_number_i,
    input  wire [       18:0] op_wait_i,
    output wire [        1:0] full_o,
    input  wire [        3:0] done_i,          // an operation of that unit has ended
    input  wire               stop_i,
    output wire [        7:0] error_o,
    output wire [       47:0] error_number_o,
    output wire [        1:0] idle_o,
    output wire [        1:0] busy_o,
    output wire [        1:0] done_o,
    // host's streams
    input  wire               hi_valid_i,
    input  wire [LANES*8-1:0] hi_data_i,
    output wire               hi_ready_o,
    output wire [       16:0] hi_asked_o,
    output wire               ho_valid_o,
    output wire [LANES*8-1:0] ho_data_o,
    input  wire               ho_ready_i,
    // unified buffer: rows for the array, rows from the activation unit
    input  wire               m_re_i,
    input  wire [   UB_W-1:0] m_raddr_i,
    output wire [LANES*8-1:0] rdata_o,
    input  wire               a_we_i,
    input  wire [   UB_W-1:0] a_waddr_i,
    input  wire [LANES*8-1:0] a_wdata_i,
    // parameters for the activation unit
    input  wire               param_re_i,
    input  wire [  SET_W-1:0] param_set_i,
    output wire [COLS*32-1:0] bias_o,
    output wire [COLS*32-1:0] multiplier_o,
    output wire [ COLS*6-1:0] shift_o
);
  wire p_we;
  wire [3:0] p_plane;
  wire [SET_W-1:0] p_set;
  wire [LANES*8-1:0] p_data;
  wire h_we;
  wire [UB_W-1:0] h_waddr;
  wire [LANES*8-1:0] h_wdata;
  wire h_wgrant;

  mxu_host_in #(
      .LANES     (LANES),
      .UB_DEPTH  (UB_DEPTH),
      .PARAM_SETS(PARAM_SETS)
  ) u_host_in (
      .clk_i         (clk_i),
      .rst_i         (unit_rst_i),
      .push_i        (push_i[0]),
      .op_i          (op_i),
      .op_number_i   (op_number_i),
      .op_wait_i     (op_wait_i),
      .full_o        (full_o[0]),
      .done_i        (done_i),
      .stop_i        (stop_i),
      .error_o       (error_o[3:0]),
      .error_number_o(error_number_o[23:0]),
      .idle_o        (idle_o[0]),
      .busy_o        (busy_o[0]),
      .done_o        (done_o[0]),
      .hi_valid_i    (hi_valid_i),
      .hi_data_i     (hi_data_i),
      .hi_ready_o    (hi_ready_o),
      .hi_asked_o    (hi_asked_o),
      .h_we_o        (h_we),
      .h_waddr_o     (h_waddr),
      .h_wdata_o     (h_wdata),
      .h_wgrant_i    (h_wgrant),
      .p_we_o        (p_we),
      .p_plane_o     (p_plane),
      .p_set_o       (p_set),
      .p_data_o      (p_data)
  );

  wire h_re;
  wire [UB_W-1:0] h_raddr;
  wire h_rgrant;

  mxu_host_out #(
      .LANES   (LANES),
      .UB_DEPTH(UB_DEPTH)
  ) u_host_out (
      .clk_i         (clk_i),
      .rst_i         (unit_rst_i),
      .push_i        (push_i[1]),
      .op_i          (op_i),
      .op_number_i   (op_number_i),
      .op_wait_i     (op_wait_i),
      .full_o        (full_o[1]),
      .done_i        (done_i),
      .stop_i        (stop_i),
      .error_o       (error_o[7:4]),
      .error_number_o(error_number_o[47:24]),
      .idle_o        (idle_o[1]),
      .busy_o        (busy_o[1]),
      .done_o        (done_o[1]),
      .h_re_o        (h_re),
      .h_raddr_o     (h_raddr),
      .h_rgrant_i    (h_rgrant),
      .rdata_i       (rdata_o),
      .ho_valid_o    (ho_valid_o),
      .ho_data_o     (ho_data_o),
      .ho_ready_i    (ho_ready_i)
  );

  mxu_unified_buffer #(
      .LANES   (LANES),
      .UB_DEPTH(UB_DEPTH)
  ) u_unified_buffer (
      .clk_i     (clk_i),
      .m_re_i    (m_re_i),
      .m_raddr_i (m_raddr_i),
      .h_re_i    (h_re),
      .h_raddr_i (h_raddr),
      .h_rgrant_o(h_rgrant),
      .rdata_o   (rdata_o),
      .a_we_i    (a_we_i),
      .a_waddr_i (a_waddr_i),
      .a_wdata_i (a_wdata_i),
      .h_we_i    (h_we),
      .h_waddr_i (h_waddr),
      .h_wdata_i (h_wdata),
      .h_wgrant_o(h_wgrant)
  );

  mxu_params #(
      .COLS      (COLS),
      .LANES     (LANES),
      .TILE_COLS (TILE_COLS),
      .PARAM_SETS(PARAM_SETS)
  ) u_params (
      .clk_i       (clk_i),
      .rst_i       (rst_i),
      .p_we_i      (p_we),
      .p_plane_i   (p_plane),
      .p_set_i     (p_set),
      .p_data_i    (p_data),
      .re_i        (param_re_i),
      .set_i       (param_set_i),
      .bias_o      (bias_o),
      .multiplier_o(multiplier_o),
      .shift_o     (shift_o)
  );

  generate
    if (UB_DEPTH < 2 || UB_DEPTH > 16777216) begin : g_check_ub_depth
      parameter_error_UB_DEPTH_must_be_from_2_to_2_to_the_24 u_error ();
    end
    if (PARAM_SETS < 2 || PARAM_SETS > 256) begin : g_check_param_sets
      parameter_error_PARAM_SETS_must_be_from_2_to_256 u_error ();
    end
  endgenerate
endmodule
