// SPDX-License-Identifier: Apache-2.0
// The matrix unit with its ports on a chain of registers, to be placed by itself on a device that has
// fewer pins than it has ports: every path of the unit begins and ends at a register. The chain takes
// what the unit puts out while load_i, else it shifts.
module mxu_chain_top #(
    parameter ROWS = 4,          // the unit's, see mxu.v
    parameter COLS = 4,
    parameter TILE_ROWS = 4,
    parameter TILE_COLS = 4,
    parameter FIFO_WORDS = 32,
    parameter UB_DEPTH = 8192,
    parameter ACC_DEPTH = 1024,
    parameter PARAM_SETS = 16,
    parameter ACT_LANES = 0,
    parameter DIGIT = 16
) (
    input  wire clk_i,
    input  wire load_i,
    input  wire scan_i,
    output wire scan_o
);
  localparam LANES = ROWS > COLS ? ROWS : COLS;
  localparam W_LANES = ((COLS + 3) / 4 + 7) / 8;
  localparam IN_W = 107 + 64 * W_LANES + 8 * LANES;
  localparam OUT_W = 111 + 8 * LANES;

  reg load_q;
  reg [IN_W-1:0] in_q;
  reg [OUT_W-1:0] out_q;
  wire [OUT_W-1:0] out;

  assign scan_o = out_q[OUT_W-1];

  always @(posedge clk_i) begin
    load_q <= load_i;
    in_q   <= {in_q[IN_W-2:0], scan_i};
    out_q  <= load_q ? out : {out_q[OUT_W-2:0], in_q[IN_W-1]};
  end

  mxu #(
      .ROWS      (ROWS),
      .COLS      (COLS),
      .TILE_ROWS (TILE_ROWS),
      .TILE_COLS (TILE_COLS),
      .FIFO_WORDS(FIFO_WORDS),
      .UB_DEPTH  (UB_DEPTH),
      .ACC_DEPTH (ACC_DEPTH),
      .PARAM_SETS(PARAM_SETS),
      .ACT_LANES (ACT_LANES),
      .DIGIT     (DIGIT)
  ) u_mxu (
      .clk_i       (clk_i),
      .rst_i       (in_q[0]),
      .inst_valid_i(in_q[1]),
      .inst_i      (in_q[97:2]),
      .wm_ready_i  (in_q[98]),
      .w_valid_i   (in_q[99]),
      .hi_valid_i  (in_q[100]),
      .ho_ready_i  (in_q[101]),
      .resume_i    (in_q[102]),
      .status_i    (in_q[106:103]),
      .w_data_i    (in_q[107+:64*W_LANES]),
      .hi_data_i   (in_q[107+64*W_LANES+:8*LANES]),
      .inst_ready_o(out[0]),
      .wm_valid_o  (out[1]),
      .w_ready_o   (out[2]),
      .hi_ready_o  (out[3]),
      .ho_valid_o  (out[4]),
      .busy_o      (out[5]),
      .quiet_o     (out[6]),
      .error_o     (out[7]),
      .halted_o    (out[8]),
      .wm_addr_o   (out[40:9]),
      .wm_beats_o  (out[45:41]),
      .hi_asked_o  (out[62:46]),
      .status_o    (out[110:63]),
      .ho_data_o   (out[111+:8*LANES])
  );
endmodule
