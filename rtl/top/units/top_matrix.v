// SPDX-License-Identifier: Apache-2.0
// Unit of the matrix unit's programs: reads instructions, hands them over, resumes the unit behind each Halt,
// tells its end and its errors (docs/reference/top-format.md, section 4; top-units-timing.md, section 9).
// Handshakes: a command begins with start_i, its fields stay until complete_o or error_o, one cycle each;
// read stream as in docs/reference/top-timing.md, section 2; the matrix unit's ports as in mxu.
// Latency: a request for instructions in the cycle after start_i.
module top_matrix #(
    parameter AXI_BYTES = 8,   // bytes of a beat: 8, 16, 32 or 64
    parameter AXI_ADDR_W = 40  // bits of an address, 32 to 44
) (
    input  wire                   clk_i,
    input  wire                   rst_i,
    // command
    input  wire                   start_i,
    input  wire [ AXI_ADDR_W-1:0] address_i,
    input  wire [           31:0] count_i,        // instructions
    output wire                   complete_o,
    output wire                   error_o,
    output wire [            3:0] code_o,
    output wire [           31:0] detail_o,
    // read stream of the instructions
    output wire                   r_req_valid_o,
    input  wire                   r_req_ready_i,
    output wire [ AXI_ADDR_W-1:0] r_req_addr_o,
    output wire [           31:0] r_req_beats_o,
    input  wire                   r_data_valid_i,
    output wire                   r_data_ready_o,
    input  wire [8*AXI_BYTES-1:0] r_data_i,
    // weights
    output wire                   run_o,          // a program runs
    input  wire                   over_i,         // it asks for more than there is,
    input  wire [           31:0] over_beat_i,    // from this beat on
    // matrix unit
    output wire                   inst_valid_o,
    output wire [           95:0] inst_o,
    input  wire                   inst_ready_i,
    output wire                   resume_o,
    output wire [            3:0] status_o,
    input  wire [           47:0] status_i,
    input  wire                   busy_i,
    input  wire                   error_i,
    input  wire                   halted_i,
    output wire                   active_o        // its array was active
);
  `include "interface.vh"

  localparam [3:0] WORD_ACTIVE = 4'd1;  // the matrix unit's status words
  localparam [3:0] WORD_ERROR = 4'd8;

  localparam [2:0] IDLE = 3'd0;
  localparam [2:0] REQUEST = 3'd1;
  localparam [2:0] RUN = 3'd2;
  localparam [2:0] ERROR = 3'd3;
  localparam [2:0] FAILED = 3'd4;

  reg [2:0] state_q;
  reg weights_q;
  reg count_q;

  wire start = start_i && state_q == IDLE;
  wire run = state_q == RUN;
  wire empty;

  top_instructions #(
      .AXI_BYTES(AXI_BYTES)
  ) u_instructions (
      .clk_i       (clk_i),
      .rst_i       (rst_i),
      .start_i     (start),
      .count_i     (count_i[24:0]),
      .empty_o     (empty),
      .data_valid_i(r_data_valid_i),
      .data_ready_o(r_data_ready_o),
      .data_i      (r_data_i),
      .inst_valid_o(inst_valid_o),
      .inst_o      (inst_o),
      .inst_ready_i(inst_ready_i)
  );

  generate
    if (AXI_BYTES == 8) begin : g_two_beats
      assign r_req_beats_o = {count_i[30:0], 1'b0};
    end else if (AXI_BYTES == 16) begin : g_beat
      assign r_req_beats_o = count_i;
    end else begin : g_part
      localparam PER_BEAT_LOG2 = $clog2(AXI_BYTES / 16);
      assign r_req_beats_o = {{PER_BEAT_LOG2{1'b0}}, count_i[31:PER_BEAT_LOG2]} +
                             {31'd0, count_i[PER_BEAT_LOG2-1:0] != {PER_BEAT_LOG2{1'b0}}};
    end
  endgenerate

  assign complete_o    = run && empty && !busy_i && !halted_i && !error_i && !over_i;
  assign error_o       = state_q == ERROR;
  assign code_o        = weights_q ? ERR_WEIGHTS : ERR_MATRIX;
  assign detail_o      = weights_q ? over_beat_i : status_i[31:0];
  assign r_req_valid_o = state_q == REQUEST;
  assign r_req_addr_o  = address_i;
  assign run_o         = run;
  assign resume_o      = run && halted_i && !error_i;
  assign status_o      = state_q == ERROR ? WORD_ERROR : WORD_ACTIVE;
  assign active_o      = count_q != status_i[0];

  always @(posedge clk_i) begin
    count_q <= status_i[0];
    if (rst_i) begin
      state_q <= IDLE;
    end else begin
      case (state_q)
        IDLE: if (start) state_q <= REQUEST;
        REQUEST: if (r_req_ready_i) state_q <= RUN;
        RUN: begin
          weights_q <= !error_i;
          if (error_i || over_i) state_q <= ERROR;
          else if (complete_o) state_q <= IDLE;
        end
        ERROR: state_q <= FAILED;
        default: state_q <= FAILED;
      endcase
    end
  end

`ifdef SPARSYS_ASSERT
  always @(posedge clk_i) begin
    if (!rst_i && start_i && state_q != IDLE) $stop;
  end
`endif

  wire unused = &{1'b0, count_i, status_i};
endmodule
