// SPDX-License-Identifier: Apache-2.0
// Weights' way from the port into the array: beats of the stream (docs/reference/mxu-format.md section 7)
// are taken and checked (mxu_weight_arrival), their words go over lanes to the buses' FIFOs
// (mxu_weight_lane), and each bus makes packets of them for its four columns (mxu_weight_bus).
// swap_i takes the tile in the shadow registers into use; it comes only with loaded_o. Behind a reset
// two swaps of its own (swap_o) make all weights 0.
// Bus j does what bus 0 does 4 * j cycles later, as the swap comes to its columns so much later.
// Latency: docs/reference/mxu-timing.md sections 4 and 13.
module mxu_weights #(
    parameter ROWS = 256,        // rows of the array
    parameter COLS = 256,        // columns of the array
    parameter FIFO_WORDS = 128,  // words of a bus's FIFO, a power of two from 32 to 4096
    // derived, do not override
    parameter BUSES = (COLS + 3) / 4,
    parameter W_LANES = (BUSES + 7) / 8,
    parameter ROW_W = ROWS > 1 ? $clog2(ROWS) : 1,
    parameter PACKET_W = ROW_W + 11
) (
    input  wire                      clk_i,
    input  wire                      rst_i,           // reset or flush
    // weight memory
    input  wire                      w_valid_i,
    input  wire [    64*W_LANES-1:0] w_data_i,
    output wire                      w_ready_o,
    // fetch
    input  wire                      asked_i,         // a request is taken,
    input  wire [               4:0] beats_i,         // of so many beats
    input  wire                      expect_i,        // a Read_Weights begins
    input  wire [              41:0] expect_data_i,   // codebook, raw, tiles, beats
    output wire                      expect_full_o,
    output wire                      room_o,          // there is a place for 16 more beats
    output wire                      owed_o,          // beats asked for are not all in the FIFOs
    output wire                      full_o,          // nothing moves any more without a swap
    // array
    input  wire                      swap_i,
    output wire                      swap_o,
    output wire [PACKET_W*BUSES-1:0] packet_o,
    // state
    output wire                      loaded_o,        // the shadow registers hold a tile, or will in time
    output wire                      shadow_o,        // no bus waits for a word
    output wire [               3:0] error_o,
    output wire [              23:0] error_number_o,
    output wire [               7:0] error_bus_o
);
  localparam LEVEL_W = $clog2(FIFO_WORDS + 1);
  localparam LINE = 4 * BUSES - 3;
  localparam STILL_W = $clog2(4 * BUSES + 1);
  localparam [31:0] STILL_32 = 4 * BUSES;

  reg [1:0] clear_q;
  reg [LINE-1:0] line_q;
  reg loaded_q;
  reg room_q;
  reg lack_q;
  reg [STILL_W-1:0] still_q;

  wire take, go, book, header, raw, step, headed;
  wire [LEVEL_W-1:0] pending;
  wire [W_LANES-1:0] rest;
  wire [W_LANES-1:0] bad;
  wire [3*W_LANES-1:0] bad_n;
  wire [67*W_LANES-1:0] word;
  wire [BUSES-1:0] we;
  wire [BUSES-1:0] ready;
  wire [BUSES-1:0] waits;
  wire [BUSES-1:0] fit;
  wire [BUSES-1:0] fault;

  mxu_weight_arrival #(
      .W_LANES   (W_LANES),
      .FIFO_WORDS(FIFO_WORDS)
  ) u_arrival (
      .clk_i         (clk_i),
      .rst_i         (rst_i),
      .asked_i       (asked_i),
      .beats_i       (beats_i),
      .expect_i      (expect_i),
      .expect_data_i (expect_data_i),
      .expect_full_o (expect_full_o),
      .pending_o     (pending),
      .w_valid_i     (w_valid_i),
      .w_ready_o     (w_ready_o),
      .take_o        (take),
      .go_o          (go),
      .book_o        (book),
      .header_o      (header),
      .raw_o         (raw),
      .rest_i        (rest),
      .step_o        (step),
      .headed_o      (headed),
      .bad_i         (bad),
      .bad_n_i       (bad_n),
      .error_o       (error_o),
      .error_number_o(error_number_o),
      .error_bus_o   (error_bus_o)
  );

  genvar l, j;
  generate
    for (l = 0; l < W_LANES; l = l + 1) begin : g_lane
      localparam N = (BUSES - l + W_LANES - 1) / W_LANES;
      wire [N-1:0] lane_we;
      mxu_weight_lane #(
          .ROWS(ROWS),
          .N   (N)
      ) u_lane (
          .clk_i   (clk_i),
          .rst_i   (rst_i),
          .take_i  (take),
          .data_i  (w_data_i[64*l+:64]),
          .go_i    (go),
          .book_i  (book),
          .header_i(header),
          .raw_i   (raw),
          .rest_o  (rest[l]),
          .step_i  (step),
          .headed_i(headed),
          .bad_o   (bad[l]),
          .bad_n_o (bad_n[3*l+:3]),
          .we_o    (lane_we),
          .word_o  (word[67*l+:67])
      );
      for (j = 0; j < N; j = j + 1) begin : g_we
        assign we[l+j*W_LANES] = lane_we[j];
      end
    end

    for (j = 0; j < BUSES; j = j + 1) begin : g_bus
      mxu_weight_bus #(
          .ROWS      (ROWS),
          .FIFO_WORDS(FIFO_WORDS)
      ) u_bus (
          .clk_i       (clk_i),
          .rst_i       (rst_i),
          .we_i        (we[j]),
          .word_i      (word[67*(j%W_LANES)+:67]),
          .swap_i      (swap_i),
          .ahead_open_i(line_q[0]),
          .open_i      (line_q[4*j]),
          .ready_o     (ready[j]),
          .wait_o      (waits[j]),
          .pending_i   (pending),
          .fit_o       (fit[j]),
          .packet_o    (packet_o[PACKET_W*j+:PACKET_W]),
          .fault_o     (fault[j])
      );
    end

    if (LINE > 1) begin : g_line
      always @(posedge clk_i) begin
        if (rst_i) line_q[LINE-1:1] <= {(LINE - 1) {1'b0}};
        else line_q[LINE-1:1] <= line_q[LINE-2:0];
      end
    end
    if (FIFO_WORDS < 32 || FIFO_WORDS > 4096 || (FIFO_WORDS & (FIFO_WORDS - 1)) != 0) begin : g_check_fifo_words
      parameter_error_FIFO_WORDS_must_be_a_power_of_two_from_32_to_4096 u_error ();
    end
  endgenerate

  assign swap_o   = swap_i || clear_q != 2'd0;
  assign loaded_o = loaded_q;
  assign room_o   = room_q;
  assign shadow_o = !lack_q;
  assign owed_o   = pending != {LEVEL_W{1'b0}};
  assign full_o   = loaded_q && still_q == {STILL_W{1'b0}} && !room_q && !owed_o;

  always @(posedge clk_i) begin
    clear_q <= {clear_q[0] && !rst_i, rst_i};
    if (rst_i) begin
      line_q[0] <= 1'b0;
      loaded_q  <= 1'b0;
      room_q    <= 1'b0;
      lack_q    <= 1'b0;
      still_q   <= {STILL_W{1'b0}};
    end else begin
      line_q[0] <= swap_i || clear_q[1];
      loaded_q  <= !swap_i && ready == {BUSES{1'b1}};
      room_q    <= fit == {BUSES{1'b1}};
      lack_q    <= waits != {BUSES{1'b0}};
      if (!loaded_q || swap_i || owed_o) still_q <= STILL_32[STILL_W-1:0];
      else if (still_q != {STILL_W{1'b0}}) still_q <= still_q - 1'b1;
    end
  end

  wire unused = &{1'b0, fault};

`ifdef SPARSYS_ASSERT
  always @(posedge clk_i) begin
    if (!rst_i) begin
      assert (!(swap_i && !loaded_q));
      assert (fault == {BUSES{1'b0}});
    end
  end
`endif
endmodule
