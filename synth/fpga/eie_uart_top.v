// SPDX-License-Identifier: Apache-2.0
// The sparse engine behind a serial line, for boards: a clock, two wires and a light. The host loads and reads
// the engine's memories and runs lists of passes by the commands of docs/method/fpga.md. Resets itself after
// configuration and on a break.
module eie_uart_top #(
    parameter CLKS_PER_BIT = 12,       // clock cycles of a bit on the line: 1 MBd at 12 MHz
    parameter N_PE = 1,                // the engine's, see eie.v
    parameter ENTRY_DEPTH = 131072,
    parameter PTR_DEPTH = 2048,
    parameter ACT_REGS = 16,
    parameter ACT_RAM_DEPTH = 1024,
    parameter QUEUE_DEPTH = 8,
    parameter ACC_WIDTH = 32,
    parameter CODEBOOKS = 16,
    parameter LIST_DEPTH = 128
) (
    input  wire clk_i,
    input  wire rx_i,
    output wire tx_o,
    output wire busy_o  // the engine runs a list
);
  localparam LIST_W = $clog2(LIST_DEPTH);
  localparam [7:0] OP_WRITE = 8'h57;
  localparam [7:0] OP_READ = 8'h52;
  localparam [7:0] OP_START = 8'h53;
  localparam [2:0] HEADER = 3'd0;
  localparam [2:0] TAKE = 3'd1;
  localparam [2:0] WRITE = 3'd2;
  localparam [2:0] READ = 3'd3;
  localparam [2:0] SEND = 3'd4;
  localparam [2:0] START = 3'd5;
  localparam [2:0] RUN = 3'd6;
  localparam [2:0] FLAGS = 3'd7;

  // FPGAs start with these at 0.
  reg [3:0] awake_q = 4'd0;
  reg rst_q = 1'b1;
  reg [2:0] state_q;
  reg [2:0] byte_q;
  reg [55:0] header_q;
  reg [63:0] data_q;
  reg asked_q;

  wire rx_valid;
  wire [7:0] rx_data;
  wire rx_break;
  wire tx_ready;
  wire done;
  wire [6:0] flags;
  wire io_ready;
  wire io_rvalid;
  wire [63:0] io_rdata;

  wire [7:0] op = header_q[7:0];
  wire [31:0] address = header_q[39:8];
  wire [15:0] count = header_q[55:40];
  wire known = rx_data == OP_WRITE || rx_data == OP_READ || rx_data == OP_START;
  // Count and address of the words to come. An address counts up in its space and, where the space
  // is one of each PE's, in its PE.
  wire [15:0] count_next = count - 16'd1;
  wire [27:0] address_sum = address[27:0] + 28'd1;
  wire of_pe = address[31:29] == 3'd0;
  wire [7:0] address_high = of_pe ? address[27:20] : address_sum[27:20];
  wire [55:0] header_next = {count_next, address[31:28], address_high, address_sum[19:0], op};

  uart_rx #(
      .CLKS_PER_BIT(CLKS_PER_BIT)
  ) u_rx (
      .clk_i  (clk_i),
      .rst_i  (!awake_q[3]),
      .rx_i   (rx_i),
      .valid_o(rx_valid),
      .data_o (rx_data),
      .break_o(rx_break)
  );

  uart_tx #(
      .CLKS_PER_BIT(CLKS_PER_BIT)
  ) u_tx (
      .clk_i  (clk_i),
      .rst_i  (rst_q),
      .valid_i(state_q == SEND || state_q == FLAGS),
      .data_i (state_q == SEND ? data_q[7:0] : {1'b0, flags}),
      .ready_o(tx_ready),
      .tx_o   (tx_o)
  );

  eie #(
      .N_PE         (N_PE),
      .ENTRY_DEPTH  (ENTRY_DEPTH),
      .PTR_DEPTH    (PTR_DEPTH),
      .ACT_REGS     (ACT_REGS),
      .ACT_RAM_DEPTH(ACT_RAM_DEPTH),
      .QUEUE_DEPTH  (QUEUE_DEPTH),
      .ACC_WIDTH    (ACC_WIDTH),
      .CODEBOOKS    (CODEBOOKS),
      .LIST_DEPTH   (LIST_DEPTH)
  ) u_eie (
      .clk_i       (clk_i),
      .rst_i       (rst_q),
      .start_i     (state_q == START),
      .abort_i     (1'b0),
      .list_first_i(address[LIST_W-1:0]),
      .list_count_i(count[LIST_W:0]),
      .busy_o      (busy_o),
      .done_o      (done),
      .flags_o     (flags),
      .io_valid_i  (state_q == WRITE || (state_q == READ && !asked_q)),
      .io_write_i  (state_q == WRITE),
      .io_addr_i   (address),
      .io_wdata_i  (data_q),
      .io_ready_o  (io_ready),
      .io_rvalid_o (io_rvalid),
      .io_rdata_o  (io_rdata)
  );

  always @(posedge clk_i) begin
    if (!awake_q[3]) awake_q <= awake_q + 4'd1;
    rst_q <= !awake_q[3] || rx_break;

    if (rst_q) begin
      state_q <= HEADER;
      byte_q  <= 3'd0;
      asked_q <= 1'b0;
    end else begin
      case (state_q)
        HEADER: begin
          // Bytes that begin no command are skipped.
          if (rx_valid && (byte_q != 3'd0 || known)) begin
            header_q <= {rx_data, header_q[55:8]};
            byte_q   <= byte_q + 3'd1;
          end
          if (byte_q == 3'd7) begin
            byte_q  <= 3'd0;
            state_q <= op == OP_START ? START : op == OP_WRITE ? TAKE : READ;
          end
        end
        TAKE: begin
          if (count == 16'd0) begin
            state_q <= FLAGS;
          end else if (rx_valid) begin
            data_q <= {rx_data, data_q[63:8]};
            byte_q <= byte_q + 3'd1;
            if (byte_q == 3'd7) state_q <= WRITE;
          end
        end
        WRITE: begin
          if (io_ready) begin
            header_q <= header_next;
            state_q  <= TAKE;
          end
        end
        READ: begin
          if (count == 16'd0 && !asked_q) state_q <= HEADER;
          else if (io_ready) asked_q <= 1'b1;
          if (io_rvalid && asked_q) begin
            asked_q  <= 1'b0;
            data_q   <= io_rdata;
            header_q <= header_next;
            state_q  <= SEND;
          end
        end
        SEND: begin
          if (tx_ready) begin
            data_q <= {8'd0, data_q[63:8]};
            byte_q <= byte_q + 3'd1;
            if (byte_q == 3'd7) state_q <= READ;
          end
        end
        START: state_q <= RUN;
        RUN: if (done) state_q <= FLAGS;
        default: if (tx_ready) state_q <= HEADER;  // FLAGS
      endcase
    end
  end
endmodule
