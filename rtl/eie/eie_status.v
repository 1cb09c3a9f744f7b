// SPDX-License-Identifier: Apache-2.0
// Counters, flags and error of the list that runs, or ran last, as words of the status space
// (docs/reference/eie-format.md, section 9). Broadcasts and holds are counted over all groups, with
// several groups a cycle later.
// Handshake: word_o is the word of number_i, combinational. clear_i comes in a list's first cycle,
// which is counted.
module eie_status #(
    parameter N_PE = 64,        // PEs in the array, a power of two
    parameter GROUPS = 1,       // groups of PEs, each with a broadcast of its own; reported
    parameter ACT_REGS = 64,    // reported
    parameter QUEUE_DEPTH = 8,  // reported
    parameter ACC_WIDTH = 32,   // reported
    parameter LIST_W = 8        // number of a descriptor
) (
    input  wire              clk_i,
    input  wire              rst_i,
    input  wire              clear_i,
    // what is counted
    input  wire              busy_i,          // a list runs
    input  wire [GROUPS-1:0] broadcast_i,     // groups in which an activation is broadcast
    input  wire [GROUPS-1:0] held_i,          // groups in which one is held by a full queue
    // flags and errors
    input  wire [       3:0] flags_i,         // OR of the PEs' sticky flags
    input  wire              start_lost_i,
    input  wire              error_set_i,     // the list ends with an error
    input  wire [       3:0] error_reason_i,
    input  wire [LIST_W-1:0] error_desc_i,
    input  wire [  N_PE-1:0] pe_error_i,      // PE has an error, sticky
    output wire [       6:0] flags_o,
    // status space
    input  wire [       2:0] number_i,
    output reg  [      63:0] word_o
);
  localparam [3:0] IN_PE = 4'd10;  // reasons of an error below it are a list's or a descriptor's
  localparam [3:0] ABORTED = 4'd15;
  localparam LEVELS = $clog2(GROUPS);
  localparam [7:0] MORE_GROUPS = GROUPS[7:0] - 8'd1;

  reg [31:0] cycles_q;
  reg [31:0] broadcasts_q;
  reg [31:0] held_q;
  wire [31:0] broadcasts_next;
  wire [31:0] held_next;

  wire count_broadcast;
  wire count_held;
  generate
    if (GROUPS == 1) begin : g_one
      assign count_broadcast = broadcast_i;
      assign count_held      = held_i;
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
    end else begin : g_groups
      assign count_broadcast = 1'b1;
      assign count_held      = 1'b1;
      wire [LEVELS:0] pops;
      wire [LEVELS:0] holds;
      eie_tally #(
          .GROUPS(GROUPS)
      ) u_pops (
          .clk_i   (clk_i),
          .rst_i   (rst_i),
          .events_i(broadcast_i),
          .count_o (pops)
      );
      eie_tally #(
          .GROUPS(GROUPS)
      ) u_holds (
          .clk_i   (clk_i),
          .rst_i   (rst_i),
          .events_i(held_i),
          .count_o (holds)
      );
      wire [1:0] unused_differ;

      carry_select #(
          .WIDTH(32)
      ) u_broadcasts (
          .a_i     (broadcasts_q),
          .b_i     ({{(31 - LEVELS) {1'b0}}, pops}),
          .sum_o   (broadcasts_next),
          .differ_o(unused_differ[0])
      );
      carry_select #(
          .WIDTH(32)
      ) u_held (
          .a_i     (held_q),
          .b_i     ({{(31 - LEVELS) {1'b0}}, holds}),
          .sum_o   (held_next),
          .differ_o(unused_differ[1])
      );
    end
  endgenerate

  always @(posedge clk_i) begin
    if (rst_i) begin
      cycles_q     <= 32'd0;
      broadcasts_q <= 32'd0;
      held_q       <= 32'd0;
    end else if (clear_i) begin
      cycles_q     <= 32'd1;
      broadcasts_q <= 32'd0;
      held_q       <= 32'd0;
    end else if (busy_i) begin
      cycles_q <= cycles_q + 32'd1;
      if (count_broadcast) broadcasts_q <= broadcasts_next;
      if (count_held) held_q <= held_next;
    end
  end

  wire [3:0] reason;
  wire [31:0] error_word;

  eie_errors #(
      .N_PE  (N_PE),
      .LIST_W(LIST_W)
  ) u_errors (
      .clk_i       (clk_i),
      .rst_i       (rst_i),
      .clear_i     (clear_i),
      .set_i       (error_set_i),
      .set_reason_i(error_reason_i),
      .set_desc_i  (error_desc_i),
      .pe_error_i  (pe_error_i),
      .reason_o    (reason),
      .word_o      (error_word)
  );

  assign flags_o = {reason == ABORTED, start_lost_i, reason != 4'd0 && reason < IN_PE, flags_i};

  always @* begin
    case (number_i)
      3'd0: word_o = {57'd0, flags_o};
      3'd1: word_o = {32'd0, cycles_q};
      3'd2: word_o = {32'd0, broadcasts_q};
      3'd3: word_o = {32'd0, held_q};
      3'd4: word_o = {MORE_GROUPS, ACC_WIDTH[7:0], QUEUE_DEPTH[15:0], ACT_REGS[15:0], N_PE[15:0]};
      3'd5: word_o = {32'd0, error_word};
      default: word_o = 64'd0;
    endcase
  end
endmodule
