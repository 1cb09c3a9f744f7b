// SPDX-License-Identifier: Apache-2.0
// Host input: takes Read_Host operations from its queue and writes the rows of the host's stream to
// the unified buffer or, as planes, to the parameter sets. A row is taken with
// hi_valid_i && hi_ready_o and written in that cycle; done_o is in the cycle after an operation's
// last row.
module mxu_host_in #(
    parameter LANES = 256,                 // bytes in a row
    parameter UB_DEPTH = 98304,            // rows of the unified buffer
    parameter PARAM_SETS = 64,             // parameter sets
    parameter UB_W = $clog2(UB_DEPTH),     // derived, do not override
    parameter SET_W = $clog2(PARAM_SETS)  // derived, do not override
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
    // host's stream
    input  wire               hi_valid_i,
    input  wire [LANES*8-1:0] hi_data_i,
    output wire               hi_ready_o,
    output wire [       16:0] hi_asked_o,     // rows asked for that have not come
    // unified buffer
    output wire               h_we_o,
    output wire [   UB_W-1:0] h_waddr_o,
    output wire [LANES*8-1:0] h_wdata_o,
    input  wire               h_wgrant_i,
    // parameters
    output wire               p_we_o,
    output wire [        3:0] p_plane_o,
    output wire [  SET_W-1:0] p_set_o,
    output wire [LANES*8-1:0] p_data_o
);
  localparam [32:0] UB_LIMIT = {2'b00, UB_DEPTH[30:0]};
  localparam [31:0] SETS_32 = PARAM_SETS;
  localparam [20:0] SETS = SETS_32[20:0];

  reg run_q;
  reg param_q;
  reg [23:0] addr_q;
  reg [16:0] left_q;
  reg done_q;

  // Head of the queue.
  wire [40:0] op;
  wire empty;
  wire offer;
  wire can;
  wire last;
  wire [3:0] code;
  wire [3:0] blocked;

  mxu_op_queue #(
      .WIDTH(41)
  ) u_queue (
      .clk_i         (clk_i),
      .rst_i         (rst_i),
      .push_i        (push_i),
      .op_i          ({op_i[72], op_i[39:0]}),
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

  wire op_param = op[40];
  wire [15:0] op_length = op[39:24];
  wire [23:0] op_first = op[23:0];

  // Checks.
  wire error_2 = op_length == 16'd0;
  wire error_3 = !op_param && {9'd0, op_first} + {17'd0, op_length} > UB_LIMIT;
  wire error_5 = op_param && ({13'd0, op_first[3:0]} + {1'b0, op_length} > 17'd9 ||
                              {1'b0, op_first[23:4]} >= SETS);
  assign code = error_2 ? 4'd2 : error_3 ? 4'd3 : error_5 ? 4'd5 : 4'd0;

  wire row = hi_valid_i && hi_ready_o;
  assign last = row && left_q == 17'd1;
  assign can = !run_q || last;
  wire load = offer && can && code == 4'd0;

  assign idle_o         = !run_q && empty;
  assign busy_o         = run_q || done_q;
  assign done_o         = done_q;
  assign hi_ready_o     = run_q && (param_q || h_wgrant_i);
  assign hi_asked_o     = run_q ? left_q : 17'd0;
  assign h_we_o         = run_q && !param_q && hi_valid_i;
  assign h_waddr_o      = addr_q[UB_W-1:0];
  assign h_wdata_o      = hi_data_i;
  assign p_we_o         = run_q && param_q && hi_valid_i;
  assign p_plane_o      = addr_q[3:0];
  assign p_set_o        = addr_q[4+:SET_W];
  assign p_data_o       = hi_data_i;

  always @(posedge clk_i) begin
    if (rst_i) begin
      run_q  <= 1'b0;
      done_q <= 1'b0;
    end else begin
      if (load) run_q <= 1'b1;
      else if (last) run_q <= 1'b0;
      done_q <= last;

      if (load) begin
        param_q <= op_param;
        addr_q  <= op_first;
        left_q  <= {1'b0, op_length};
      end else if (row) begin
        addr_q <= addr_q + 24'd1;
        left_q <= left_q - 17'd1;
      end
    end
  end

  wire unused = &{1'b0, op_i[80:73], op_i[71:40], blocked};
endmodule
