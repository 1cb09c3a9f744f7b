// SPDX-License-Identifier: Apache-2.0
// Self-checking bench of the engine behind a serial line, through the pins alone, so that it serves the RTL and
// a mapped netlist with the same parameters. Loads random layers, runs them and compares with plain sums over
// the dense matrix; breaks off in the middle of commands. Prints PASS or FAIL.
module eie_uart_tb;
  parameter N_PE = 1;
  parameter ACT_REGS = 16;
  parameter QUEUE_DEPTH = 8;  // compared with what the engine reports
  parameter LAYERS = 3;
  parameter MOST = 16;        // rows and columns of the largest layer
  localparam CLKS_PER_BIT = 12;
  localparam LANES = N_PE < 4 ? N_PE : 4;
  localparam BIT_TIME = 10 * CLKS_PER_BIT;
  localparam [7:0] OP_WRITE = "W";
  localparam [7:0] OP_READ = "R";
  localparam [7:0] OP_START = "S";

  reg clk = 1'b0;
  reg rx = 1'b1;
  wire tx;
  wire busy;

  // The parameters of the top are its own: a netlist has none.
  eie_uart_top u_top (
      .clk_i (clk),
      .rx_i  (rx),
      .tx_o  (tx),
      .busy_o(busy)
  );

  always #5 clk = !clk;

  integer errors = 0;
  integer checks = 0;

  task fail;
    input [8*40-1:0] what;
    begin
      errors = errors + 1;
      $display("%0t: %0s", $time, what);
    end
  endtask

  task finish_now;
    begin
      $display("%0d cycles, %0d checks, %0d errors: %0s", $time / 10, checks, errors,
               errors == 0 ? "PASS" : "FAIL");
      $finish;
    end
  endtask

  // What the engine sends, in order.
  reg [7:0] received[0:1023];
  integer got = 0;
  integer taken = 0;
  integer b;
  initial begin
    forever begin
      @(negedge tx);
      #(BIT_TIME / 2);
      if (tx !== 1'b0) fail("a spike on tx");
      for (b = 0; b < 8; b = b + 1) begin
        #(BIT_TIME);
        if (tx === 1'bx) fail("tx is X");
        received[got%1024][b] = tx;
      end
      #(BIT_TIME);
      if (tx !== 1'b1) fail("no stop bit on tx");
      got = got + 1;
    end
  end

  task send;
    input [7:0] value;
    integer i;
    begin
      rx = 1'b0;
      #(BIT_TIME);
      for (i = 0; i < 8; i = i + 1) begin
        rx = value[i];
        #(BIT_TIME);
      end
      rx = 1'b1;
      #(BIT_TIME);
    end
  endtask

  task take;
    output [7:0] value;
    integer waited;
    begin
      waited = 0;
      while (got == taken && waited < 20000) begin
        #10;
        waited = waited + 1;
      end
      if (got == taken) begin
        fail("no answer");
        finish_now;
      end
      value = received[taken%1024];
      taken = taken + 1;
    end
  endtask

  task command;
    input [7:0] op;
    input [31:0] address;
    input [15:0] count;
    integer i;
    begin
      send(op);
      for (i = 0; i < 4; i = i + 1) send(address[8*i+:8]);
      for (i = 0; i < 2; i = i + 1) send(count[8*i+:8]);
    end
  endtask

  task send_word;
    input [63:0] word;
    integer i;
    for (i = 0; i < 8; i = i + 1) send(word[8*i+:8]);
  endtask

  task take_word;
    output [63:0] word;
    integer i;
    for (i = 0; i < 8; i = i + 1) take(word[8*i+:8]);
  endtask

  reg [7:0] answer;
  task expect_flags;
    begin
      take(answer);
      checks = checks + 1;
      if (answer !== 8'd0) fail("flags are not 0");
    end
  endtask

  reg [3:0] code[0:MOST*MOST-1];
  reg signed [15:0] book[0:15];
  reg signed [15:0] act[0:MOST-1];
  reg [7:0] entry[0:MOST*MOST-1];
  reg [15:0] pointer[0:MOST+1];
  reg [63:0] word;
  reg signed [63:0] sum;
  integer seed = 7;
  integer rows;
  integer cols;
  integer shift;
  integer entries;
  integer skip;
  integer pe;
  integer r;
  integer c;
  integer k;
  integer layer;

  task make_layer;
    begin
      rows = 1 + $unsigned($random(seed)) % MOST;
      cols = 1 + $unsigned($random(seed)) % MOST;
      shift = $unsigned($random(seed)) % 20;
      if (layer == 0) begin
        rows = MOST;
        cols = MOST;
      end
      for (k = 0; k < 16; k = k + 1) begin
        book[k] = $random(seed);
        act[k%MOST] = $unsigned($random(seed)) % 3 == 0 ? 16'd0 : $random(seed);
      end
      for (k = 0; k < MOST * MOST; k = k + 1)
        code[k] = $unsigned($random(seed)) % 3 == 0 ? $random(seed) : 4'd0;
    end
  endtask

  // docs/reference/eie-format.md sections 2, 3, 5 and 6; everything in descriptor, codebook and rows number 1.
  task load_layer;
    begin
      for (pe = 0; pe < N_PE; pe = pe + 1) begin
        entries = 0;
        for (c = 0; c < cols; c = c + 1) begin
          pointer[c] = entries;
          skip = 0;
          for (r = pe; r < rows; r = r + N_PE) begin
            if (code[r*MOST+c] == 4'd0) begin
              skip = skip + 1;
            end else begin
              entry[entries] = {skip[3:0], code[r*MOST+c]};
              entries = entries + 1;
              skip = 0;
            end
          end
        end
        pointer[cols] = entries;
        pointer[cols+1] = 16'd0;
        command(OP_WRITE, 32'd1 | (pe << 20), (entries + 7) / 8);
        for (k = 0; k < (entries + 7) / 8; k = k + 1)
          for (c = 0; c < 8; c = c + 1) send(8 * k + c < entries ? entry[8*k+c] : 8'h00);
        expect_flags;
        command(OP_WRITE, 32'h1000_0000 | (pe << 20), cols / 2 + 1);
        for (k = 0; k <= cols; k = k + 2) send_word({32'd0, pointer[k+1], pointer[k]});
        expect_flags;
      end
      command(OP_WRITE, 32'h6000_0004, 16'd4);
      for (k = 0; k < 16; k = k + 4) send_word({book[k+3], book[k+2], book[k+1], book[k]});
      expect_flags;
      command(OP_WRITE, 32'h5000_0002, 16'd2);
      word = 64'd0;
      word[31:16] = 16'd1;
      word[47:32] = cols;
      word[63:48] = rows;
      send_word(word);
      word = 64'd0;
      word[47:40] = 8'd1;  // codebook
      word[53:48] = shift;
      word[59:57] = 3'b111;  // write back, clear, load codebook
      send_word(word);
      expect_flags;
      command(OP_WRITE, 32'h3000_0000, (cols + LANES - 1) / LANES);
      for (k = 0; k < cols; k = k + LANES) begin
        word = 64'd0;
        for (c = 0; c < LANES; c = c + 1) if (k + c < cols) word[16*c+:16] = act[k+c];
        send_word(word);
      end
      expect_flags;
    end
  endtask

  // Weights and inputs of 13 bits: 16 products cannot saturate an accumulator of 32.
  task check_outputs;
    begin
      command(OP_READ, 32'h4000_0000, (rows + LANES - 1) / LANES);
      for (r = 0; r < rows; r = r + 1) begin
        if (r % LANES == 0) take_word(word);
        sum = 0;
        for (c = 0; c < cols; c = c + 1)
          if (code[r*MOST+c] != 4'd0) sum = sum + book[code[r*MOST+c]] * act[c];
        if (shift > 0) sum = (sum + (64'sd1 <<< shift) / 2) >>> shift;
        if (sum > 32767) sum = 32767;
        if (sum < -32768) sum = -32768;
        checks = checks + 1;
        if (word[16*(r%LANES)+:16] !== sum[15:0]) begin
          fail("an output differs");
          $display("  layer %0d row %0d: %h, expected %h", layer, r, word[16*(r%LANES)+:16], sum[15:0]);
        end
      end
    end
  endtask

  // The shortest break that counts, by the frame's ten bits.
  task send_break;
    begin
      rx = 1'b0;
      #(11 * BIT_TIME);
      rx = 1'b1;
      // An answer that was on its way is cut off.
      #(12 * BIT_TIME);
      taken = got;
    end
  endtask

  initial begin
    #(40 * BIT_TIME);
    if (tx !== 1'b1 || busy !== 1'b0) fail("not idle after configuration");
    // A byte that is no command is skipped.
    send(8'h00);
    command(OP_READ, 32'h7000_0004, 16'd1);
    take_word(word);
    checks = checks + 1;
    if (word[15:0] !== N_PE || word[31:16] !== ACT_REGS || word[47:32] !== QUEUE_DEPTH)
      fail("the engine reports other parameters");
    for (layer = 0; layer < LAYERS; layer = layer + 1) begin
      make_layer;
      for (k = 0; k < 16; k = k + 1) begin
        book[k] = book[k] >>> 3;
        act[k%MOST] = act[k%MOST] >>> 3;
      end
      load_layer;
      if (layer > 0) begin
        // A command cut off by a break leaves nothing behind, nor does the answer of a run.
        send(OP_WRITE);
        send(8'h04);
        send_break;
        command(OP_START, 32'd1, 16'd1);
        send_break;
        if (busy !== 1'b0) fail("busy after a break");
      end
      command(OP_START, 32'd1, 16'd1);
      expect_flags;
      check_outputs;
    end
    #(12 * BIT_TIME);
    if (got != taken) fail("more was sent than asked for");
    finish_now;
  end

  initial begin
    #100000000;
    fail("no end in sight");
    finish_now;
  end
endmodule
