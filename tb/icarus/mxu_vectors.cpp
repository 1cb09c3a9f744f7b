// SPDX-License-Identifier: Apache-2.0
// Writes the files that the Icarus bench of the matrix unit reads: jobs, instructions, rows for the
// host's input, beats of weights, expected rows of output. Whole networks compiled for the unit,
// with the functional model's outputs; programs that rely on what a reset leaves; weights cut off
// by one on their way into the array; operations that must be refused.
#include <array>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/base/random.hpp"
#include "golden/cycle/mxu/device.hpp"
#include "golden/engine/mxu/compiler.hpp"
#include "golden/engine/mxu/driver.hpp"
#include "golden/engine/mxu/weight_stream.hpp"
#include "golden/function/mxu/network.hpp"
#include "tb/support/mxu/reference.hpp"
#include "tb/support/random_mxu_network.hpp"

namespace sparsys {
namespace {

using namespace mxu::test;  // NOLINT

constexpr uint64_t kLongest = 12000;  // bound on the cycles of a network

// As in mxu_tb.v.
mxu::Config bench_config() {
  mxu::Config c;
  c.rows = c.cols = 4;
  c.tile_rows = 2;
  c.tile_cols = 4;
  c.fifo_words = 32;
  c.ub_depth = 300;
  c.acc_depth = 64;
  c.param_sets = 4;
  c.queue_depth = 3;
  return c;
}

struct Job {
  std::vector<RawInstruction> program;
  std::vector<Row> input;
  std::vector<uint8_t> weights;  // beats
  std::vector<Row> output;
  uint32_t error = 0;   // code, 0: halts
  uint32_t number = 0;  // told with it
  uint32_t stall = 0;   // per cent of cycles in which a port of the host holds back
  uint32_t cut = 0;     // cycles until a reset ends it; 0: never
  uint64_t active = 0, useful = 0;
};

std::vector<Row> rows_of(const std::vector<uint8_t>& bytes, size_t width) {
  std::vector<Row> rows;
  for (size_t at = 0; at < bytes.size(); at += width) {
    rows.emplace_back(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                      bytes.begin() + static_cast<std::ptrdiff_t>(at + width));
  }
  return rows;
}

// Fills in what comes out of a job that halts.
void expect(Job& job, const mxu::Config& c) {
  Reference reference(c);
  reference.input.assign(job.input.begin(), job.input.end());
  const mxu::StreamShape shape(c);
  mxu::StreamReader reader(shape);
  std::map<uint32_t, std::vector<Row>> tiles;
  for (const RawInstruction& i : job.program) {
    if (i.get(88, 8) != 1) {
      reference.run(i, tiles);
      continue;
    }
    // The reference knows tiles, not how they are stored.
    std::vector<std::vector<int8_t>> read;
    const auto count = static_cast<uint32_t>(i.get(56, 16));
    if (!reader.read(&job.weights.at(i.get(0, 32) * shape.beat_bytes()), i.get(32, 24), count,
                     i.get(72, 1) != 0, i.get(73, 1) != 0, read)) {
      throw Error("a job's weights are not a stream");
    }
    const auto first = static_cast<uint32_t>(tiles.size());
    for (const std::vector<int8_t>& tile : read) {
      tiles[static_cast<uint32_t>(tiles.size())] = rows_of({tile.begin(), tile.end()}, c.cols);
    }
    reference.run(read_weights(first, count), tiles);
  }
  if (!reference.input.empty()) throw Error("a job leaves rows of input");
  job.output = reference.output;
  job.active = reference.active;
  job.useful = reference.useful;
}

Job network_job(const mxu::Network& network, const mxu::Program& program, Random& random) {
  const mxu::Config& c = program.config;
  std::vector<int8_t> inputs(size_t{program.batch} * program.in_channels * program.in_pixels);
  for (int8_t& value : inputs) value = static_cast<int8_t>(random.next());
  Job job;
  for (const mxu::InstructionWords& words : program.instructions) {
    RawInstruction i;
    i.words = words;
    job.program.push_back(i);
  }
  job.input = rows_of(host_rows(program, inputs), c.lanes());
  job.weights = program.weights;
  expect(job, c);
  // The machine in program order gives the lanes that no output uses, too; the outputs must be the
  // functional model's.
  std::vector<uint8_t> bytes;
  for (const Row& row : job.output) bytes.insert(bytes.end(), row.begin(), row.end());
  if (outputs_of(program, bytes) != run_batch(network, inputs, 1)) {
    throw Error("network " + network.name + ": program and functional model differ");
  }
  // Anywhere in the run.
  mxu::CycleDevice device(c);
  mxu::Driver driver(device);
  driver.run(program, inputs);
  job.cut = static_cast<uint32_t>(5 + random.below(driver.counters().cycles - 10));
  return job;
}

// What a network asks of the unit, one word each.
std::set<std::string> features_of(const mxu::Network& network, const mxu::Program& program) {
  std::set<std::string> found;
  const auto add = [&found](bool there, const char* what) {
    if (there) found.insert(what);
  };
  for (const mxu::Layer& l : network.layers) {
    add(l.function == mxu::Function::kRelu, "relu");
    add(l.function == mxu::Function::kSigmoid, "sigmoid");
    add(l.function == mxu::Function::kTanh, "tanh");
    add(l.pooling == mxu::Pooling::kMax, "max");
    add(l.pooling == mxu::Pooling::kMax && l.pool.pad[0] && l.pool.pad[1], "pooling's padding");
    add(l.pooling == mxu::Pooling::kAverage && l.pool.kernel[0] * l.pool.kernel[1] > 1, "average");
    add(l.pooling != mxu::Pooling::kNone && l.pool.stride[0] > 1 && l.out_height() > 1,
        "pooling's stride down");
    add(l.pooling != mxu::Pooling::kNone && l.pool.stride[1] > 1 && l.out_width() > 1,
        "pooling's stride across");
    // The last window reaches beyond the map.
    const auto beyond = [&l](size_t s, uint32_t outputs, uint32_t size) {
      return l.window.stride[s] > 1 && outputs > 1 &&
             (outputs - 1) * l.window.stride[s] + l.window.kernel[s] > size + l.window.pad[s];
    };
    add(beyond(0, l.conv_height(), l.height), "stride down to the padding");
    add(beyond(1, l.conv_width(), l.width), "stride across to the padding");
    add(l.window.pad[0] && l.window.pad[1] && l.window.pad[2] && l.window.pad[3], "padding");
    add(l.low > -128 && l.high < 127, "bounds");
    add(l.outputs > program.config.cols, "several tiles of outputs");
    add(l.channels > program.config.rows, "several tiles of inputs");
  }
  add(program.batch > 1, "batch");
  return found;
}
constexpr size_t kFeatures = 15;

// Networks that fit the unit and take no more than kLongest cycles, until all features are there.
std::vector<Job> network_jobs(const mxu::Config& c, Random& random) {
  std::vector<Job> jobs;
  std::set<std::string> seen;
  for (uint64_t seed = 1; seen.size() < kFeatures; ++seed) {
    if (seed > 1000) throw Error("no networks with all features");
    const mxu::Network network =
        jobs.empty() ? mxu::quantised_chain({9, 14, 6}, seed) : mxu::random_quantised(seed, 6, 7);
    mxu::Program program;
    try {
      program = compile(network, static_cast<uint32_t>(1 + seed % 3), c);
    } catch (const Error&) {
      continue;  // beyond the unit's memories
    }
    const size_t before = seen.size();
    if (program.cycle_bound <= kLongest) seen.merge(features_of(network, program));
    if (seen.size() > before) jobs.push_back(network_job(network, program, random));
  }
  return jobs;
}

// Uses every register of the units as a reset leaves it, as far as 0 is not refused.
Job unset_registers(const mxu::Config& c, Random& random) {
  const auto byte = [&random] { return static_cast<int>(random.below(256)) - 128; };
  Job job;
  const mxu::StreamShape shape(c);
  for (uint32_t t = 0; t < 2; ++t) {
    std::vector<int8_t> tile(size_t{c.rows} * c.cols);
    for (int8_t& value : tile) value = static_cast<int8_t>(byte());
    put_tile(shape, tile.data(), nullptr, job.weights);
  }
  const auto beats = static_cast<uint32_t>(job.weights.size() / shape.beat_bytes());
  constexpr uint32_t kRows = 9;  // a map of 3 x 3
  for (uint32_t n = 0; n < kRows; ++n) {
    Row row(c.lanes());
    for (uint8_t& value : row) value = static_cast<uint8_t>(byte());
    job.input.push_back(row);
  }
  Parameters parameters = plain_parameters(c, 7);
  for (uint32_t k = 0; k < c.cols; ++k) parameters.bias[k] = byte();
  for (const Row& plane : planes(c, parameters)) job.input.push_back(plane);
  auto& p = job.program;
  // The first operation waits for its weights, the activation behind it for no addition.
  p.push_back(read_host(0, 1));
  p.push_back(read_beats(0, beats, 2, true, false));
  p.push_back(wait(multiply(0, 0, 1, true, false, 3, 2), kHostIn));
  p.push_back(read_host(1, kRows - 1));
  p.push_back(read_parameters(0, 0, 9));
  p.push_back(wait(wait(activate(60, 0, 1, 0, kTanh), kHostIn), kMatrix));
  p.push_back(wait(multiply(0, 0, kRows, false, false), kHostIn));
  p.push_back(multiply(0, 0, kRows, true, true, 4, 4));
  p.push_back(nop());
  // Pad value, zero point and bounds are 0; so is the mean of a window.
  p.push_back(set_register(0, halves(3, 3)));
  p.push_back(set_register(1, halves(3, 3)));
  p.push_back(set_register(2, 3 | 1 << 16 | 1 << 24));
  p.push_back(convolve(0, kRows, -1, -1, false, false));
  p.push_back(wait(activate(20, 0, kRows, 0, kIdentity), kMatrix));
  p.push_back(activate(30, 0, kRows, 0, kSigmoid));
  p.push_back(activate(40, kRows, kRows, 0, kTanh));
  p.push_back(set_register(8, bytes(0, 0x80, 0x7F)));
  p.push_back(set_register(9, halves(3, 3)));
  p.push_back(set_register(10, 2 | 1 << 16 | 1 << 24));
  p.push_back(set_register(11, bytes(2, 2)));
  p.push_back(activate(50, 0, 4, 0, kIdentity, kAveragePool));
  p.push_back(activate(54, 0, 4, 0, kRelu, kMaxPool));
  p.push_back(synchronise());
  p.push_back(write_host(20, kRows));
  p.push_back(write_host(30, kRows));
  p.push_back(write_host(40, kRows));
  p.push_back(write_host(50, 8));
  p.push_back(write_host(60, 1));
  p.push_back(halt());
  expect(job, c);
  return job;
}

// Weights cut off by a reset in each of the cycles in which their packets are on the way, and
// behind each a product that takes no weights: those in use are 0.
std::vector<Job> cut_weights(const mxu::Config& c) {
  constexpr uint32_t kFirst = 10;  // at the array, of the first instruction behind a reset
  const mxu::StreamShape shape(c);
  const std::vector<int8_t> ones(size_t{c.rows} * c.cols, 1);
  Job arriving;
  put_tile(shape, ones.data(), nullptr, arriving.weights);
  const auto beats = static_cast<uint32_t>(arriving.weights.size() / shape.beat_bytes());
  // Busy for any time: the row does not come.
  arriving.program = {read_beats(0, beats, 1, true, false), read_host(0, 1)};
  Job product;
  product.input = {Row(c.lanes(), 1)};
  for (const Row& plane : planes(c, plain_parameters(c))) product.input.push_back(plane);
  product.program = {read_host(0, 1),
                     read_parameters(0, 0, 9),
                     set_register(8, bytes(0, 0x80, 0x7F)),
                     wait(multiply(0, 0, 1, false, false), kHostIn),
                     wait(wait(activate(20, 0, 1, 0, kIdentity), kHostIn), kMatrix),
                     synchronise(),
                     write_host(20, 1),
                     halt()};
  expect(product, c);
  std::vector<Job> jobs;
  for (uint32_t n = 0; n < c.rows * c.cols; ++n) {
    arriving.cut = kFirst + n;
    jobs.push_back(arriving);
    jobs.push_back(product);
  }
  return jobs;
}

// Operations that are refused, the last of each program.
std::vector<Job> refused(const mxu::Config& c) {
  const RawInstruction map = set_register(0, halves(3, 3)), out = set_register(1, halves(2, 2));
  const RawInstruction walk = set_register(2, 3 | 1 << 16 | 1 << 24);
  const RawInstruction pool_map = set_register(9, halves(3, 3));
  const RawInstruction pool_out = set_register(10, 2 | 1 << 16 | 1 << 24);
  const RawInstruction window = set_register(11, bytes(2, 2));
  const RawInstruction conv = convolve(0, 0, 0, 0, false, false);
  const RawInstruction pool = activate(0, 0, 4, 0, kIdentity, kMaxPool);
  const std::vector<std::pair<std::vector<RawInstruction>, uint32_t>> programs = {
      {{make(11)}, 1},
      {{nop(), nop(), set_register(4, 0)}, 1},
      {{read_beats(0, 1, 0, true, false)}, 2},
      {{multiply(0, 0, 0, false, false)}, 2},
      {{out, walk, conv}, 2},
      {{map, walk, conv}, 2},
      {{map, out, conv}, 2},
      {{pool_out, window, pool}, 2},
      {{pool_map, window, pool}, 2},
      {{pool_map, pool_out, pool}, 2},
      {{multiply(c.ub_depth - 1, 0, 2, false, false)}, 3},
      {{read_host(c.ub_depth, 1)}, 3},
      {{write_host(0xFFFFFF, 1)}, 3},
      {{activate(0, c.acc_depth - 1, 2, 0, kRelu)}, 4},
      {{read_parameters(c.param_sets, 0, 1)}, 5},
      {{multiply(0, 0, 1, true, false)}, 6},
      {{synchronise().put(80, 1, 1)}, 7},
      {{pool_map, pool_out, set_register(11, bytes(16, 16)),
        activate(0, 0, 4, 0, kIdentity, kAveragePool)},
       8},
  };
  std::vector<Job> jobs;
  for (const auto& [program, code] : programs) {
    Job job;
    job.program = program;
    job.error = code;
    job.number = static_cast<uint32_t>(program.size() - 1);
    jobs.push_back(job);
  }
  // Streams of weights: no codebook; a count of 0; a weight behind the end of the second tile's
  // bus.
  const mxu::StreamShape shape(c);
  const std::vector<int8_t> ones(size_t{c.rows} * c.cols, 1);
  Job stream;
  put_tile(shape, ones.data(), nullptr, stream.weights);
  const auto beats = static_cast<uint32_t>(stream.weights.size() / shape.beat_bytes());
  stream.number = 1;
  stream.error = 12;
  stream.program = {read_beats(0, beats, 1, false, false)};
  jobs.push_back(stream);
  stream.error = 11;
  stream.weights[0] = 0;
  stream.program = {read_beats(0, beats, 1, true, false)};
  jobs.push_back(stream);
  stream.error = 10;
  stream.weights.clear();
  put_tile(shape, ones.data(), nullptr, stream.weights);
  put_codebook(shape, {0, 1}, stream.weights);
  put_tile(shape, ones.data(), nullptr, stream.weights);
  stream.weights[(beats + 3) * shape.beat_bytes()] = 0xF0;  // passes 256 positions
  stream.number = 2;
  stream.program = {read_beats(0, beats, 1, true, false),
                    read_beats(beats, beats + 2, 1, false, true)};
  jobs.push_back(stream);
  return jobs;
}

class Files {
 public:
  explicit Files(const std::string& folder) : folder_(folder) {}
  void job(const Job& j) {
    for (const uint64_t word :
         {uint64_t{program_.size()}, uint64_t{j.program.size()}, uint64_t{input_.size()},
          uint64_t{j.input.size()}, uint64_t{weights_.size()}, uint64_t{j.weights.size() / 8},
          uint64_t{output_.size()}, uint64_t{j.output.size()}, uint64_t{j.error}, uint64_t{j.stall},
          uint64_t{j.cut}, j.active, j.useful, uint64_t{j.number}}) {
      jobs_.push_back(hex(word, 8));
    }
    for (const RawInstruction& i : j.program) {
      program_.push_back(hex(i.words[2], 8) + hex(i.words[1], 8) + hex(i.words[0], 8));
    }
    for (const Row& row : j.input) input_.push_back(hex(row));
    // A beat is a word of 8 bytes: one lane.
    for (const Row& beat : rows_of(j.weights, 8)) weights_.push_back(hex(beat));
    for (const Row& row : j.output) output_.push_back(hex(row));
  }
  void write() const {
    write("jobs.hex", jobs_);
    write("program.hex", program_);
    write("input.hex", input_);
    write("weights.hex", weights_);
    write("output.hex", output_);
  }

 private:
  static std::string hex(uint64_t value, int digits) {
    std::array<char, 17> text{};
    std::snprintf(text.data(), text.size(), "%0*llx", digits,
                  static_cast<unsigned long long>(value));
    return text.data();
  }
  static std::string hex(const Row& row) {
    std::string text;
    for (size_t l = row.size(); l-- > 0;) text += hex(row[l], 2);  // lane 0 last
    return text;
  }
  void write(const std::string& name, const std::vector<std::string>& lines) const {
    std::ofstream file(folder_ + "/" + name);
    for (const std::string& line : lines) file << line << '\n';
    if (!file.flush()) throw Error(folder_ + "/" + name + ": cannot be written");
  }

  std::string folder_;
  std::vector<std::string> jobs_, program_, input_, weights_, output_;
};

void write_vectors(const std::string& folder) {
  const mxu::Config c = bench_config();
  Random random(20161101);
  Files files(folder);
  const Job first = unset_registers(c, random);
  files.job(first);
  const std::vector<Job> networks = network_jobs(c, random);
  for (size_t n = 0; n < networks.size(); ++n) {
    // First cut off; nothing of it may be left when it runs again.
    Job job = networks[n];
    job.stall = n % 2 ? 0 : 20;
    files.job(job);
    job.cut = 0;
    job.stall = n % 2 ? 30 : 0;
    files.job(job);
  }
  for (const Job& job : cut_weights(c)) files.job(job);
  for (const Job& job : refused(c)) files.job(job);
  Job last = first;
  last.stall = 50;
  files.job(last);
  files.write();
}

}  // namespace
}  // namespace sparsys

int main(int argc, char** argv) {
  try {
    if (argc != 2) throw sparsys::Error("usage: mxu_vectors FOLDER");
    sparsys::write_vectors(argv[1]);
  } catch (const std::exception& error) {
    std::cerr << "mxu_vectors: error: " << error.what() << '\n';
    return 1;
  }
}
