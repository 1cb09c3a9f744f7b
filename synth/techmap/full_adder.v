// SPDX-License-Identifier: Apache-2.0
// Full adders ($fa) to the library's cell, whose name and pins are given as macros. Without such a
// cell, and with constant inputs, they become gates (so do half adders: with a choice of polarities they are
// smaller than a cell).
(* techmap_celltype = "$fa" *)
module full_adder (A, B, C, X, Y);
  parameter WIDTH = 1;
  parameter _TECHMAP_CONSTMSK_A_ = 0;
  parameter _TECHMAP_CONSTMSK_B_ = 0;
  parameter _TECHMAP_CONSTMSK_C_ = 0;
  parameter _TECHMAP_CONSTVAL_A_ = 0;
  parameter _TECHMAP_CONSTVAL_B_ = 0;
  parameter _TECHMAP_CONSTVAL_C_ = 0;
  input [WIDTH-1:0] A;
  input [WIDTH-1:0] B;
  input [WIDTH-1:0] C;
  output [WIDTH-1:0] X;
  output [WIDTH-1:0] Y;
  genvar i;
  generate
    for (i = 0; i < WIDTH; i = i + 1) begin : g_bit
      localparam [2:0] CONST = {_TECHMAP_CONSTMSK_C_[i], _TECHMAP_CONSTMSK_B_[i], _TECHMAP_CONSTMSK_A_[i]};
      localparam [2:0] ONE = CONST & {_TECHMAP_CONSTVAL_C_[i], _TECHMAP_CONSTVAL_B_[i], _TECHMAP_CONSTVAL_A_[i]};
      wire p = CONST[0] ? C[i] : A[i];
      wire q = CONST[1] ? C[i] : B[i];
      if (CONST == 3'b001 || CONST == 3'b010 || CONST == 3'b100) begin : g_half
        if (ONE != 3'b000) begin : g_one
          assign X[i] = p | q;
          assign Y[i] = ~(p ^ q);
        end else begin : g_zero
          assign X[i] = p & q;
          assign Y[i] = p ^ q;
        end
      end else if (CONST == 3'b000) begin : g_full
`ifdef FULL_ADDER
        `FULL_ADDER u_full_adder (.`FA_A(A[i]), .`FA_B(B[i]), .`FA_C(C[i]), .`FA_SUM(Y[i]), .`FA_CARRY(X[i]));
`else
        wire half = A[i] ^ B[i];
        assign X[i] = (A[i] & B[i]) | (half & C[i]);
        assign Y[i] = half ^ C[i];
`endif
      end else begin : g_constant
        assign X[i] = (A[i] & B[i]) | (A[i] & C[i]) | (B[i] & C[i]);
        assign Y[i] = A[i] ^ B[i] ^ C[i];
      end
    end
  endgenerate
endmodule
