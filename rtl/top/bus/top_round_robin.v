// SPDX-License-Identifier: Apache-2.0
// Round robin between requests: the first one behind that taken last. Combinational from request_i;
// take_i takes the granted one (docs/reference/top-timing.md, 5).
module top_round_robin #(
    parameter WAYS = 5  // requests, 2 to 8
) (
    input  wire            clk_i,
    input  wire            rst_i,
    input  wire [WAYS-1:0] request_i,
    input  wire            take_i,
    output wire [WAYS-1:0] grant_o,   // one bit
    output wire [     2:0] index_o,   // its number
    output wire            any_o
);
  reg [WAYS-1:0] above_q;

  wire [7:0] all = {{(8 - WAYS) {1'b0}}, request_i};
  wire [7:0] behind = {{(8 - WAYS) {1'b0}}, request_i & above_q};
  wire [7:0] first_all, first_behind;
  wire [2:0] index_all, index_behind;
  wire wraps = behind == 8'd0;
  wire [7:0] first = wraps ? first_all : first_behind;
  wire [7:0] up_to = first | (first - 8'd1);

  find_first #(
      .WIDTH(8)
  ) u_all (
      .vector_i(all),
      .onehot_o(first_all),
      .index_o (index_all)
  );
  find_first #(
      .WIDTH(8)
  ) u_behind (
      .vector_i(behind),
      .onehot_o(first_behind),
      .index_o (index_behind)
  );

  assign grant_o = first[WAYS-1:0];
  assign index_o = wraps ? index_all : index_behind;
  assign any_o   = request_i != {WAYS{1'b0}};

  always @(posedge clk_i) begin
    if (rst_i) above_q <= {WAYS{1'b0}};
    else if (take_i && any_o) above_q <= ~up_to[WAYS-1:0];
  end

  wire unused = &{1'b0, first, up_to};

  generate
    if (WAYS < 2 || WAYS > 8) begin : g_check_ways
      parameter_error_WAYS_must_be_2_to_8 u_error ();
    end
  endgenerate
endmodule
