// SPDX-License-Identifier: Apache-2.0
// The next burst of a request: up to the next multiple of BURST_BEATS or to the request's end, and
// where the one behind it begins. Combinational. So no burst crosses a page of 4 KiB.
module top_burst #(
    parameter BEAT_W = 37,                 // bits of a beat's number
    parameter LEFT_W = 32,                 // bits of the beats left
    parameter BURST_BEATS = 16,            // beats of a burst at most: 2, 4, 8 or 16
    parameter BB = $clog2(BURST_BEATS)     // derived, do not override
) (
    input  wire [BEAT_W-1:0] addr_i,
    input  wire [LEFT_W-1:0] left_i,    // 1 or more
    output wire [    BB-1:0] len_o,     // beats minus 1
    output wire              last_o,    // it ends the request
    // of a burst of taken_i + 1 beats
    input  wire [    BB-1:0] taken_i,
    output wire [LEFT_W-1:0] left_o,
    output wire [BEAT_W-1:0] next_o     // the next multiple of BURST_BEATS
);
  // To the next multiple are ~low + 1 beats.
  wire [BB-1:0] to_end = ~addr_i[BB-1:0];
  wire [BB:0] left_low = left_i[BB:0];
  wire [BB:0] left_less = left_low - {{BB{1'b0}}, 1'b1};
  wire [BEAT_W-BB-1:0] page;

  assign last_o = left_i[LEFT_W-1:BB+1] == {(LEFT_W - BB - 1) {1'b0}} && left_less <= {1'b0, to_end};
  assign len_o  = last_o ? left_less[BB-1:0] : to_end;
  assign next_o = {page, {BB{1'b0}}};

  adder #(
      .WIDTH(LEFT_W),
      .BLOCK(8)
  ) u_left (
      .a_i    (left_i),
      .b_i    (~{{(LEFT_W - BB) {1'b0}}, taken_i}),
      .carry_i(1'b0),
      .sum_o  (left_o)
  );
  adder #(
      .WIDTH(BEAT_W - BB),
      .BLOCK(8)
  ) u_next (
      .a_i    (addr_i[BEAT_W-1:BB]),
      .b_i    ({(BEAT_W - BB) {1'b0}}),
      .carry_i(1'b1),
      .sum_o  (page)
  );
endmodule
