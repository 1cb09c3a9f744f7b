// SPDX-License-Identifier: Apache-2.0
// Checks a command before anything of it is done: opcode, fields, alignment, length, window
// (docs/reference/top-format.md, 4 and 7; top-timing.md, 8).
// Handshake: cmd_valid_i with a command that stays until take_i; ready_o with the verdict, code 0 if
// nothing is wrong, until take_i.
// Latency: seven cycles, eleven for a Matrix_Run with weights.
module top_check #(
    parameter AXI_ADDR_W = 40,  // bits of an address, 32 to 44
    parameter SPARSE = 1,       // the sparse engine is there
    parameter MATRIX = 1,       // the matrix unit is there
    parameter N_PE = 64,        // processing elements
    parameter ROW_BYTES = 256,  // bytes of a row at most
    parameter W_LANES = 8       // words in a beat of weights: 1, 2, 4 or 8
) (
    input  wire         clk_i,
    input  wire         rst_i,
    input  wire         cmd_valid_i,
    input  wire [255:0] cmd_i,
    input  wire         take_i,
    input  wire [ 31:0] window_first_i,
    input  wire [ 31:0] window_last_i,
    output wire         ready_o,
    output wire [  3:0] code_o,
    output wire [ 31:0] detail_o,
    output wire [ 31:0] page_o,
    output wire [  4:0] channel_o,       // one bit, none for Halt
    output wire         halt_o,
    output wire         all_o            // a Fence with `all`
);
  `include "interface.vh"
  localparam NOP = 0, FENCE = 1, HALT = 2, LOAD = 3, STORE = 4, RUN = 5, PROGRAM = 6, IN = 7, OUT = 8;
  localparam [2:0] FIELDS = 3'd1;
  localparam [2:0] SIZE = 3'd2;
  localparam [2:0] END = 3'd3;
  localparam [2:0] PAGES = 3'd4;
  localparam [2:0] RANGE = 3'd5;
  localparam [2:0] VERDICT = 3'd6;
  localparam [2:0] READY = 3'd7;
  // Bytes of a word with the flag `bytes`, of a beat of weights, as shifts.
  localparam ELEMENTS = N_PE < 4 ? $clog2(N_PE) : 2;
  localparam BEAT = 3 + $clog2(W_LANES);
  localparam [15:0] ROW_MAX = ROW_BYTES[15:0];

  reg [2:0] step_q;
  reg pass_q;
  reg [8:0] op_q;
  reg [3:0] bad_q;
  reg [1:0] off_q;
  reg length_q;
  reg used_q;
  reg two_q;
  reg [38:0] size_q;
  reg [38:0] less_q;
  reg [44:0] end_q;
  reg below_q;
  reg above_q;
  reg [1:0] out_q;
  reg [3:0] code_q;
  reg [31:0] detail_q;
  reg [31:0] page_q;

  wire [7:0] opcode = cmd_i[CMD_OPCODE_LSB+:CMD_OPCODE_W];
  wire [7:0] flags = cmd_i[CMD_FLAGS_LSB+:CMD_FLAGS_W];
  wire [63:0] word1 = cmd_i[127:64];
  wire [63:0] word2 = cmd_i[191:128];
  wire [63:0] word3 = cmd_i[255:192];
  wire [43:0] address = word1[CMD_ADDRESS_LSB+:CMD_ADDRESS_W];
  wire [43:0] weights = word3[MATRIX_RUN_WEIGHTS_LSB+:MATRIX_RUN_WEIGHTS_W];

  // Step 0: which command.
  wire [8:0] op;
  assign op[NOP]     = opcode == OP_NOP;
  assign op[FENCE]   = opcode == OP_FENCE;
  assign op[HALT]    = opcode == OP_HALT;
  assign op[LOAD]    = opcode == OP_SPARSE_LOAD && SPARSE != 0;
  assign op[STORE]   = opcode == OP_SPARSE_STORE && SPARSE != 0;
  assign op[RUN]     = opcode == OP_SPARSE_RUN && SPARSE != 0;
  assign op[PROGRAM] = opcode == OP_MATRIX_RUN && MATRIX != 0;
  assign op[IN]      = opcode == OP_MATRIX_IN && MATRIX != 0;
  assign op[OUT]     = opcode == OP_MATRIX_OUT && MATRIX != 0;

  // Step 1: fields. Flags `bytes` and `spread` have the same bits in loads and stores.
  wire moves = op_q[LOAD] || op_q[STORE];
  wire rows = op_q[IN] || op_q[OUT];
  wire bytes = moves && flags[SPARSE_LOAD_BYTES];
  wire spread = op_q[LOAD] && flags[SPARSE_LOAD_SPREAD];
  wire used = moves || rows || op_q[PROGRAM] || (op_q[FENCE] && flags[FENCE_WRITE]);
  wire [3:0] space = word2[SPARSE_LOAD_PORT_LSB+28+:4];
  wire [7:0] pe = word2[SPARSE_LOAD_PORT_LSB+20+:8];
  wire [31:0] words = word2[SPARSE_LOAD_WORDS_LSB+:SPARSE_LOAD_WORDS_W];
  wire [31:0] first32 = word2[31:0];
  wire [31:0] beats = word2[MATRIX_RUN_BEATS_LSB+:MATRIX_RUN_BEATS_W];
  wire [15:0] row = word2[MATRIX_IN_ROW_LSB+:MATRIX_IN_ROW_W];
  wire [7:0] flags_free = (op_q[FENCE] ? FENCE_FLAGS : 8'd0) | (op_q[LOAD] ? SPARSE_LOAD_FLAGS : 8'd0) |
                          (op_q[STORE] ? SPARSE_STORE_FLAGS : 8'd0);
  wire [63:0] word2_free = (op_q[FENCE] ? FENCE_WORD2 : 64'd0) | (moves ? SPARSE_LOAD_WORD2 : 64'd0) |
                           (op_q[RUN] ? SPARSE_RUN_WORD2 : 64'd0) |
                           (op_q[PROGRAM] ? MATRIX_RUN_WORD2 : 64'd0) |
                           (op_q[IN] ? MATRIX_IN_WORD2 : 64'd0) | (op_q[OUT] ? MATRIX_OUT_WORD2 : 64'd0);
  wire [63:0] word3_free = (bytes ? SPARSE_LOAD_WORD3_BYTES : 64'd0) |
                           (op_q[PROGRAM] ? MATRIX_RUN_WORD3 : 64'd0);
  wire memory_space = space == 4'd0 || space == 4'd1;
  wire vector_space = space == 4'd2 || space == 4'd3;
  wire space_fits = (!bytes || vector_space) && (!spread || (memory_space && pe == 8'd0)) &&
                    (op_q[STORE] ? vector_space || space == 4'd4 : space <= 4'd6);
  wire row_fits = row != 16'd0 && row <= ROW_MAX;
  wire no_count = word2[SPARSE_RUN_COUNT_LSB+:SPARSE_RUN_COUNT_W] == {SPARSE_RUN_COUNT_W{1'b0}};
  wire [3:0] bad;
  assign bad[0] = (flags & ~flags_free) != 8'd0 || cmd_i[31:16] != 16'd0 ||
                  (op_q[HALT] && cmd_i[63:32] != 32'd0);
  assign bad[1] = word1[63:44] != 20'd0 || (!used && address != 44'd0);
  assign bad[2] = (word2 & ~word2_free) != 64'd0 || (moves && !space_fits) || (rows && !row_fits) ||
                  (op_q[RUN] && no_count);
  assign bad[3] = (word3 & ~word3_free) != 64'd0 ||
                  (op_q[PROGRAM] && beats == 32'd0 && weights != 44'd0);
  wire [1:0] off;
  assign off[0] = used && (address[2:0] != 3'd0 || (!op_q[FENCE] && address[5:3] != 3'd0));
  assign off[1] = op_q[PROGRAM] && weights[11:0] != 12'd0;
  wire words_wrong = words == 32'd0 || words > SPARSE_LOAD_WORDS_MAX;
  wire first_zero = first32 == 32'd0;
  wire length_wrong = (moves && words_wrong) || (rows && first_zero) ||
                      (op_q[PROGRAM] && (first_zero || first32 > MATRIX_RUN_INSTRUCTIONS_MAX));
  wire [38:0] size = (moves ? bytes ? {7'd0, words} << ELEMENTS : {7'd0, words} << 3 : 39'd0) |
                     (rows ? {7'd0, first32} : 39'd0) | (op_q[PROGRAM] ? {7'd0, first32} << 4 : 39'd0) |
                     (op_q[FENCE] ? 39'd8 : 39'd0);

  // Steps 2 to 5: the last byte, and its page in the window.
  wire [38:0] less;
  wire [44:0] last;
  wire [32:0] below;
  wire [33:0] above;
  wire [43:0] base = pass_q ? weights : address;

  adder #(
      .WIDTH(39),
      .BLOCK(8)
  ) u_less (
      .a_i    (size_q),
      .b_i    ({39{1'b1}}),
      .carry_i(1'b0),
      .sum_o  (less)
  );
  adder #(
      .WIDTH(45),
      .BLOCK(9)
  ) u_end (
      .a_i    ({1'b0, base}),
      .b_i    ({6'd0, less_q}),
      .carry_i(1'b0),
      .sum_o  (last)
  );
  // Negative if the one is less than the other.
  adder #(
      .WIDTH(33),
      .BLOCK(8)
  ) u_below (
      .a_i    ({1'b0, base[43:12]}),
      .b_i    ({1'b1, ~window_first_i}),
      .carry_i(1'b1),
      .sum_o  (below)
  );
  adder #(
      .WIDTH(34),
      .BLOCK(8)
  ) u_above (
      .a_i    ({2'b00, window_last_i}),
      .b_i    ({1'b1, ~end_q[44:12]}),
      .carry_i(1'b1),
      .sum_o  (above)
  );
  wire beyond = (end_q >> AXI_ADDR_W) != 45'd0;

  // Step 6: the first in order.
  wire known = op_q != 9'd0;
  wire wrong_second = !off_q[0] && (off_q[1] || !out_q[0]);  // of `address` and `weights`
  wire [43:0] wrong = wrong_second ? weights : address;
  wire [3:0] code = !known ? ERR_OPCODE : bad_q != 4'd0 ? ERR_FIELD : off_q != 2'd0 ? ERR_ALIGNMENT :
                    length_q ? ERR_LENGTH : out_q != 2'd0 ? ERR_ADDRESS : 4'd0;
  wire of_address = code == ERR_ALIGNMENT || code == ERR_ADDRESS;
  wire [1:0] word = bad_q[0] ? 2'd0 : bad_q[1] ? 2'd1 : bad_q[2] ? 2'd2 : 2'd3;

  assign ready_o   = step_q == READY;
  assign code_o    = code_q;
  assign detail_o  = detail_q;
  assign page_o    = page_q;
  assign channel_o = {op_q[NOP] || op_q[FENCE], op_q[OUT], op_q[IN], op_q[PROGRAM], moves || op_q[RUN]};
  assign halt_o    = op_q[HALT];
  assign all_o     = op_q[FENCE] && flags[FENCE_ALL];

  always @(posedge clk_i) begin
    if (rst_i) begin
      step_q <= 3'd0;
      code_q <= 4'd0;
      pass_q <= 1'b0;
    end else begin
      case (step_q)
        3'd0:    if (cmd_valid_i) step_q <= FIELDS;
        RANGE:   step_q <= two_q && !pass_q ? SIZE : VERDICT;
        READY:   if (take_i) step_q <= 3'd0;
        default: step_q <= step_q + 3'd1;
      endcase
      if (step_q == FIELDS) pass_q <= 1'b0;
      else if (step_q == RANGE) pass_q <= 1'b1;
      if (step_q == VERDICT) code_q <= code;
    end
  end

  always @(posedge clk_i) begin
    case (step_q)
      3'd0: op_q <= op;
      FIELDS: begin
        bad_q    <= bad;
        off_q    <= off;
        length_q <= length_wrong;
        used_q   <= used;
        two_q    <= op_q[PROGRAM] && beats != 32'd0;
        size_q   <= size;
        out_q    <= 2'd0;
      end
      SIZE: less_q <= less;
      END: end_q <= last;
      PAGES: begin
        below_q <= below[32];
        above_q <= above[33] || beyond;
      end
      RANGE: begin
        if (pass_q) out_q[1] <= below_q || above_q;
        else out_q[0] <= used_q && (below_q || above_q);
        size_q <= {7'd0, beats} << BEAT;
      end
      VERDICT: begin
        detail_q <= !known ? {24'd0, opcode} : bad_q != 4'd0 ? {30'd0, word} : of_address ? wrong[31:0] :
                    moves ? words : first32;
        page_q <= of_address ? wrong[43:12] : 32'd0;
      end
      default: ;
    endcase
  end

  wire unused = &{1'b0, below, above, last};
endmodule
