// SPDX-License-Identifier: Apache-2.0
// Load and read-back port: takes a request, passes it to all memories in the next cycle, and
// gathers the answer of a read (docs/reference/eie-format.md, section 9, has the addresses).
// Handshake: a request is taken with io_valid_i && io_ready_o, one a cycle, while the engine is
// idle; a read answers three cycles later, in order.
module eie_port (
    input  wire        clk_i,
    input  wire        rst_i,
    input  wire        idle_i,          // the engine is idle
    // host
    input  wire        io_valid_i,
    input  wire        io_write_i,
    input  wire [31:0] io_addr_i,
    input  wire [63:0] io_wdata_i,
    output wire        io_ready_o,
    output wire        io_rvalid_o,
    output wire [63:0] io_rdata_o,
    // the request, to the PEs and the control's own memories
    output wire        io_en_o,
    output wire        io_write_o,
    output wire [31:0] io_addr_o,
    output wire [63:0] io_wdata_o,
    output wire        io_list_o,       // it is for the list RAM
    output wire        io_codebook_o,   // it is for the codebook RAM
    // status word that io_addr_o names, in the cycle of the request; the memories, in the next
    input  wire [63:0] status_i,
    input  wire [63:0] list_rdata_i,
    input  wire [63:0] codebook_rdata_i,
    input  wire [63:0] io_rdata_i
);
  localparam [3:0] SPACE_LIST = 4'd5;
  localparam [3:0] SPACE_CODEBOOK = 4'd6;
  localparam [3:0] SPACE_STATUS = 4'd7;

  reg io1_valid_q;
  reg io1_write_q;
  reg [31:0] io1_addr_q;
  reg [63:0] io1_wdata_q;
  reg io2_read_q;
  reg [3:0] io2_space_q;
  reg [63:0] io2_status_q;
  reg io3_valid_q;
  reg [63:0] io3_data_q;

  wire take = io_valid_i && io_ready_o;
  wire [3:0] space = io1_addr_q[31:28];

  assign io_ready_o    = idle_i;
  assign io_rvalid_o   = io3_valid_q;
  assign io_rdata_o    = io3_data_q;
  assign io_en_o       = io1_valid_q;
  assign io_write_o    = io1_write_q;
  assign io_addr_o     = io1_addr_q;
  assign io_wdata_o    = io1_wdata_q;
  assign io_list_o     = io1_valid_q && space == SPACE_LIST;
  assign io_codebook_o = io1_valid_q && space == SPACE_CODEBOOK;

  always @(posedge clk_i) begin
    if (rst_i) begin
      io1_valid_q <= 1'b0;
      io2_read_q  <= 1'b0;
      io3_valid_q <= 1'b0;
    end else begin
      io1_valid_q <= take;
      if (take) begin
        io1_write_q <= io_write_i;
        io1_addr_q  <= io_addr_i;
        io1_wdata_q <= io_wdata_i;
      end
      io2_read_q <= io1_valid_q && !io1_write_q;
      if (io1_valid_q && !io1_write_q) begin
        io2_space_q <= space;
        if (space == SPACE_STATUS) io2_status_q <= status_i;
      end
      io3_valid_q <= io2_read_q;
      if (io2_read_q) begin
        case (io2_space_q)
          SPACE_LIST:     io3_data_q <= list_rdata_i;
          SPACE_CODEBOOK: io3_data_q <= codebook_rdata_i;
          SPACE_STATUS:   io3_data_q <= io2_status_q;
          default:        io3_data_q <= io_rdata_i;
        endcase
      end
    end
  end
endmodule
