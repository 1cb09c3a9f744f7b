// SPDX-License-Identifier: Apache-2.0
// Self-checking bench of the sparse engine at four PEs, for a four-valued simulator: a register that
// should have a reset and has none leaves an X on a pin. Encodes small matrices itself, loads them
// through the port, runs them and compares with plain sums over the dense matrix. Prints PASS or FAIL.
module eie_tb;
  parameter LANES = 1;
  parameter BANKS = 1;
  parameter GROUPS = 1;
  localparam N_PE = 4;
  localparam ACT_REGS = 32;
  localparam LIST_DEPTH = 4;
  localparam LIST_W = 2;
  localparam MAX_ROWS = ACT_REGS * N_PE;
  localparam MAX_COLS = 64;
  localparam MAX_ENTRIES = 2048;
  localparam [31:0] ENTRY = 32'h0000_0000;
  localparam [31:0] POINTER = 32'h1000_0000;
  localparam [31:0] SOURCE = 32'h3000_0000;
  localparam [31:0] DESTINATION = 32'h4000_0000;
  localparam [31:0] LIST = 32'h5000_0000;
  localparam [31:0] CODEBOOK = 32'h6000_0000;
  localparam [31:0] STATUS = 32'h7000_0000;
  localparam LONGEST_RUN = 5000;

  reg clk = 1'b0;
  reg rst;
  reg start;
  reg [LIST_W-1:0] list_first;
  reg [LIST_W:0] list_count;
  wire busy;
  wire done;
  wire [6:0] flags;
  reg io_valid;
  reg io_write;
  reg [31:0] io_addr;
  reg [63:0] io_wdata;
  wire io_ready;
  wire io_rvalid;
  wire [63:0] io_rdata;

  eie #(
      .N_PE         (N_PE),
      .ENTRY_DEPTH  (MAX_ENTRIES),
      .PTR_DEPTH    (256),
      .ACT_REGS     (ACT_REGS),
      .ACT_RAM_DEPTH(32),
      .QUEUE_DEPTH  (2),
      .CODEBOOKS    (2),
      .LIST_DEPTH   (LIST_DEPTH),
      .LANES        (LANES),
      .BANKS        (BANKS),
      .GROUPS       (GROUPS)
  ) u_eie (
      .clk_i       (clk),
      .rst_i       (rst),
      .start_i     (start),
      .abort_i     (1'b0),
      .list_first_i(list_first),
      .list_count_i(list_count),
      .busy_o      (busy),
      .done_o      (done),
      .flags_o     (flags),
      .io_valid_i  (io_valid),
      .io_write_i  (io_write),
      .io_addr_i   (io_addr),
      .io_wdata_i  (io_wdata),
      .io_ready_o  (io_ready),
      .io_rvalid_o (io_rvalid),
      .io_rdata_o  (io_rdata)
  );

  always #5 clk = !clk;

  integer errors = 0;
  integer checks = 0;
  integer cycles = 0;

  // Every pin known in every cycle from the first edge of the first reset on.
  reg pins_live = 1'b0;
  always @(negedge clk) begin
    cycles = cycles + 1;
    if (pins_live) begin
      checks = checks + 1;
      if ((^{busy, done, flags, io_ready, io_rvalid} === 1'bx) ||
          (io_rvalid === 1'b1 && ^io_rdata === 1'bx)) begin
        fail("an output is X or Z");
        $display("  busy %b done %b flags %b ready %b rvalid %b rdata %h", busy, done, flags, io_ready,
                 io_rvalid, io_rdata);
      end
      if (io_ready !== !busy) fail("io_ready is not the opposite of busy");
    end
    if (errors > 20) finish_now;
  end

  task fail;
    input [8*48-1:0] what;
    begin
      errors = errors + 1;
      $display("cycle %0d: %0s", cycles, what);
    end
  endtask

  task finish_now;
    begin
      if (errors == 0) $display("%0d cycles, %0d checks: PASS", cycles, checks);
      else $display("%0d cycles, %0d checks, %0d errors: FAIL", cycles, checks, errors);
      $finish;
    end
  endtask

  // Pins change after the rising edge.
  task tick;
    begin
      @(posedge clk);
      #1;
    end
  endtask

  task reset_engine;
    begin
      // One cycle is enough.
      rst = 1'b1;
      tick;
      pins_live = 1'b1;
      rst = 1'b0;
    end
  endtask

  // Inputs that say nothing without their valid are unknown, so that a use of them shows.
  task forget_request;
    begin
      io_valid = 1'b0;
      io_write = 1'bx;
      io_addr  = 32'hx;
      io_wdata = 64'hx;
    end
  endtask

  task forget_start;
    begin
      start = 1'b0;
      list_first = {LIST_W{1'bx}};
      list_count = {(LIST_W + 1) {1'bx}};
    end
  endtask

  task write;
    input [31:0] address;
    input [63:0] word;
    begin
      io_valid = 1'b1;
      io_write = 1'b1;
      io_addr  = address;
      io_wdata = word;
      tick;
      forget_request;
    end
  endtask

  // A read answers in the third cycle after the one that took it, and in no other.
  reg [63:0] answer;
  task read;
    input [31:0] address;
    begin
      io_valid = 1'b1;
      io_write = 1'b0;
      io_addr  = address;
      tick;
      forget_request;
      if (io_rvalid !== 1'b0) fail("an answer one cycle after the request");
      tick;
      if (io_rvalid !== 1'b0) fail("an answer two cycles after the request");
      tick;
      if (io_rvalid !== 1'b1) fail("no answer three cycles after the request");
      answer = io_rdata;
      tick;
    end
  endtask

  task expect_read;
    input [31:0] address;
    input [63:0] expected;
    begin
      read(address);
      checks = checks + 1;
      if (answer !== expected) begin
        fail("read-back differs");
        $display("  address %h: %h, expected %h", address, answer, expected);
      end
    end
  endtask

  // The layer: codes of a dense matrix, a codebook, an input vector.
  reg [3:0] code[0:MAX_ROWS*MAX_COLS-1];
  reg signed [15:0] book[0:15];
  reg signed [15:0] act[0:MAX_COLS-1];
  integer rows;
  integer cols;
  integer shift;
  integer relu;
  reg swap = 1'b0;

  // Its encoding: one PE's entries and pointers at a time. A PE has every GROUPS-th column, and rows
  // of GROUPS results in a row.
  reg [7:0] entry[0:MAX_ENTRIES-1];
  reg [15:0] pointer[0:MAX_COLS+1];
  integer entries;
  integer padding;
  integer columns;

  task encode_pe;
    input integer pe;
    integer r;
    integer c;
    integer j;
    integer skip;
    integer blocks;
    begin
      entries = 0;
      columns = (cols + GROUPS - 1) / GROUPS;
      for (j = 0; j < columns; j = j + 1) begin
        c = j * GROUPS + pe % GROUPS;
        pointer[j] = entries;
        skip = 0;
        for (r = 0; r < rows; r = r + 1) begin
          if (r % N_PE / GROUPS != pe / GROUPS) begin
            // Of another PE.
          end else if (c >= cols || code[r*MAX_COLS+c] == 4'd0) begin
            skip = skip + 1;
          end else begin
            while (skip > 15) begin
              blocks = skip > 255 ? 16 : skip / 16;
              entry[entries] = 16 * (blocks - 1);
              entries = entries + 1;
              padding = padding + 1;
              skip = skip - 16 * blocks;
            end
            entry[entries] = {skip[3:0], code[r*MAX_COLS+c]};
            entries = entries + 1;
            skip = 0;
          end
        end
      end
      pointer[columns] = entries;
    end
  endtask

  // Loads layer and input; descriptor 0 then runs it.
  reg [63:0] word;
  reg [31:0] place;
  integer ptr_base;
  integer entry_base;
  task load_layer;
    integer pe;
    integer i;
    integer e;
    begin
      padding = 0;
      for (pe = 0; pe < N_PE; pe = pe + 1) begin
        place = pe << 20;
        encode_pe(pe);
        for (i = 0; i < entries; i = i + 8) begin
          for (e = 0; e < 8; e = e + 1) word[8*e+:8] = i + e < entries ? entry[i+e] : 8'h00;
          write(ENTRY | place | (entry_base + i / 8), word);
        end
        // Pairs of pointers; ptr_base may be odd.
        for (i = ptr_base & ~1; i <= ptr_base + columns; i = i + 2) begin
          word = 64'd0;
          if (i >= ptr_base) word[15:0] = pointer[i-ptr_base];
          if (i + 1 <= ptr_base + columns) word[31:16] = pointer[i+1-ptr_base];
          write(POINTER | place | (i / 2), word);
        end
      end
      for (i = 0; i < 4; i = i + 1) write(CODEBOOK | (4 + i), {book[4*i+3], book[4*i+2], book[4*i+1], book[4*i]});
      word = 64'd0;
      word[15:0] = ptr_base;
      word[31:16] = entry_base;
      word[47:32] = cols;
      word[63:48] = rows;
      write(LIST, word);
      load_second_word(1'b1);
    end
  endtask

  task load_second_word;
    input clear;
    begin
      word = 64'd0;
      word[47:40] = 8'd1;  // codebook 1
      word[53:48] = shift;
      word[57] = 1'b1;  // load_codebook
      word[58] = clear;
      word[59] = 1'b1;  // write_back
      word[61] = relu != 0;
      word[62] = swap;
      write(LIST | 32'd1, word);
    end
  endtask

  task load_input;
    integer i;
    integer e;
    begin
      for (i = 0; i < cols; i = i + 4) begin
        for (e = 0; e < 4; e = e + 1) word[16*e+:16] = i + e < cols ? act[i+e] : 16'd0;
        write(SOURCE | (i / 4), word);
      end
    end
  endtask

  task start_list;
    begin
      start = 1'b1;
      list_first = 0;
      list_count = 1;
      tick;
      forget_start;
      if (busy !== 1'b1) fail("not busy after start");
    end
  endtask

  task wait_done;
    integer waited;
    begin
      waited = 0;
      while (done !== 1'b1 && waited < LONGEST_RUN) begin
        tick;
        waited = waited + 1;
      end
      if (done !== 1'b1) fail("the list does not end");
      tick;
      if (busy !== 1'b0 || done !== 1'b0) fail("busy after done");
    end
  endtask

  // Plain sums over the dense matrix.
  reg signed [63:0] sum;
  reg signed [63:0] largest;
  task check_outputs;
    integer r;
    integer c;
    begin
      for (r = 0; r < rows; r = r + 1) begin
        sum = 0;
        for (c = 0; c < cols; c = c + 1) begin
          if (code[r*MAX_COLS+c] != 4'd0) sum = sum + book[code[r*MAX_COLS+c]] * act[c];
        end
        largest = 64'sd1 <<< shift;
        if (shift > 0) sum = (sum + largest / 2) >>> shift;
        if (sum > 32767) sum = 32767;
        if (sum < -32768) sum = -32768;
        if (relu != 0 && sum < 0) sum = 0;
        if (r % 4 == 0) read(DESTINATION | (r / 4));
        checks = checks + 1;
        if (answer[16*(r%4)+:16] !== sum[15:0]) begin
          fail("an output differs");
          $display("  row %0d: %h, expected %h", r, answer[16*(r%4)+:16], sum[15:0]);
        end
      end
      expect_read(STATUS, 64'd0);
    end
  endtask

  // Han 2016, figures 2 and 3: 16 x 8 over four PEs. PE 0's entries are the paper's; the text tells
  // of PE 2's column 2 and that PE 1 has none there.
  integer k;
  task set_code;
    input integer r;
    input integer c;
    input integer value;
    code[r*MAX_COLS+c] = value;
  endtask

  task clear_codes;
    for (k = 0; k < MAX_ROWS * MAX_COLS; k = k + 1) code[k] = 4'd0;
  endtask

  task expect_pointer;
    input integer c;
    input integer value;
    begin
      checks = checks + 1;
      if (pointer[c] !== value) fail("a pointer differs from the paper's");
    end
  endtask

  // The row numbers of PE 0's entries in the paper, relative.
  localparam [13*4-1:0] PAPER_SKIPS = {
    4'd0, 4'd2, 4'd0, 4'd2, 4'd0, 4'd0, 4'd0, 4'd2, 4'd0, 4'd1, 4'd0, 4'd1, 4'd0
  };

  task paper_example;
    begin
      clear_codes;
      rows = 16;
      cols = 8;
      set_code(0, 0, 1); set_code(8, 0, 2); set_code(12, 0, 3); set_code(4, 1, 4);
      set_code(0, 2, 5); set_code(12, 2, 6); set_code(0, 4, 7); set_code(4, 4, 8);
      set_code(0, 5, 9); set_code(12, 5, 10); set_code(0, 6, 11); set_code(8, 7, 12);
      set_code(12, 7, 13); set_code(2, 2, 14); set_code(14, 2, 15); set_code(1, 3, 1);
      set_code(13, 7, 2); set_code(7, 5, 3);
      for (k = 0; k < 16; k = k + 1) book[k] = 37 * k - 256;
      for (k = 0; k < 8; k = k + 1) act[k] = 0;
      act[2] = 100; act[4] = -200; act[5] = 300; act[7] = 77;
      shift = 0;
      relu = 1;
      ptr_base = 0;
      entry_base = 0;
      if (GROUPS == 1) begin
        encode_pe(0);
        for (k = 0; k < 13; k = k + 1) begin
          checks = checks + 1;
          if (entry[k][7:4] !== PAPER_SKIPS[4*k+:4]) fail("a relative row differs from the paper's");
        end
        expect_pointer(0, 0); expect_pointer(1, 3); expect_pointer(2, 4); expect_pointer(3, 6);
        expect_pointer(4, 6); expect_pointer(5, 8); expect_pointer(6, 10); expect_pointer(7, 11);
        expect_pointer(8, 13);
      end
      load_layer;
      load_input;
      start_list;
      wait_done;
      check_outputs;
      // Of eight inputs four are not zero: only those are broadcast.
      expect_read(STATUS | 32'd2, 64'd4);
      word = GROUPS - 1;
      expect_read(STATUS | 32'd4, {word[7:0], 8'd32, 16'd2, 16'd32, 16'd4});
    end
  endtask

  integer seed;
  task random_layer;
    input integer new_rows;
    input integer new_cols;
    input integer percent;
    integer r;
    integer c;
    integer density;
    begin
      clear_codes;
      rows = new_rows;
      cols = new_cols;
      for (c = 0; c < cols; c = c + 1) begin
        // Some columns empty, some full, the others thin: gaps of more than 15 rows come up.
        density = $unsigned($random(seed)) % 8;
        density = density == 0 ? 0 : density == 1 ? 100 : percent;
        for (r = 0; r < rows; r = r + 1) begin
          if ($unsigned($random(seed)) % 100 < density) set_code(r, c, 1 + $unsigned($random(seed)) % 15);
        end
        act[c] = $unsigned($random(seed)) % 3 == 0 ? 0 : $random(seed) % 4096;
      end
      for (k = 0; k < 16; k = k + 1) book[k] = $random(seed) % 2048;
    end
  endtask

  // Reset in a cycle that reads accumulator row 7 for the write-back: row 7 is never written, and
  // nothing reaches the bank that becomes the destination by the reset.
  localparam [63:0] UNTOUCHED = 64'h1234_5678_9ABC_DEF0;
  task reset_in_write_back;
    begin
      swap = 1'b1;
      load_second_word(1'b1);
      swap = 1'b0;
      start_list;
      wait_done;
      write(SOURCE | 32'd6, UNTOUCHED);
      write(DESTINATION | 32'd7, UNTOUCHED);
      start_list;
      while (!(u_eie.wb_read === 1'b1 && u_eie.wb_row === 7) && done !== 1'b1) tick;
      if (done === 1'b1) fail("no write-back of row 7");
      reset_engine;
      // What the reset has left on the way would be there by then.
      for (k = 0; k < 4; k = k + 1) tick;
      // The banks have their first roles again.
      expect_read(DESTINATION | 32'd6, UNTOUCHED);
      expect_read(SOURCE | 32'd7, UNTOUCHED);
    end
  endtask

  // A request taken in the cycle of a reset is not carried out.
  task request_in_reset;
    begin
      read(CODEBOOK | 32'd4);
      word = answer;
      rst = 1'b1;
      write(CODEBOOK | 32'd4, ~word);
      rst = 1'b0;
      expect_read(CODEBOOK | 32'd4, word);
      // Nor does one taken before it answer.
      io_valid = 1'b1;
      io_write = 1'b0;
      io_addr  = CODEBOOK;
      tick;
      forget_request;
      reset_engine;
      for (k = 0; k < 4; k = k + 1) begin
        if (io_rvalid !== 1'b0) fail("an answer to a request from before the reset");
        tick;
      end
    end
  endtask

  integer round;
  integer most_padding;
  initial begin
    forget_start;
    forget_request;
    reset_engine;
    if (busy !== 1'b0) fail("busy after reset");
    expect_read(STATUS, 64'd0);
    expect_read(STATUS | 32'd1, 64'd0);
    expect_read(STATUS | 32'd2, 64'd0);
    expect_read(STATUS | 32'd3, 64'd0);

    paper_example;

    seed = 20160618;
    most_padding = 0;
    for (round = 0; round < 6; round = round + 1) begin
      random_layer(round == 5 ? 128 : 20 + 19 * round, 9 + 11 * round, 6);
      shift = 2 * round;
      relu = round & 1;
      ptr_base = 3 * round;
      entry_base = 2 * round;
      load_layer;
      if (padding > most_padding) most_padding = padding;
      load_input;
      start_list;
      if (round >= 3) begin
        // Reset in the middle of the run, a different place each time; registers keep the input.
        for (k = 0; k < 40 * (round - 2); k = k + 1) tick;
        if (busy !== 1'b1) fail("the run ended before the reset in its middle");
        reset_engine;
        if (busy !== 1'b0 || flags !== 7'd0) fail("not idle after a reset in the middle");
        // The reset has cleared the accumulators and nothing on the way may write them any more, so
        // the run is right without a clear of its own.
        load_second_word(1'b0);
        start_list;
        wait_done;
        check_outputs;
        load_second_word(1'b1);
        start_list;
      end
      wait_done;
      check_outputs;
      // The same once more without loading: nothing of the first run is left over.
      start_list;
      wait_done;
      check_outputs;
    end
    reset_in_write_back;
    request_in_reset;
    if (most_padding == 0) fail("no layer has padding entries");
    finish_now;
  end

  initial begin
    #500000;  // 50,000 cycles, eight times what all lists take
    $display("no end in sight: FAIL");
    $finish;
  end
endmodule
