// SPDX-License-Identifier: Apache-2.0
// Unit of the sparse engine: loads its memories from the bus, stores them to it, runs its lists
// (docs/reference/top-format.md, section 4; top-units-timing.md, section 4).
// Handshakes: a command begins with start_i, its fields stay until complete_o or error_o, one cycle each;
// read and write stream as in docs/reference/top-timing.md, section 2; the engine's port is always ready,
// for its lists run only here.
// Latency: a request for memory in the cycle after start_i, the engine's start likewise.
module top_sparse #(
    parameter AXI_BYTES = 8,    // bytes of a beat: 8, 16, 32 or 64
    parameter AXI_ADDR_W = 40,  // bits of an address, 32 to 44
    parameter N_PE = 64,        // processing elements, a power of two from 1 to 256
    parameter LIST_DEPTH = 256, // descriptors of the engine's list RAM, a power of two
    parameter LIST_W = $clog2(LIST_DEPTH)  // derived, do not override
) (
    input  wire                   clk_i,
    input  wire                   rst_i,
    // command
    input  wire                   start_i,
    input  wire [            7:0] opcode_i,
    input  wire [            7:0] flags_i,
    input  wire [ AXI_ADDR_W-1:0] address_i,
    input  wire [           63:0] word2_i,
    input  wire [           63:0] word3_i,
    output wire                   complete_o,
    output wire                   error_o,
    output wire [            3:0] code_o,
    output wire [           31:0] detail_o,
    // read stream
    output wire                   r_req_valid_o,
    input  wire                   r_req_ready_i,
    output wire [ AXI_ADDR_W-1:0] r_req_addr_o,
    output wire [           31:0] r_req_beats_o,
    input  wire                   r_data_valid_i,
    output wire                   r_data_ready_o,
    input  wire [8*AXI_BYTES-1:0] r_data_i,
    // write stream
    output wire                   w_req_valid_o,
    input  wire                   w_req_ready_i,
    output wire [ AXI_ADDR_W-1:0] w_req_addr_o,
    output wire [           31:0] w_req_bytes_o,
    output wire                   w_data_valid_o,
    input  wire                   w_data_ready_i,
    output wire [8*AXI_BYTES-1:0] w_data_o,
    input  wire                   w_done_i,
    // engine
    output wire                   eie_start_o,
    output wire [     LIST_W-1:0] list_first_o,
    output wire [       LIST_W:0] list_count_o,
    input  wire                   eie_done_i,
    input  wire [            6:0] eie_flags_i,
    output wire                   io_valid_o,
    output wire                   io_write_o,
    output wire [           31:0] io_addr_o,
    output wire [           63:0] io_wdata_o,
    input  wire                   io_ready_i,
    input  wire                   io_rvalid_i,
    input  wire [           63:0] io_rdata_i
);
  `include "interface.vh"

  localparam LANES = N_PE < 4 ? N_PE : 4;
  localparam LANES_LOG2 = $clog2(LANES);
  localparam BEAT_LOG2 = $clog2(AXI_BYTES);
  localparam [31:0] DEPTH = LIST_DEPTH;
  localparam [31:0] LIST_END = 32'h7000_0005;  // the engine's status word of what ended its list

  localparam [2:0] IDLE = 3'd0;
  localparam [2:0] REQUEST = 3'd1;
  localparam [2:0] MOVE = 3'd2;
  localparam [2:0] START = 3'd3;
  localparam [2:0] RUN = 3'd4;
  localparam [2:0] FLAGS = 3'd5;
  localparam [2:0] READ = 3'd6;
  localparam [2:0] ANSWER = 3'd7;

  reg [2:0] state_q;
  reg failed_q;
  reg [31:0] total_q;

  wire load = opcode_i == OP_SPARSE_LOAD;
  wire store = opcode_i == OP_SPARSE_STORE;
  wire start = start_i && state_q == IDLE && !failed_q;
  wire spread = flags_i[SPARSE_LOAD_SPREAD];
  wire bytes = flags_i[SPARSE_LOAD_BYTES];
  wire [28:0] words = word2_i[60:32];

  // Beats to words and back.
  wire load_done;
  wire load_io_valid;
  wire store_io_valid;
  wire [31:0] load_io_addr;
  wire [31:0] store_io_addr;
  wire load_c_valid;
  wire load_c_last;
  wire [16*LANES-1:0] load_c_word;
  wire store_c_valid;
  wire [16*LANES-1:0] store_c_word;
  wire c_valid;
  wire c_last;
  wire [16*LANES-1:0] c_word;

  top_sparse_load #(
      .AXI_BYTES(AXI_BYTES),
      .N_PE     (N_PE),
      .LANES    (LANES)
  ) u_load (
      .clk_i       (clk_i),
      .rst_i       (rst_i),
      .start_i     (start && load),
      .port_i      (word2_i[31:0]),
      .words_i     (words),
      .spread_i    (spread),
      .bytes_i     (bytes),
      .done_o      (load_done),
      .data_valid_i(r_data_valid_i),
      .data_ready_o(r_data_ready_o),
      .data_i      (r_data_i),
      .c_valid_o   (load_c_valid),
      .c_last_o    (load_c_last),
      .c_word_o    (load_c_word),
      .c_valid_i   (c_valid && load),
      .c_last_i    (c_last),
      .c_word_i    (c_word),
      .io_valid_o  (load_io_valid),
      .io_addr_o   (load_io_addr),
      .io_wdata_o  (io_wdata_o)
  );

  top_sparse_store #(
      .AXI_BYTES(AXI_BYTES),
      .LANES    (LANES)
  ) u_store (
      .clk_i       (clk_i),
      .rst_i       (rst_i),
      .start_i     (w_req_valid_o && w_req_ready_i),
      .port_i      (word2_i[31:0]),
      .words_i     (words),
      .bytes_i     (bytes),
      .io_valid_o  (store_io_valid),
      .io_addr_o   (store_io_addr),
      .io_rvalid_i (io_rvalid_i),
      .io_rdata_i  (io_rdata_i),
      .c_valid_o   (store_c_valid),
      .c_word_o    (store_c_word),
      .c_valid_i   (c_valid && store),
      .c_word_i    (c_word),
      .data_valid_o(w_data_valid_o),
      .data_ready_i(w_data_ready_i),
      .data_o      (w_data_o)
  );

  top_convert #(
      .LANES(LANES)
  ) u_convert (
      .clk_i       (clk_i),
      .rst_i       (rst_i),
      .to_bytes_i  (store),
      .multiplier_i(word3_i[15:0]),
      .right_i     (word3_i[20:16]),
      .zero_i      (word3_i[31:24]),
      .valid_i     (store ? store_c_valid : load_c_valid),
      .last_i      (load_c_last),
      .word_i      (store ? store_c_word : load_c_word),
      .valid_o     (c_valid),
      .last_o      (c_last),
      .word_o      (c_word)
  );

  // Requests, and the engine's list.
  wire [15:0] first = word2_i[15:0];
  wire [15:0] count = word2_i[47:32];
  wire beyond = {16'd0, first} >= DEPTH || {16'd0, count} > DEPTH;
  wire read_status = state_q == READ;
  wire answer = state_q == ANSWER && io_rvalid_i;
  wire clean = eie_flags_i[6:1] == 6'd0;

  assign complete_o    = (state_q == MOVE && (store ? w_done_i : load_done)) ||
                         (state_q == FLAGS && clean);
  assign error_o       = answer;
  assign code_o        = ERR_SPARSE;
  assign detail_o      = io_rdata_i[31:0];
  assign r_req_valid_o = state_q == REQUEST && load;
  assign r_req_addr_o  = address_i;
  assign r_req_beats_o = {{BEAT_LOG2{1'b0}}, total_q[31:BEAT_LOG2]} +
                         {31'd0, total_q[BEAT_LOG2-1:0] != {BEAT_LOG2{1'b0}}};
  assign w_req_valid_o = state_q == REQUEST && store;
  assign w_req_addr_o  = address_i;
  assign w_req_bytes_o = total_q;
  assign eie_start_o   = state_q == START;
  assign list_first_o  = first[LIST_W-1:0];
  assign list_count_o  = beyond ? {(LIST_W + 1) {1'b1}} : count[LIST_W:0];
  assign io_valid_o    = load_io_valid || store_io_valid || read_status;
  assign io_write_o    = load_io_valid;
  assign io_addr_o     = read_status ? LIST_END : store_io_valid ? store_io_addr : load_io_addr;

  always @(posedge clk_i) begin
    if (rst_i) begin
      state_q  <= IDLE;
      failed_q <= 1'b0;
    end else begin
      case (state_q)
        IDLE: begin
          if (start) state_q <= opcode_i == OP_SPARSE_RUN ? START : REQUEST;
          if (start) total_q <= bytes ? {3'd0, words} << LANES_LOG2 : {words, 3'd0};
        end
        REQUEST: if (load ? r_req_ready_i : w_req_ready_i) state_q <= MOVE;
        MOVE: if (complete_o) state_q <= IDLE;
        START: state_q <= RUN;
        RUN: if (eie_done_i) state_q <= FLAGS;
        FLAGS: state_q <= clean ? IDLE : READ;
        READ: state_q <= ANSWER;
        default: if (answer) state_q <= IDLE;
      endcase
      if (answer) failed_q <= 1'b1;
    end
  end

`ifdef SPARSYS_ASSERT
  always @(posedge clk_i) begin
    if (!rst_i && io_valid_o && !io_ready_i) $stop;
    if (!rst_i && start_i && state_q != IDLE) $stop;
  end
`endif

  wire unused = &{1'b0, io_ready_i, flags_i[7:2], word2_i[63:61], word3_i, eie_flags_i[0]};
endmodule
