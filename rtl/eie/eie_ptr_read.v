// SPDX-License-Identifier: Apache-2.0
// Pointer read: looks up the first and last entry of the broadcast column in this PE, one column a
// cycle, from an even and an odd bank at once (EIE, Han 2016, section IV).
// Handshake: takes b_valid_i in a cycle with advance_i, one cycle later pushes the column's range
// in a cycle with advance_i, unless the column is empty. Stands still without advance_i.
module eie_ptr_read #(
    parameter PTR_DEPTH = 16384,               // pointers in both banks together, a power of two
    parameter BANK_W = $clog2(PTR_DEPTH / 2)  // derived, do not override
) (
    input  wire              clk_i,
    input  wire              rst_i,
    // broadcast
    input  wire              advance_i,
    input  wire              b_valid_i,
    input  wire [      15:0] b_act_i,
    input  wire [BANK_W-1:0] b_even_i,
    input  wire [BANK_W-1:0] b_odd_i,
    input  wire              b_odd_first_i,
    // to the activation queue
    output wire              push_o,
    output wire [      15:0] push_act_o,
    output wire [      15:0] push_start_o,
    output wire [      15:0] push_end_o,
    // load and read-back: a pair of pointers, not in a cycle with used_o
    output wire              used_o,
    input  wire              io_en_i,
    input  wire              io_write_i,
    input  wire [BANK_W-1:0] io_addr_i,
    input  wire [      31:0] io_wdata_i,
    output wire [      31:0] io_rdata_o,
    // status
    input  wire              flags_clear_i,
    output wire              error_o,
    output wire              busy_o
);
  reg p_valid_q;
  reg [15:0] p_act_q;
  reg p_odd_first_q;
  reg error_q;

  wire lookup = b_valid_i && advance_i;
  wire [15:0] even_rdata;
  wire [15:0] odd_rdata;

  ram_1rw #(
      .WIDTH(16),
      .DEPTH(PTR_DEPTH / 2)
  ) u_even (
      .clk_i  (clk_i),
      .en_i   (lookup || io_en_i),
      .we_i   (io_en_i && io_write_i),
      .addr_i (lookup ? b_even_i : io_addr_i),
      .wdata_i(io_wdata_i[15:0]),
      .rdata_o(even_rdata)
  );

  ram_1rw #(
      .WIDTH(16),
      .DEPTH(PTR_DEPTH / 2)
  ) u_odd (
      .clk_i  (clk_i),
      .en_i   (lookup || io_en_i),
      .we_i   (io_en_i && io_write_i),
      .addr_i (lookup ? b_odd_i : io_addr_i),
      .wdata_i(io_wdata_i[31:16]),
      .rdata_o(odd_rdata)
  );

  assign push_start_o = p_odd_first_q ? odd_rdata : even_rdata;
  assign push_end_o   = p_odd_first_q ? even_rdata : odd_rdata;
  assign push_act_o   = p_act_q;
  assign push_o       = p_valid_q && advance_i && push_end_o > push_start_o;
  assign io_rdata_o   = {odd_rdata, even_rdata};
  assign error_o      = error_q;
  assign busy_o       = p_valid_q;
  // A read would replace the pointers that have still to be pushed.
  assign used_o       = lookup || (!io_write_i && p_valid_q && !advance_i);

  always @(posedge clk_i) begin
    if (rst_i) begin
      p_valid_q <= 1'b0;
      error_q   <= 1'b0;
    end else begin
      if (advance_i) p_valid_q <= b_valid_i;
      if (lookup) begin
        p_act_q <= b_act_i;
        p_odd_first_q <= b_odd_first_i;
      end
      if (flags_clear_i) error_q <= 1'b0;
      else if (p_valid_q && advance_i && push_end_o < push_start_o) error_q <= 1'b1;
    end
  end

`ifdef SPARSYS_ASSERT
  always @(posedge clk_i) begin
    if (!rst_i) assert (!(io_en_i && used_o));
  end
`endif
endmodule
