// SPDX-License-Identifier: Apache-2.0
// States of the control: fetches and checks a descriptor, sets the PEs up, lets the pass run until
// the PEs have drained, writes back, goes on with the next (docs/reference/eie-timing.md, 3.1).
// Handshake: start_i in an idle cycle runs list_count_i descriptors from list_first_i; done_o is
// one cycle long, the last busy one. abort_i ends the list two cycles later; a list or descriptor
// that breaks a rule, or an error in a PE, ends it with error_set_o.
module eie_sequencer #(
    parameter LIST_DEPTH = 256,            // descriptors stored, a power of two
    parameter REG_W = 6,                   // number of a source register
    parameter LEVELS = 0,                  // cycles from an accumulator to its sum over groups
    parameter LIST_W = $clog2(LIST_DEPTH),  // derived, do not override
    parameter CNT_W = REG_W + 2            // derived, do not override
) (
    input  wire              clk_i,
    input  wire              rst_i,
    // command
    input  wire              start_i,
    input  wire              abort_i,
    input  wire [LIST_W-1:0] list_first_i,
    input  wire [  LIST_W:0] list_count_i,
    output wire              busy_o,
    output wire              done_o,
    output wire              start_lost_o,     // a start came while a list was running
    // list RAM: word of the descriptor, and its two words to eie_pass
    output wire              list_read_o,
    output wire [  LIST_W:0] list_addr_o,
    output wire              we0_o,
    output wire              we1_o,
    // the descriptor
    input  wire [       3:0] pass_reason_i,    // rule that it breaks
    input  wire [ CNT_W-1:0] in_rows_i,
    input  wire [ CNT_W-1:0] out_rows_i,
    input  wire [      15:0] src_addr_i,
    input  wire              load_src_i,
    input  wire              load_codebook_i,
    input  wire              clear_i,
    input  wire              write_back_i,
    input  wire              swap_i,
    // phases of a pass
    input  wire              root_done_i,
    input  wire              b_valid_i,
    input  wire              pe_busy_i,        // some PE is not drained
    input  wire              pe_error_i,       // some PE has an error
    output wire              run_o,
    output wire              role_o,           // which activation bank is the source
    output wire              flags_clear_o,
    output wire              clear_o,
    output wire              cb_read_o,        // codebook RAM, word cb_step_o of the codebook
    output wire [       1:0] cb_step_o,
    output wire              cb_we_o,
    output wire [       1:0] cb_word_o,
    output wire              ld_read_o,
    output wire [      15:0] ld_addr_o,
    output wire              ld_we_o,
    output wire [ REG_W-1:0] ld_row_o,
    output wire              launch_o,
    output wire              wb_read_o,
    output wire [ REG_W-1:0] wb_row_o,
    output wire              flush_o,          // tree and PEs drop what is under way
    // errors
    output wire              error_set_o,
    output wire [       3:0] error_reason_o,
    output wire [LIST_W-1:0] desc_o
);
  localparam [3:0] IDLE = 4'd0;
  localparam [3:0] START = 4'd1;
  localparam [3:0] FETCH0 = 4'd2;
  localparam [3:0] FETCH1 = 4'd3;
  localparam [3:0] FETCH2 = 4'd4;
  localparam [3:0] CHECK = 4'd5;
  localparam [3:0] SETUP = 4'd6;
  localparam [3:0] LAUNCH = 4'd7;
  localparam [3:0] RUN = 4'd8;
  localparam [3:0] WRITE_BACK = 4'd9;
  localparam [3:0] NEXT = 4'd10;
  localparam [3:0] DONE = 4'd11;
  localparam [3:0] ABORT = 4'd12;
  // Reasons of an error; those of a descriptor are eie_pass's.
  localparam [3:0] FITS = 4'd0;
  localparam [3:0] LIST_END = 4'd1;
  localparam [3:0] IN_PE = 4'd10;
  localparam [3:0] ABORTED = 4'd15;

  reg [3:0] state_q;
  reg [LIST_W-1:0] desc_q;
  reg [LIST_W:0] left_q;
  reg [CNT_W-1:0] step_q;
  reg role_q;
  reg start_lost_q;

  // Setup takes as long as its longer part.
  localparam [CNT_W-1:0] CB_STEPS = {{(CNT_W - 3) {1'b0}}, 3'd4};
  wire in_setup = state_q == SETUP;
  wire [CNT_W-1:0] cb_last = load_codebook_i ? CB_STEPS : {CNT_W{1'b0}};
  wire [CNT_W-1:0] ld_last = load_src_i ? in_rows_i : {CNT_W{1'b0}};
  wire [CNT_W-1:0] setup_last = cb_last > ld_last ? cb_last : ld_last;
  wire step_first = step_q == {CNT_W{1'b0}};
  wire [CNT_W-1:0] step_before = step_q - {{(CNT_W - 1) {1'b0}}, 1'b1};
  wire [CNT_W-1:0] step_next = step_q + {{(CNT_W - 1) {1'b0}}, 1'b1};
  wire [CNT_W-1:0] written = out_rows_i + LEVELS[CNT_W-1:0];
  wire drained = state_q == RUN && root_done_i && !b_valid_i && !pe_busy_i;

  wire last_pass = left_q == {{LIST_W{1'b0}}, 1'b1};
  wire [LIST_W-1:0] desc_next = desc_q + {{(LIST_W - 1) {1'b0}}, 1'b1};
  wire list_next = state_q == NEXT && !last_pass;

  // Errors.
  localparam [LIST_W+1:0] LIST_SIZE = LIST_DEPTH[LIST_W+1:0];
  wire aborts = abort_i && state_q != IDLE && state_q != ABORT && state_q != DONE;
  wire [LIST_W+1:0] list_end = {2'd0, desc_q} + {1'b0, left_q};
  wire list_error = state_q == START && list_end > LIST_SIZE;
  wire pass_error = state_q == CHECK && pass_reason_i != FITS;
  wire pe_error = drained && pe_error_i;

  assign busy_o         = state_q != IDLE;
  assign done_o         = state_q == DONE;
  assign start_lost_o   = start_lost_q;
  assign list_read_o    = state_q == FETCH0 || state_q == FETCH1 || list_next;
  assign list_addr_o    = {list_next ? desc_next : desc_q, state_q == FETCH1};
  assign we0_o          = state_q == FETCH1;
  assign we1_o          = state_q == FETCH2;
  assign run_o          = state_q == RUN;
  assign role_o         = role_q;
  assign flags_clear_o  = state_q == START;
  assign clear_o        = in_setup && clear_i && step_first;
  assign cb_read_o      = in_setup && load_codebook_i && step_q < CB_STEPS;
  assign cb_step_o      = step_q[1:0];
  assign cb_we_o        = in_setup && load_codebook_i && !step_first && step_q <= CB_STEPS;
  assign cb_word_o      = step_before[1:0];
  assign ld_read_o      = in_setup && load_src_i && step_q < in_rows_i;
  assign ld_addr_o      = src_addr_i + {{(16 - CNT_W) {1'b0}}, step_q};
  assign ld_we_o        = in_setup && load_src_i && !step_first && step_q <= in_rows_i;
  assign ld_row_o       = step_before[REG_W-1:0];
  assign launch_o       = state_q == LAUNCH;
  assign wb_read_o      = state_q == WRITE_BACK && step_q < out_rows_i;
  assign wb_row_o       = step_q[REG_W-1:0];
  assign flush_o        = state_q == ABORT;
  assign error_set_o    = aborts || list_error || pass_error || pe_error;
  assign error_reason_o = aborts ? ABORTED : list_error ? LIST_END :
                          pass_error ? pass_reason_i : IN_PE;
  assign desc_o         = desc_q;

  always @(posedge clk_i) begin
    if (rst_i) begin
      state_q <= IDLE;
      desc_q  <= {LIST_W{1'b0}};
      left_q  <= {(LIST_W + 1) {1'b0}};
      step_q  <= {CNT_W{1'b0}};
      role_q  <= 1'b0;
    end else if (aborts) begin
      state_q <= ABORT;
    end else begin
      case (state_q)
        IDLE: begin
          if (start_i) begin
            desc_q  <= list_first_i;
            left_q  <= list_count_i;
            state_q <= START;
          end
        end
        START:  state_q <= left_q == {(LIST_W + 1) {1'b0}} || list_error ? DONE : FETCH0;
        FETCH0: state_q <= FETCH1;
        FETCH1: state_q <= FETCH2;
        FETCH2: begin
          step_q  <= {CNT_W{1'b0}};
          state_q <= CHECK;
        end
        CHECK:  state_q <= pass_error ? DONE : SETUP;
        SETUP: begin
          step_q <= step_next;
          if (step_q == setup_last) state_q <= LAUNCH;
        end
        LAUNCH: state_q <= RUN;
        RUN: begin
          step_q <= {CNT_W{1'b0}};
          if (drained) state_q <= pe_error ? DONE : write_back_i ? WRITE_BACK : NEXT;
        end
        WRITE_BACK: begin
          step_q <= step_next;
          if (step_q == written) state_q <= NEXT;
        end
        NEXT: begin
          role_q  <= role_q ^ swap_i;
          desc_q  <= desc_next;
          left_q  <= left_q - {{LIST_W{1'b0}}, 1'b1};
          state_q <= last_pass ? DONE : FETCH1;
        end
        ABORT:   state_q <= DONE;
        default: state_q <= IDLE;  // DONE
      endcase
    end
  end

  always @(posedge clk_i) begin
    if (rst_i || state_q == START) start_lost_q <= 1'b0;
    else if (start_i && busy_o) start_lost_q <= 1'b1;
  end

  wire unused = &{1'b0, step_before};

  generate
    if (LIST_DEPTH < 2 || LIST_DEPTH > 32768 || (LIST_DEPTH & (LIST_DEPTH - 1)) != 0)
    begin : g_check_list_depth
      parameter_error_LIST_DEPTH_must_be_a_power_of_two_from_2_to_32768 u_error ();
    end
  endgenerate
endmodule
