// SPDX-License-Identifier: Apache-2.0
// Accumulators below the array: ACC_DEPTH rows of COLS 32-bit values, written with what comes out of
// the array or increased by it. What the matrix unit says of a row goes down a delay line beside the
// array and meets its sums at the banks, one after the other.
// Latency: a row issued in cycle i is written in the last bank at the end of cycle
// i + ROWS + COLS + 2; matrix_done_o is in the cycle after that of an operation's last row.
// act_data_o of bank j: j + 2 cycles after act_re_i, which must not come while rows to add read that
// half.
module mxu_accumulators #(
    parameter ROWS = 256,                       // rows of the array
    parameter COLS = 256,                       // columns of the array
    parameter TILE_COLS = 32,                   // columns of a bank, a divisor of COLS
    parameter ACC_DEPTH = 4096,                 // rows, a power of two
    parameter ACC_W = $clog2(ACC_DEPTH),        // derived, do not override
    parameter SUM_W = 15 + $clog2(ROWS + 1)     // derived, do not override
) (
    input  wire                  clk_i,
    input  wire                  rst_i,
    // rows as they are issued
    input  wire                  row_valid_i,
    input  wire                  row_add_i,
    input  wire                  row_last_i,
    input  wire [     ACC_W-1:0] row_addr_i,
    input  wire [COLS*SUM_W-1:0] sum_i,
    output wire                  matrix_done_o,
    output wire                  busy_o,
    // read port of the activation unit
    input  wire                  act_re_i,
    input  wire [     ACC_W-1:0] act_addr_i,
    output wire [   COLS*32-1:0] act_data_o
);
  localparam NB = COLS / TILE_COLS;
  localparam STAGES = ROWS + COLS;

  reg [STAGES-1:0] line_valid_q;
  reg [STAGES-1:0] line_add_q;
  reg [STAGES-1:0] line_last_q;
  reg [STAGES*ACC_W-1:0] line_addr_q;
  reg s1_last_q;
  reg s2_last_q;
  reg done_q;

  wire [NB-1:0] s1_valid;
  wire [NB-1:0] s2_valid;
  // Reads of the activation unit go from bank to bank.
  wire [NB:0] act_re;
  wire [(NB+1)*ACC_W-1:0] act_addr;
  assign act_re[0]          = act_re_i;
  assign act_addr[0+:ACC_W] = act_addr_i;

  assign matrix_done_o = done_q;
  assign busy_o        = line_valid_q != {STAGES{1'b0}} || s1_valid != {NB{1'b0}} ||
                         s2_valid != {NB{1'b0}} || done_q;

  genvar j;
  generate
    for (j = 0; j < NB; j = j + 1) begin : g_bank
      localparam STAGE = ROWS + TILE_COLS * (j + 1) - 1;
      mxu_acc_bank #(
          .TILE_COLS(TILE_COLS),
          .SUM_W    (SUM_W),
          .ACC_DEPTH(ACC_DEPTH)
      ) u_bank (
          .clk_i     (clk_i),
          .rst_i     (rst_i),
          .valid_i   (line_valid_q[STAGE]),
          .add_i     (line_add_q[STAGE]),
          .addr_i    (line_addr_q[STAGE*ACC_W+:ACC_W]),
          .sum_i     (sum_i[j*TILE_COLS*SUM_W+:TILE_COLS*SUM_W]),
          .s1_valid_o(s1_valid[j]),
          .s2_valid_o(s2_valid[j]),
          .act_re_i  (act_re[j]),
          .act_addr_i(act_addr[ACC_W*j+:ACC_W]),
          .act_re_o  (act_re[j+1]),
          .act_addr_o(act_addr[ACC_W*(j+1)+:ACC_W]),
          .act_data_o(act_data_o[j*TILE_COLS*32+:TILE_COLS*32])
      );
    end
  endgenerate

  always @(posedge clk_i) begin
    line_add_q  <= {line_add_q[STAGES-2:0], row_add_i};
    line_last_q <= {line_last_q[STAGES-2:0], row_last_i};
    line_addr_q <= {line_addr_q[(STAGES-1)*ACC_W-1:0], row_addr_i};
    if (rst_i) begin
      line_valid_q <= {STAGES{1'b0}};
      done_q       <= 1'b0;
    end else begin
      line_valid_q <= {line_valid_q[STAGES-2:0], row_valid_i};
      if (line_valid_q[STAGES-1]) s1_last_q <= line_last_q[STAGES-1];
      if (s1_valid[NB-1]) s2_last_q <= s1_last_q;
      done_q <= s2_valid[NB-1] && s2_last_q;
    end
  end

  wire unused = &{1'b0, act_re[NB], act_addr[NB*ACC_W+:ACC_W]};
endmodule
