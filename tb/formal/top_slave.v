// SPDX-License-Identifier: Apache-2.0
// The AXI4-Lite slave with any master and control, for synth/checks/top_bus.py: a response comes only to
// a request and stays as it is until it is taken; each request gets its own, in at most three cycles
// if the one before was taken; a write in error changes nothing.
module top_slave (
    input wire         clk_i,
    input wire         rst_i,
    input wire         arvalid_i,
    input wire [ 11:0] araddr_i,
    input wire         rready_i,
    input wire         awvalid_i,
    input wire [ 11:0] awaddr_i,
    input wire         wvalid_i,
    input wire [ 31:0] wdata_i,
    input wire [  3:0] wstrb_i,
    input wire         bready_i,
    input wire         run_i,
    input wire [  2:0] irq_set_i,
    input wire         soft_reset_i,
    input wire [ 31:0] head_i
);
  wire arready, rvalid, awready, wready, bvalid, control_we, tail_we, counters_clear;
  wire [31:0] rdata, page;
  wire [1:0] rresp, bresp;

  top_registers u_registers (
      .clk_i(clk_i), .rst_i(rst_i), .s_arvalid_i(arvalid_i), .s_arready_o(arready), .s_araddr_i(araddr_i),
      .s_rvalid_o(rvalid), .s_rready_i(rready_i), .s_rdata_o(rdata), .s_rresp_o(rresp),
      .s_awvalid_i(awvalid_i), .s_awready_o(awready), .s_awaddr_i(awaddr_i), .s_wvalid_i(wvalid_i),
      .s_wready_o(wready), .s_wdata_i(wdata_i), .s_wstrb_i(wstrb_i), .s_bvalid_o(bvalid),
      .s_bready_i(bready_i), .s_bresp_o(bresp), .irq_o(), .control_we_o(control_we), .control_o(),
      .tail_we_o(tail_we), .tail_o(), .ring_page_o(page), .ring_log2_o(), .watchdog_o(), .window_first_o(),
      .window_last_o(), .counters_clear_o(counters_clear), .run_i(run_i), .status_i({5'd0, run_i}),
      .error_code_i(8'd0), .error_channel_i(8'd0), .error_command_i(32'd0), .error_detail_i(32'd0),
      .error_page_i(32'd0), .head_i(head_i), .fence_i(32'd0), .irq_set_i(irq_set_i),
      .soft_reset_i(soft_reset_i), .counters_i(224'd0)
  );

  reg begun_q = 1'b0;
  reg [1:0] reads_q, addresses_q, datas_q;  // taken and not answered
  reg r_waits_q, b_waits_q, r_error_q, b_error_q, rises_q, wrote_q, partial_q;
  reg [31:0] rdata_q, page_q;
  reg [2:0] read_due_q, write_due_q;
  wire takes_r = rvalid && rready_i;
  wire takes_b = bvalid && bready_i;

  always @(posedge clk_i) begin
    begun_q <= 1'b1;
    assume (begun_q || rst_i);
    if (rst_i) begin
      reads_q     <= 2'd0;
      addresses_q <= 2'd0;
      datas_q     <= 2'd0;
    end else begin
      reads_q     <= reads_q + {1'b0, arvalid_i && arready} - {1'b0, takes_r};
      addresses_q <= addresses_q + {1'b0, awvalid_i && awready} - {1'b0, takes_b};
      datas_q     <= datas_q + {1'b0, wvalid_i && wready} - {1'b0, takes_b};
    end
    read_due_q  <= rst_i || rvalid || reads_q == 2'd0 ? 3'd0 : read_due_q + 3'd1;
    write_due_q <= rst_i || bvalid || addresses_q == 2'd0 || datas_q == 2'd0 ? 3'd0 : write_due_q + 3'd1;
    r_waits_q   <= !rst_i && rvalid && !rready_i;
    b_waits_q   <= !rst_i && bvalid && !bready_i;
    r_error_q   <= rresp[1];
    rdata_q     <= rdata;
    b_error_q   <= bresp[1];
    page_q      <= rst_i ? 32'd0 : page;
    rises_q     <= rst_i || !bvalid;  // a response in this cycle is new
    if (wvalid_i && wready) partial_q <= wstrb_i != 4'b1111;
    wrote_q     <= !rst_i && (control_we || tail_we || counters_clear);
    if (begun_q && !rst_i) begin
      if (rvalid) assert (reads_q != 2'd0);
      if (bvalid) assert (addresses_q != 2'd0 && datas_q != 2'd0);
      if (r_waits_q) assert (rvalid && rdata == rdata_q && rresp[1] == r_error_q);
      if (b_waits_q) assert (bvalid && bresp[1] == b_error_q);
      assert (read_due_q <= 3'd1 && write_due_q <= 3'd2);
      assert (reads_q <= 2'd2 && addresses_q <= 2'd2 && datas_q <= 2'd2);
      // Written only where the response says so, and whole words only.
      if (bvalid && rises_q && partial_q) assert (bresp[1]);
      if (wrote_q) assert (bvalid && rises_q && !bresp[1]);
      if (page != page_q) assert (bvalid && rises_q && !bresp[1]);
    end
  end
endmodule
