// SPDX-License-Identifier: Apache-2.0
// Host output: takes Write_Host operations from its queue and reads rows of the unified buffer, when
// the matrix unit does not, into a small FIFO whose head is offered to the host. A row is handed over
// with ho_valid_o && ho_ready_i; done_o is in the cycle after that of an operation's last row.
// Latency: a row read in one cycle is at the port two cycles later; one row a cycle.
module mxu_host_out #(
    parameter LANES = 256,                 // bytes in a row
    parameter UB_DEPTH = 98304,            // rows of the unified buffer
    parameter UB_W = $clog2(UB_DEPTH)      // derived, do not override
) (
    input  wire               clk_i,
    input  wire               rst_i,
    // operations
    input  wire               push_i,
    input  wire [       80:0] op_i,           // opcode's bit 0, flags, fields
    input  wire [       23:0] op_number_i,
    input  wire [       18:0] op_wait_i,
    output wire               full_o,
    input  wire [        3:0] done_i,         // a unit completes an operation
    input  wire               stop_i,
    output wire [        3:0] error_o,
    output wire [       23:0] error_number_o,
    output wire               idle_o,
    output wire               busy_o,
    output wire               done_o,
    // unified buffer
    output wire               h_re_o,
    output wire [   UB_W-1:0] h_raddr_o,
    input  wire               h_rgrant_i,
    input  wire [LANES*8-1:0] rdata_i,
    // host's stream
    output wire               ho_valid_o,
    output wire [LANES*8-1:0] ho_data_o,
    input  wire               ho_ready_i
);
  localparam [32:0] UB_LIMIT = {2'b00, UB_DEPTH[30:0]};

  reg run_q;
  reg [23:0] addr_q;
  reg [16:0] left_q;
  reg got_q;
  reg last_got_q;
  reg [2:0] rows_q;
  reg done_q;

  // Head of the queue.
  wire [39:0] op;
  wire empty;
  wire offer;
  wire can;
  wire last;
  wire [3:0] code;
  wire [3:0] blocked;

  mxu_op_queue #(
      .WIDTH(40)
  ) u_queue (
      .clk_i         (clk_i),
      .rst_i         (rst_i),
      .push_i        (push_i),
      .op_i          (op_i[39:0]),
      .number_i      (op_number_i),
      .wait_i        (op_wait_i),
      .full_o        (full_o),
      .done_i        (done_i),
      .stop_i        (stop_i),
      .empty_o       (empty),
      .op_o          (op),
      .offer_o       (offer),
      .can_i         (can),
      .code_i        (code),
      .blocked_o     (blocked),
      .error_o       (error_o),
      .error_number_o(error_number_o)
  );

  wire [15:0] op_length = op[39:24];
  wire [23:0] op_first = op[23:0];

  // Checks.
  wire error_2 = op_length == 16'd0;
  wire error_3 = {9'd0, op_first} + {17'd0, op_length} > UB_LIMIT;
  assign code = error_2 ? 4'd2 : error_3 ? 4'd3 : 4'd0;

  assign h_re_o = run_q && rows_q != 3'd4;
  wire granted = h_re_o && h_rgrant_i;
  assign last = granted && left_q == 17'd1;
  assign can = !run_q || last;
  wire load = offer && can && code == 4'd0;

  // Rows read, with a bit that tells an operation's last.
  wire rows_empty;
  wire rows_full;
  wire head_last;
  wire pop = ho_valid_o && ho_ready_i;

  fifo #(
      .WIDTH(LANES * 8 + 1),
      .DEPTH(4)
  ) u_rows (
      .clk_i  (clk_i),
      .rst_i  (rst_i),
      .push_i (got_q),
      .data_i ({last_got_q, rdata_i}),
      .pop_i  (pop),
      .head_o ({head_last, ho_data_o}),
      .empty_o(rows_empty),
      .full_o (rows_full)
  );

  assign idle_o         = !run_q && empty;
  assign busy_o         = run_q || got_q || !rows_empty || done_q;
  assign done_o         = done_q;
  assign h_raddr_o      = addr_q[UB_W-1:0];
  assign ho_valid_o     = !rows_empty;

  always @(posedge clk_i) begin
    if (rst_i) begin
      run_q  <= 1'b0;
      got_q  <= 1'b0;
      rows_q <= 3'd0;
      done_q <= 1'b0;
    end else begin
      if (load) run_q <= 1'b1;
      else if (last) run_q <= 1'b0;
      done_q <= pop && head_last;
      got_q  <= granted;
      if (granted) last_got_q <= last;
      if (granted && !pop) rows_q <= rows_q + 3'd1;
      else if (pop && !granted) rows_q <= rows_q - 3'd1;

      if (load) begin
        addr_q <= op_first;
        left_q <= {1'b0, op_length};
      end else if (granted) begin
        addr_q <= addr_q + 24'd1;
        left_q <= left_q - 17'd1;
      end
    end
  end

  wire unused = &{1'b0, op_i[80:40], addr_q, rows_full, blocked};
endmodule
