// SPDX-License-Identifier: Apache-2.0
// The activation unit's pipeline: banks of lanes, which do the same one after the other, a cycle apart,
// so that nothing drives more than one bank; and the rows that they finish, put side by side for the
// unified buffer. With fewer lanes than columns each bank's columns take turns at its lanes.
// Latency: a window is written in cycle 15 + COLS / TILE_COLS behind the one of its last position, in
// the last turn.
module mxu_lane_banks #(
    parameter COLS = 256,              // columns of the array
    parameter LANES = 256,             // bytes in a row of the unified buffer, at least COLS
    parameter TILE_COLS = 32,          // columns of a bank, a divisor of COLS
    parameter UB_DEPTH = 98304,        // rows of the unified buffer
    parameter DIGIT = 8,               // bits of a digit of products
    parameter TURNS = 1,               // columns to a lane, a divisor of TILE_COLS
    parameter UB_W = $clog2(UB_DEPTH),  // derived, do not override
    parameter TURN_W = TURNS > 1 ? $clog2(TURNS) : 1  // derived, do not override
) (
    input  wire               clk_i,
    input  wire               rst_i,
    // an operation begins, while nothing is in the pipeline
    input  wire               load_i,
    input  wire [   UB_W-1:0] row_i,         // of its first result
    // a window position
    input  wire               valid_i,
    input  wire               inside_i,      // in the map
    input  wire               first_i,       // of its window
    input  wire               last_i,
    input  wire               end_i,         // the operation's last
    input  wire [ TURN_W-1:0] turn_i,        // whose columns it is for,
    input  wire               turn_last_i,   // the last ones
    input  wire [      103:0] op_i,          // constants of the operation, as in mxu_activation
    // stages 1 and 2 of each bank
    input  wire [COLS*32-1:0] acc_i,
    input  wire [COLS*32-1:0] bias_i,
    input  wire [COLS*32-1:0] multiplier_i,
    input  wire [ COLS*6-1:0] shift_i,
    output wire               empty_o,       // nothing in any stage of the first bank
    output wire               busy_o,        // rows under way
    output wire               end_o,         // the operation's last row is written
    output wire               we_o,
    output wire [   UB_W-1:0] waddr_o,
    output wire [LANES*8-1:0] wdata_o
);
  localparam NB = COLS / TILE_COLS;
  localparam N = TURNS < 1 || TURNS > TILE_COLS ? 1 : TILE_COLS / TURNS;  // lanes of a bank

  // Beside the first bank's stages.
  reg [14:0] line_valid_q;
  reg [14:0] line_last_q;
  reg [14:0] line_end_q;
  // Behind them, until the last bank is there too.
  reg [UB_W-1:0] row_q;
  reg [NB-1:0] write_q;
  reg [NB-1:0] write_end_q;
  reg [NB*UB_W-1:0] write_row_q;

  wire finished = line_valid_q[14] && line_last_q[14];
  wire whole;          // of all columns
  wire [NB-1:0] part;  // a bank's columns of a turn are finished

  assign empty_o = line_valid_q == 15'd0;
  assign busy_o  = !empty_o || write_q != {NB{1'b0}};
  assign we_o    = write_q[NB-1];
  assign end_o   = write_q[NB-1] && write_end_q[NB-1];
  assign waddr_o = write_row_q[(NB-1)*UB_W+:UB_W];

  // Entry 0 lowest.
  wire [NB:0] write = {write_q, finished && whole};
  wire [NB:0] write_end = {write_end_q, line_end_q[14]};
  wire [(NB+1)*UB_W-1:0] write_row = {write_row_q, row_q};

  always @(posedge clk_i) begin
    line_last_q <= {line_last_q[13:0], last_i};
    line_end_q  <= {line_end_q[13:0], end_i};
    write_end_q <= write_end[NB-1:0];
    write_row_q <= write_row[NB*UB_W-1:0];
    if (rst_i) begin
      line_valid_q <= 15'd0;
      write_q      <= {NB{1'b0}};
    end else begin
      line_valid_q <= {line_valid_q[13:0], valid_i};
      if (load_i) row_q <= row_i;
      else if (finished && whole) row_q <= row_q + 1'b1;
      write_q      <= write[NB-1:0];
    end
  end

  // What goes from bank to bank.
  wire [NB:0] valid;
  wire [NB:0] in_map;
  wire [NB:0] first;
  wire [NB:0] last;
  wire [(NB+1)*104-1:0] op;
  wire [(NB+1)*TURN_W-1:0] turn;
  assign valid[0]   = valid_i;
  assign in_map[0]  = inside_i;
  assign first[0]   = first_i;
  assign last[0]    = last_i;
  assign op[0+:104] = op_i;
  assign turn[0+:TURN_W] = turn_i;

  genvar j;
  generate
    if (TURNS == 1) begin : g_whole
      assign whole = 1'b1;
      assign part  = {NB{1'b0}};
      wire unused = &{1'b0, turn_last_i};
    end else begin : g_turns
      reg [14:0] line_turn_q;
      reg [NB-1:0] part_q;
      wire [NB:0] parts = {part_q, finished};
      assign whole = line_turn_q[14];
      assign part  = part_q;
      always @(posedge clk_i) begin
        line_turn_q <= {line_turn_q[13:0], turn_last_i};
        if (rst_i) part_q <= {NB{1'b0}};
        else part_q <= parts[NB-1:0];
      end
      wire unused = &{1'b0, parts[NB]};
    end
    for (j = 0; j < NB; j = j + 1) begin : g_bank
      localparam STAGES = NB - 1 - j;
      wire [TILE_COLS*8-1:0] out;
      wire [N*32-1:0] acc;
      wire [N*32-1:0] bias;
      wire [N*32-1:0] multiplier;
      wire [N*6-1:0] shift;
      wire [N*8-1:0] lanes_out;
      if (TURNS == 1) begin : g_direct
        assign acc                          = acc_i[32*TILE_COLS*j+:32*TILE_COLS];
        assign bias                         = bias_i[32*TILE_COLS*j+:32*TILE_COLS];
        assign multiplier                   = multiplier_i[32*TILE_COLS*j+:32*TILE_COLS];
        assign shift                        = shift_i[6*TILE_COLS*j+:6*TILE_COLS];
        assign out                          = lanes_out;
        assign turn[TURN_W*(j+1)+:TURN_W]   = turn[TURN_W*j+:TURN_W];
      end else begin : g_turns
        mxu_lane_turns #(
            .COLS (TILE_COLS),
            .TURNS(TURNS)
        ) u_turns (
            .clk_i       (clk_i),
            .turn_i      (turn[TURN_W*j+:TURN_W]),
            .turn_o      (turn[TURN_W*(j+1)+:TURN_W]),
            .acc_i       (acc_i[32*TILE_COLS*j+:32*TILE_COLS]),
            .bias_i      (bias_i[32*TILE_COLS*j+:32*TILE_COLS]),
            .multiplier_i(multiplier_i[32*TILE_COLS*j+:32*TILE_COLS]),
            .shift_i     (shift_i[6*TILE_COLS*j+:6*TILE_COLS]),
            .acc_o       (acc),
            .bias_o      (bias),
            .multiplier_o(multiplier),
            .shift_o     (shift),
            .part_i      (part[j] && !rst_i),
            .out_i       (lanes_out),
            .row_o       (out)
        );
      end
      mxu_lanes #(
          .COLS (N),
          .DIGIT(DIGIT)
      ) u_lanes (
          .clk_i       (clk_i),
          .rst_i       (rst_i),
          .valid_i     (valid[j]),
          .inside_i    (in_map[j]),
          .first_i     (first[j]),
          .last_i      (last[j]),
          .op_i        (op[104*j+:104]),
          .valid_o     (valid[j+1]),
          .inside_o    (in_map[j+1]),
          .first_o     (first[j+1]),
          .last_o      (last[j+1]),
          .op_o        (op[104*(j+1)+:104]),
          .acc_i       (acc),
          .bias_i      (bias),
          .multiplier_i(multiplier),
          .shift_i     (shift),
          .out_o       (lanes_out)
      );
      if (STAGES == 0) begin : g_last
        assign wdata_o[8*TILE_COLS*j+:8*TILE_COLS] = out;
      end else begin : g_deskew
        reg [8*TILE_COLS*STAGES-1:0] deskew_q;
        assign wdata_o[8*TILE_COLS*j+:8*TILE_COLS] =
            deskew_q[8*TILE_COLS*(STAGES-1)+:8*TILE_COLS];
        if (STAGES == 1) begin : g_one
          always @(posedge clk_i) deskew_q <= out;
        end else begin : g_more
          always @(posedge clk_i) deskew_q <= {deskew_q[8*TILE_COLS*(STAGES-1)-1:0], out};
        end
      end
    end
    if (TURNS < 1 || TILE_COLS % TURNS != 0) begin : g_check_turns
      parameter_error_TURNS_must_divide_TILE_COLS u_error ();
    end
    if (LANES > COLS) begin : g_zero
      assign wdata_o[LANES*8-1:COLS*8] = {(LANES - COLS) * 8{1'b0}};
    end
  endgenerate

  wire unused = &{
    1'b0, write, write_end, write_row, valid[NB], in_map[NB], first[NB], last[NB], op[NB*104+:104],
    part, turn[NB*TURN_W+:TURN_W]
  };
endmodule
