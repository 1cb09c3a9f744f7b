// SPDX-License-Identifier: Apache-2.0
// What is wrong with an instruction by itself, as an error code, 0 if nothing: unknown operation or
// register (1), a reserved bit that is 1 or more rows or columns used than there are (7), no beats or
// tiles of weights (2) or beats beyond the last number (6). Combinational.
module mxu_flaw #(
    parameter ROWS = 256,  // rows of the array
    parameter COLS = 256   // columns of the array
) (
    input  wire [95:0] inst_i,
    output wire [ 2:0] flaw_o
);
  localparam [31:0] ROWS_32 = ROWS;
  localparam [31:0] COLS_32 = COLS;

  wire [7:0] opcode = inst_i[95:88];
  wire [7:0] flags = inst_i[79:72];
  wire [31:0] value = inst_i[31:0];
  wire [23:0] beats = inst_i[55:32];
  wire [15:0] tiles = inst_i[71:56];
  wire [32:0] last_beat = {1'b0, value} + {9'd0, beats} - 33'd1;

  wire waits = inst_i[87:80] != 8'd0;
  wire above_63 = inst_i[71:64] != 8'd0;
  wire above_39 = above_63 || inst_i[63:40] != 24'd0;
  wire above_31 = above_39 || inst_i[39:32] != 8'd0;
  wire unused_rows = {1'b0, inst_i[63:56]} >= ROWS_32[8:0];
  wire unused_cols = {1'b0, inst_i[71:64]} >= COLS_32[8:0];

  // Registers: known, and bits of the value that are none.
  reg known_register;
  reg reserved_value;
  always @* begin
    known_register = 1'b1;
    reserved_value = 1'b0;
    case (flags)
      8'd0, 8'd1, 8'd2, 8'd9, 8'd10, 8'd11: reserved_value = 1'b0;
      8'd3: reserved_value = value[31:8] != 24'd0;
      8'd8, 8'd13: reserved_value = value[31:24] != 8'd0;
      8'd12: reserved_value = value[31:25] != 7'd0;
      8'd15: reserved_value = value != 32'd0;
      default: known_register = 1'b0;
    endcase
  end

  reg known;
  reg reserved;
  always @* begin
    known = 1'b1;
    case (opcode)
      8'd0, 8'd8, 8'd9, 8'd10: reserved = waits || flags != 8'd0 || above_31 || value != 32'd0;
      8'd1: reserved = waits || flags[7:2] != 6'd0 || flags[1:0] == 2'd3;
      8'd2, 8'd3: reserved = flags[7:2] != 6'd0 || unused_rows || unused_cols;
      8'd4: reserved = flags[7:6] != 2'd0 || above_63;
      8'd5: reserved = flags[7:1] != 7'd0 || above_39;
      8'd6: reserved = flags != 8'd0 || above_39;
      8'd7: begin
        known    = known_register;
        reserved = waits || above_31 || reserved_value;
      end
      default: begin
        known    = 1'b0;
        reserved = 1'b0;
      end
    endcase
  end

  wire read_weights = opcode == 8'd1;
  wire none = beats == 24'd0 || tiles == 16'd0;
  assign flaw_o = !known                            ? 3'd1 :
                  reserved                          ? 3'd7 :
                  read_weights && none              ? 3'd2 :
                  read_weights && last_beat[32]     ? 3'd6 :
                                                      3'd0;

  wire unused = &{1'b0, last_beat[31:0]};
endmodule
