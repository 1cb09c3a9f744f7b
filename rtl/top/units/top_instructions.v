// SPDX-License-Identifier: Apache-2.0
// Beats to instructions of the matrix unit, of two words each, of which bits 95:0 count
// (docs/reference/top-units-timing.md, section 8).
// Handshakes: start_i with count_i; beats are taken with data_valid_i && data_ready_o, instructions given
// with inst_valid_o && inst_ready_i.
// Latency: a cycle from a beat to its first instruction; one a cycle, every second with beats of 8 bytes.
module top_instructions #(
    parameter AXI_BYTES = 8  // bytes of a beat: 8, 16, 32 or 64
) (
    input  wire                   clk_i,
    input  wire                   rst_i,
    input  wire                   start_i,
    input  wire [           24:0] count_i,       // instructions, 1 or more
    output wire                   empty_o,       // all have been taken
    // beats
    input  wire                   data_valid_i,
    output wire                   data_ready_o,
    input  wire [8*AXI_BYTES-1:0] data_i,
    // instructions
    output wire                   inst_valid_o,
    output wire [           95:0] inst_o,
    input  wire                   inst_ready_i
);
  localparam AT_W = AXI_BYTES > 32 ? 2 : 1;

  reg [24:0] left_q;
  reg [AT_W-1:0] at_q;
  reg valid_q;
  reg [95:0] inst_q;

  wire some = left_q != 25'd0;
  wire room = !valid_q || inst_ready_i;
  wire make;
  wire [AT_W-1:0] at_next;
  wire [95:0] inst;

  assign empty_o      = !some && !valid_q;
  assign inst_valid_o = valid_q;
  assign inst_o       = inst_q;

  generate
    if (AXI_BYTES == 8) begin : g_narrow
      reg [63:0] low_q;
      assign make         = some && at_q[0] && room && data_valid_i;
      assign at_next      = some && data_valid_i && data_ready_o ? !at_q : at_q;
      assign inst         = {data_i[31:0], low_q};
      assign data_ready_o = some && (!at_q[0] || room);
      always @(posedge clk_i) begin
        if (data_valid_i && data_ready_o && !at_q[0] && !rst_i) low_q <= data_i;
      end
      wire unused = &{1'b0, data_i[63:32]};
    end else begin : g_wide
      localparam [31:0] LAST = AXI_BYTES / 16 - 1;
      wire beat_end = at_q == LAST[AT_W-1:0] || left_q == 25'd1;
      assign make         = some && data_valid_i && room;
      assign at_next      = !make ? at_q : beat_end ? {AT_W{1'b0}} : at_q + 1'b1;
      assign data_ready_o = some && room && beat_end;
      if (AXI_BYTES == 16) assign inst = data_i[95:0];
      else assign inst = data_i[128*at_q+:96];
      wire unused = &{1'b0, data_i};
    end
  endgenerate

  always @(posedge clk_i) begin
    if (rst_i) begin
      left_q  <= 25'd0;
      valid_q <= 1'b0;
    end else begin
      if (start_i) left_q <= count_i;
      else if (make) left_q <= left_q - 25'd1;
      at_q    <= start_i ? {AT_W{1'b0}} : at_next;
      valid_q <= make || (valid_q && !inst_ready_i);
      if (make) inst_q <= inst;
    end
  end

`ifdef SPARSYS_ASSERT
  always @(posedge clk_i) begin
    if (!rst_i && start_i && !empty_o) $stop;
  end
`endif
endmodule
