// SPDX-License-Identifier: Apache-2.0
// Weight fetch and the weights' way to the array, small, with any operations, memory, stream and swaps,
// for synth/checks/mxu_control.py:
//  - a beat is taken exactly while one is due that was asked for, and what is due is counted,
//  - no bus gets a word for which its FIFO has no place,
//  - a request that is offered stays, and crosses no multiple of 16 beats.
module mxu_weight_room #(
    parameter ROWS = 2,
    parameter COLS = 5  // two buses
) (
    input wire        clk_i,
    input wire        rst_i,
    input wire        push_i,
    input wire [73:0] op_i,
    input wire        stop_i,
    input wire        wm_ready_i,
    input wire        w_valid_i,
    input wire [63:0] w_data_i,
    input wire        swap_i
);
  localparam [6:0] WORDS = 32;

  wire fetch_full, idle, busy, room, owed, w_full, asked, wm_valid, w_ready, loaded;
  wire expect_begin, expect_full;
  wire [41:0] expect_data;
  wire [31:0] addr;
  wire [4:0] beats;

  mxu_weight_fetch u_fetch (
      .clk_i        (clk_i),
      .rst_i        (rst_i),
      .push_i       (push_i),
      .op_i         (op_i),
      .full_o       (fetch_full),
      .stop_i       (stop_i),
      .idle_o       (idle),
      .busy_o       (busy),
      .room_i       (room),
      .owed_i       (owed),
      .w_full_i     (w_full),
      .expect_full_i(expect_full),
      .expect_o     (expect_begin),
      .expect_data_o(expect_data),
      .asked_o      (asked),
      .wm_valid_o   (wm_valid),
      .wm_addr_o    (addr),
      .wm_beats_o   (beats),
      .wm_ready_i   (wm_ready_i)
  );
  mxu_weights #(
      .ROWS      (ROWS),
      .COLS      (COLS),
      .FIFO_WORDS(32)
  ) u_weights (
      .clk_i         (clk_i),
      .rst_i         (rst_i),
      .w_valid_i     (w_valid_i),
      .w_data_i      (w_data_i),
      .w_ready_o     (w_ready),
      .asked_i       (asked),
      .beats_i       (beats),
      .expect_i      (expect_begin),
      .expect_data_i (expect_data),
      .expect_full_o (expect_full),
      .room_o        (room),
      .owed_o        (owed),
      .full_o        (w_full),
      .swap_i        (swap_i),
      .swap_o        (),
      .packet_o      (),
      .loaded_o      (loaded),
      .shadow_o      (),
      .error_o       (),
      .error_number_o(),
      .error_bus_o   ()
  );

  // Registers of the two, by name.
  (* hierconn *) wire [1:0] \u_fetch.hold_q ;
  (* hierconn *) wire [5:0] \u_weights.u_arrival.pending_q ;
  (* hierconn *) wire \u_weights.u_arrival.beat_q ;
  (* hierconn *) wire \u_weights.u_arrival.through_q ;
  (* hierconn *) wire \u_weights.u_arrival.step_q ;
  (* hierconn *) wire [5:0] \u_weights.g_bus[0].u_bus.u_reader.level_q ;
  (* hierconn *) wire \u_weights.g_bus[0].u_bus.fit_q ;
  (* hierconn *) wire \u_weights.g_bus[0].u_bus.we_i ;
  (* hierconn *) wire [5:0] \u_weights.g_bus[1].u_bus.u_reader.level_q ;
  (* hierconn *) wire \u_weights.g_bus[1].u_bus.fit_q ;
  (* hierconn *) wire \u_weights.g_bus[1].u_bus.we_i ;

  // Counted at the ports: beats due.
  reg [5:0] due_q;
  reg offered_q;
  reg [31:0] addr_q;
  reg [4:0] beats_q;
  reg begun_q = 1'b0;
  wire taken = w_valid_i && w_ready;
  wire [6:0] pending = {1'b0, \u_weights.u_arrival.pending_q };
  wire [13:0] level = {1'b0, \u_weights.g_bus[1].u_bus.u_reader.level_q ,
                       1'b0, \u_weights.g_bus[0].u_bus.u_reader.level_q };
  wire [1:0] fit = {\u_weights.g_bus[1].u_bus.fit_q , \u_weights.g_bus[0].u_bus.fit_q };
  wire [1:0] we = {\u_weights.g_bus[1].u_bus.we_i , \u_weights.g_bus[0].u_bus.we_i };
  integer j;

  always @(posedge clk_i) begin
    begun_q <= 1'b1;
    assume (begun_q || rst_i);
    assume (!(push_i && fetch_full));
    assume (!swap_i || loaded);
    if (rst_i) begin
      due_q     <= 6'd0;
      offered_q <= 1'b0;
    end else begin
      due_q     <= due_q + (asked ? {1'b0, beats} : 6'd0) - {5'd0, taken};
      offered_q <= wm_valid && !wm_ready_i;
      addr_q    <= addr;
      beats_q   <= beats;
    end
    if (begun_q && !rst_i) begin
      assert (w_ready == (due_q != 6'd0));
      assert (!offered_q || (wm_valid && addr == addr_q && beats == beats_q));
      assert (!wm_valid || {2'd0, addr[3:0]} + {1'b0, beats} <= 6'd16);
      if (w_full) assert (!room && !owed);
      // What the above follows from.
      assert (pending == {1'b0, due_q} + {6'd0, \u_weights.u_arrival.beat_q } + {6'd0, \u_weights.u_arrival.through_q });
      assert (!\u_weights.u_arrival.step_q || \u_weights.u_arrival.through_q );
      // Of each bus, words and beats that may bring one more; room is told only if 16 more fit.
      for (j = 0; j < 2; j = j + 1) begin
        assert (level[7*j+:7] + pending <= WORDS);
        assert (!(we[j] && level[7*j+:7] == WORDS));
        if ((fit[j] && \u_fetch.hold_q != 2'd2) || (room && \u_fetch.hold_q == 2'd0)) begin
          assert (level[7*j+:7] + pending + 7'd16 <= WORDS);
        end
      end
    end
  end
endmodule
