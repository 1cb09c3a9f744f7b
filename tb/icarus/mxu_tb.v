// SPDX-License-Identifier: Apache-2.0
// Self-checking bench of a matrix unit of 4 x 4 cells, for a four-valued simulator: a register that should
// have a reset and has none leaves an X on a pin. Reads jobs with their programs, rows, weights and
// expected outputs from the files that mxu_vectors writes into the working folder, and is host and
// weight memory to them. Prints PASS or FAIL.
module mxu_tb;
  // Lines of the files, set by run_bench.py.
  parameter JOB_WORDS = 14;
  parameter PROGRAM = 1;
  parameter INPUT = 1;
  parameter WEIGHTS = 1;
  parameter OUTPUT = 1;
  localparam ROWS = 4;
  localparam COLS = 4;
  localparam LANES = 4;
  localparam JOB_SIZE = 14;  // words of a job
  localparam BEATS = 64;  // beats asked for that can wait
  localparam LONGEST_JOB = 6000;
  localparam QUIET = 12;  // cycles watched behind the end of a job

  reg clk = 1'b0;
  reg rst;
  reg inst_valid;
  reg [95:0] inst;
  wire inst_ready;
  wire wm_valid;
  wire [31:0] wm_addr;
  wire [4:0] wm_beats;
  reg wm_ready;
  reg w_valid;
  reg [63:0] w_data;
  wire w_ready;
  reg hi_valid;
  reg [LANES*8-1:0] hi_data;
  wire hi_ready;
  wire [16:0] hi_asked;
  wire ho_valid;
  wire [LANES*8-1:0] ho_data;
  reg ho_ready;
  reg [3:0] status_number;
  wire [47:0] status;
  wire busy;
  wire quiet;
  wire error;
  wire halted;
  reg resume;

  mxu #(
      .ROWS       (ROWS),
      .COLS       (COLS),
      .TILE_ROWS  (2),
      .TILE_COLS  (4),
      .FIFO_WORDS (32),
      .UB_DEPTH   (300),
      .ACC_DEPTH  (64),
      .PARAM_SETS (4),
      .QUEUE_DEPTH(3)
  ) u_mxu (
      .clk_i       (clk),
      .rst_i       (rst),
      .inst_valid_i(inst_valid),
      .inst_i      (inst),
      .inst_ready_o(inst_ready),
      .wm_valid_o  (wm_valid),
      .wm_addr_o   (wm_addr),
      .wm_beats_o  (wm_beats),
      .wm_ready_i  (wm_ready),
      .w_valid_i   (w_valid),
      .w_data_i    (w_data),
      .w_ready_o   (w_ready),
      .hi_valid_i  (hi_valid),
      .hi_data_i   (hi_data),
      .hi_ready_o  (hi_ready),
      .hi_asked_o  (hi_asked),
      .ho_valid_o  (ho_valid),
      .ho_data_o   (ho_data),
      .ho_ready_i  (ho_ready),
      .status_i    (status_number),
      .status_o    (status),
      .busy_o      (busy),
      .quiet_o     (quiet),
      .error_o     (error),
      .halted_o    (halted),
      .resume_i    (resume)
  );

  // Long enough to read all status words in a cycle, one a unit of time.
  always #50 clk = !clk;

  reg [31:0] job_word[0:JOB_WORDS-1];
  reg [95:0] program_word[0:PROGRAM-1];
  reg [LANES*8-1:0] input_row[0:INPUT-1];
  reg [63:0] weight_beat[0:WEIGHTS-1];
  reg [LANES*8-1:0] output_row[0:OUTPUT-1];

  integer errors = 0;
  integer checks = 0;
  integer cycles = 0;
  integer job = 0;

  task fail;
    input [8*64-1:0] what;
    begin
      errors = errors + 1;
      $display("job %0d, cycle %0d: %0s", job, cycles, what);
      if (errors > 5) finish_now;
    end
  endtask

  task finish_now;
    begin
      if (errors == 0) $display("%0d jobs, %0d cycles, %0d checks: PASS", job, cycles, checks);
      else $display("%0d cycles, %0d checks, %0d errors: FAIL", cycles, checks, errors);
      $finish;
    end
  endtask

  // The job that runs: the next of its lines and their ends.
  integer next_inst;
  integer end_inst;
  integer next_input;
  integer end_input;
  integer first_weight;
  integer beats;
  integer next_output;
  integer end_output;
  integer stall;
  reg [31:0] request[0:BEATS-1];
  integer asked;     // beats
  integer answered;  // beats
  integer beat;

  integer seed = 20170624;
  reg go;
  task dice;
    go = stall == 0 || $unsigned($random(seed)) % 100 >= stall;
  endtask

  // Every pin is known in every cycle behind the first reset, and data with its valid.
  task check_pins;
    begin
      checks = checks + 1;
      if (^{inst_ready, wm_valid, w_ready, hi_ready, hi_asked, ho_valid, busy, quiet, error, halted} === 1'bx) begin
        fail("an output is X or Z");
        $display("  ready %b%b%b valid %b%b busy %b error %b halted %b", inst_ready, w_ready, hi_ready,
                 wm_valid, ho_valid, busy, error, halted);
      end
      if (wm_valid === 1'b1 && ^{wm_addr, wm_beats} === 1'bx) fail("a request of unknown beats");
      if (ho_valid === 1'b1 && ^ho_data === 1'bx) fail("unknown output");
      // Word 8 says something in an error only.
      if (status_number != 4'd8 && status_number < 4'd11 && ^status === 1'bx) fail("an unknown status word");
    end
  endtask

  // One cycle. Inputs without their valid are unknown, so that a use of them shows.
  task cycle;
    begin
      dice;
      inst_valid = next_inst < end_inst && go;
      inst = inst_valid ? program_word[next_inst] : 96'hx;
      dice;
      wm_ready = go && asked - answered <= BEATS - 16;
      dice;
      w_valid = answered < asked && go;
      w_data = w_valid ? weight_beat[first_weight+request[answered%BEATS]] : 64'bx;
      dice;
      hi_valid = next_input < end_input && go;
      hi_data = hi_valid ? input_row[next_input] : {LANES * 8{1'bx}};
      dice;
      ho_ready = go;
      status_number = status_number == 4'd10 ? 4'd0 : status_number + 4'd1;
      @(negedge clk);
      cycles = cycles + 1;
      check_pins;
      if (inst_valid && inst_ready === 1'b1) next_inst = next_inst + 1;
      if (hi_valid && hi_ready === 1'b1) next_input = next_input + 1;
      if (w_valid && w_ready === 1'b1) answered = answered + 1;
      if (wm_ready && wm_valid === 1'b1) begin
        if (wm_beats == 5'd0 || wm_addr[3:0] + wm_beats > 16) fail("a request across 16 beats");
        if (wm_addr + wm_beats > beats) fail("a request of beats that are not there");
        for (beat = 0; beat < wm_beats; beat = beat + 1) request[(asked+beat)%BEATS] = wm_addr + beat;
        asked = asked + wm_beats;
      end
      if (ho_ready && ho_valid === 1'b1) begin
        checks = checks + 1;
        if (next_output >= end_output) fail("a row of output too many");
        else if (ho_data !== output_row[next_output]) begin
          fail("a row of output differs");
          $display("  row %0d: %h, expected %h", next_output, ho_data, output_row[next_output]);
        end
        next_output = next_output + 1;
      end
      @(posedge clk);
      #1;
    end
  endtask

  // One cycle is enough. What the ports offer in it is not taken.
  task reset_unit;
    begin
      rst = 1'b1;
      resume = 1'b0;
      inst_valid = 1'b1;
      inst = 96'h0A00_0000_0000_0000_0000_0000;  // no such operation
      wm_ready = 1'b1;
      w_valid = 1'b1;
      w_data = {8{8'h55}};
      hi_valid = 1'b1;
      hi_data = {LANES{8'h55}};
      ho_ready = 1'b1;
      @(posedge clk);
      #1;
      rst = 1'b0;
    end
  endtask

  reg [47:0] word;
  task read_status;
    input [3:0] which;
    begin
      status_number = which;
      #1;
      word = status;
    end
  endtask

  task expect_status;
    input [3:0] which;
    input [47:0] expected;
    begin
      read_status(which);
      checks = checks + 1;
      if (word !== expected) begin
        fail("a status word differs");
        $display("  word %0d: %0d, expected %0d", which, word, expected);
      end
    end
  endtask

  // Busy cycles are array active, weight stall, weight shift and the rest.
  reg [47:0] sum;
  task check_counters;
    input [31:0] active;
    input [31:0] useful;
    begin
      expect_status(4'd1, {16'd0, active});
      expect_status(4'd2, {16'd0, useful});
      sum = 48'd0;
      read_status(4'd1);
      sum = sum + word;
      read_status(4'd3);
      sum = sum + word;
      read_status(4'd4);
      sum = sum + word;
      read_status(4'd5);
      sum = sum + word;
      expect_status(4'd0, sum);
    end
  endtask

  task check_taken;
    begin
      checks = checks + 1;
      if (next_inst != end_inst) fail("instructions are left");
      if (next_input != end_input) fail("rows of input are left");
      if (answered != asked) fail("beats of weights are left");
      if (next_output != end_output) fail("rows of output are missing");
    end
  endtask

  integer at;
  integer k;
  integer code;
  reg [23:0] number;
  integer cut;
  integer ran;
  task run_job;
    begin
      next_inst = job_word[at];
      end_inst = next_inst + job_word[at+1];
      next_input = job_word[at+2];
      end_input = next_input + job_word[at+3];
      first_weight = job_word[at+4];
      beats = job_word[at+5];
      next_output = job_word[at+6];
      end_output = next_output + job_word[at+7];
      code = job_word[at+8];
      stall = job_word[at+9];
      cut = job_word[at+10];
      asked = 0;
      answered = 0;
      reset_unit;
      if (busy !== 1'b0 || error !== 1'b0 || halted !== 1'b0) fail("not idle after a reset");
      for (k = 0; k < 10; k = k + 1) if (k != 8) expect_status(k, 48'd0);
      expect_status(4'd10, {16'd0, COLS[15:0], ROWS[15:0]});
      ran = 0;
      while (error === 1'b0 && halted === 1'b0 && ran < LONGEST_JOB && (cut == 0 || ran < cut)) begin
        cycle;
        ran = ran + 1;
      end
      if (cut != 0) begin
        if (ran < cut || busy !== 1'b1) fail("the job ended before it was cut off");
      end else if (code != 0) begin
        if (error !== 1'b1) fail("no error");
        number = job_word[at+13];
        expect_status(4'd8, {16'd0, number, code[7:0]});
        // It stays, and nothing happens any more.
        for (k = 0; k < QUIET; k = k + 1) cycle;
        if (error !== 1'b1 || halted !== 1'b0) fail("the error does not stay");
        if (quiet !== 1'b1) fail("not quiet behind an error");
        if (inst_ready !== 1'b0) fail("an instruction would be taken in an error");
        check_taken;
        // A flush ends it.
        next_inst = end_inst;
        resume = 1'b1;
        cycle;
        resume = 1'b0;
        for (k = 0; k < 2; k = k + 1) cycle;
        if (error !== 1'b0 || busy !== 1'b0 || quiet !== 1'b1) fail("not idle behind a flush");
        expect_status(4'd8, 48'd0);
        expect_status(4'd9, 48'd0);
      end else begin
        if (halted !== 1'b1) fail("not halted");
        for (k = 0; k < QUIET; k = k + 1) cycle;
        if (halted !== 1'b1 || error !== 1'b0 || busy !== 1'b0) fail("not quiet after Halt");
        check_taken;
        check_counters(job_word[at+11], job_word[at+12]);
        expect_status(4'd9, {16'd0, job_word[at+1]});
        resume = 1'b1;
        cycle;
        resume = 1'b0;
        if (halted !== 1'b0 || busy !== 1'b0) fail("halted after resume");
      end
    end
  endtask

  initial begin
    $readmemh("jobs.hex", job_word);
    $readmemh("program.hex", program_word);
    $readmemh("input.hex", input_row);
    $readmemh("weights.hex", weight_beat);
    $readmemh("output.hex", output_row);
    status_number = 4'd0;
    for (at = 0; at + JOB_SIZE <= JOB_WORDS; at = at + JOB_SIZE) begin
      run_job;
      job = job + 1;
      // A reset in the last cycle in which an error does not show yet: nothing of it is left.
      if (code != 0 && stall == 0) begin
        job_word[at+10] = ran - 1;
        run_job;
      end
    end
    if (job == 0) fail("no jobs");
    finish_now;
  end

  initial begin
    #2500000;  // 25,000 cycles, three times what all jobs take
    $display("no end in sight: FAIL");
    $finish;
  end
endmodule
