// SPDX-License-Identifier: Apache-2.0
#include "golden/function/top/matrix_machine.hpp"

#include <algorithm>

#include "golden/base/bits.hpp"

namespace sparsys::top {
namespace {

using mxu::Register;
using mxu::Setting;

constexpr uint32_t kRequestBeats = 16;  // a request never crosses a multiple

bool known(Register reg) {
  return reg <= Register::kPadding ||
         (reg >= Register::kBounds && reg <= Register::kAverageRound) ||
         reg == Register::kClearCounters;
}

}  // namespace

MatrixMachine::MatrixMachine(const mxu::Config& config)
    : machine({config.rows, config.cols, config.lanes(), config.ub_depth, config.acc_depth,
               config.param_sets}),
      config_(config),
      shape_(config),
      reader_(shape_) {
  mxu::check(config);
}

void MatrixMachine::reset() {
  machine.drop_weights();
  machine.registers = {};
  machine.input.clear();
  machine.output.clear();
  reader_ = mxu::StreamReader(shape_);
  left_ = number_ = 0;
  wanted_ = taken_ = 0;
  status_ = 0;
  state_ = State::kDone;
}

void MatrixMachine::begin(const Store& store, uint64_t address, uint32_t count, uint64_t weights,
                          uint32_t beats) {
  address_ = address;
  left_ = count;
  weights_ = weights;
  beats_ = beats;
  state_ = State::kWaiting;
  go_on(store);
}

size_t MatrixMachine::not_taken() const {
  return machine.input.size() - std::min(machine.input.size(), wanted_);
}

MatrixMachine::State MatrixMachine::go_on(const Store& store) {
  while (state_ == State::kWaiting) {
    if (left_ == 0) return state_ = State::kDone;
    mxu::InstructionWords words{};
    for (uint32_t w = 0; w < 3; ++w) {
      words[w] = static_cast<uint32_t>(store.word(address_ + 4 * w, 4));
    }
    const mxu::Instruction i = mxu::decode(words);
    if (const uint32_t code = check(i, words)) {
      status_ = code | uint64_t{number_ & 0xFFFFFF} << 8;
      return state_ = State::kFailed;
    }
    if (i.opcode == mxu::Opcode::kReadHost && machine.input.size() < i.length) {
      wanted_ = i.length;
      return state_;
    }
    wanted_ = 0;
    if (i.opcode == mxu::Opcode::kReadWeights && !read_weights(store, i)) return state_;
    machine.run(words);
    if (i.opcode == mxu::Opcode::kFlush) reader_ = mxu::StreamReader(shape_);
    address_ += 16;
    --left_;
    ++number_;
  }
  return state_;
}

bool MatrixMachine::read_weights(const Store& store, const mxu::Instruction& i) {
  const uint64_t last = uint64_t{i.beat} + i.beats - 1;
  if (last >= beats_) {
    // The first request with a beat beyond.
    const uint32_t page = std::max(i.beat, beats_) / kRequestBeats * kRequestBeats;
    beyond_ = std::max(i.beat, page);
    state_ = State::kBeyond;
    return false;
  }
  const std::vector<uint8_t> beats = store.read(weights_ + uint64_t{i.beat} * shape_.beat_bytes(),
                                                uint64_t{i.beats} * shape_.beat_bytes());
  std::vector<std::vector<int8_t>> tiles;
  if (!reader_.read(beats.data(), i.beats, i.tiles, i.raw, i.codebook, tiles)) {
    const mxu::StreamFault& fault = reader_.fault();
    status_ = static_cast<uint64_t>(fault.error) | uint64_t{fault.headers & 0xFFFFFF} << 8 |
              uint64_t{fault.bus} << 32;
    state_ = State::kFailed;
    return false;
  }
  for (const std::vector<int8_t>& tile : tiles) {
    mxu::Machine::Tile rows(config_.rows);
    for (uint32_t r = 0; r < config_.rows; ++r) {
      const auto from = tile.begin() + static_cast<std::ptrdiff_t>(size_t{r} * config_.cols);
      rows[r].assign(from, from + static_cast<std::ptrdiff_t>(config_.cols));
    }
    machine.fifo.push_back(std::move(rows));
  }
  return true;
}

uint32_t MatrixMachine::check(const mxu::Instruction& i, const mxu::InstructionWords& words) const {
  const auto setting = [&](Register reg) {
    return mxu::setting_of(reg, machine.registers[static_cast<size_t>(reg)]);
  };
  const Setting map = setting(Register::kMap), result = setting(Register::kResult);
  const Setting walk = setting(Register::kWalk), pooled = setting(Register::kPooledMap);
  const Setting pool_out = setting(Register::kPooledResult), window = setting(Register::kWindow);
  const bool matrix =
      i.opcode == mxu::Opcode::kMatrixMultiply || i.opcode == mxu::Opcode::kConvolve;
  const bool conv = i.opcode == mxu::Opcode::kConvolve;
  const bool pool = i.opcode == mxu::Opcode::kActivate && i.pooling != mxu::Pooling::kNone;
  const bool set = i.opcode == mxu::Opcode::kSet;
  const bool rows = i.opcode == mxu::Opcode::kReadHost || i.opcode == mxu::Opcode::kWriteHost;
  if (i.opcode > mxu::Opcode::kFlush || (set && !known(i.reg))) return 1;
  if (mxu::encode(i) != words || (i.raw && i.codebook) ||
      (set && mxu::set_of(i.reg, mxu::setting_of(i.reg, i.value)).value != i.value) ||
      (matrix && (i.rows_less_one >= config_.rows || i.columns_less_one >= config_.cols))) {
    return 7;
  }
  const uint64_t length = conv ? uint64_t{result.out_h} * result.out_w : i.length;
  if (i.opcode == mxu::Opcode::kReadWeights && (i.beats == 0 || i.tiles == 0)) return 2;
  if ((matrix || rows || i.opcode == mxu::Opcode::kActivate) && length == 0) return 2;
  if (conv && (map.in_h == 0 || map.in_w == 0 || walk.stride_x == 0 || walk.stride_y == 0)) {
    return 2;
  }
  if (pool &&
      (pooled.in_h == 0 || pooled.in_w == 0 || pool_out.out_w == 0 || pool_out.stride_x == 0 ||
       pool_out.stride_y == 0 || window.window_h == 0 || window.window_w == 0 || i.sum)) {
    return 2;
  }
  if (i.opcode == mxu::Opcode::kReadWeights && uint64_t{i.beat} + i.beats > uint64_t{1} << 32)
    return 6;
  if (matrix && i.take && machine.fifo.empty()) return 6;
  const uint64_t extent = conv ? (map.in_h - uint64_t{1}) * walk.pitch + map.in_w : length;
  const bool buffer = matrix || i.opcode == mxu::Opcode::kActivate || (rows && !i.parameters);
  if (buffer && i.buffer + extent > config_.ub_depth) return 3;
  const uint64_t sums = pool ? uint64_t{pooled.in_h} * pooled.in_w : i.sum ? 2 * length : length;
  if ((matrix || i.opcode == mxu::Opcode::kActivate) && i.accumulators + sums > config_.acc_depth) {
    return 4;
  }
  if (i.opcode == mxu::Opcode::kActivate && i.set + (i.sum ? 2 : 0) >= config_.param_sets) return 5;
  if (i.parameters && (i.buffer / 16 >= config_.param_sets || i.buffer % 16 + length > 9)) return 5;
  if (pool && i.pooling != mxu::Pooling::kMax && window.window_h * window.window_w > 255) return 8;
  return 0;
}

}  // namespace sparsys::top
