// SPDX-License-Identifier: Apache-2.0
#include "golden/function/top/model.hpp"

#include <algorithm>

#include "golden/engine/top/conversion.hpp"

namespace sparsys::top {
namespace {

Channel channel_of(Opcode opcode) {
  switch (opcode) {
    case Opcode::kSparseLoad:
    case Opcode::kSparseStore:
    case Opcode::kSparseRun:
      return Channel::kSparse;
    case Opcode::kMatrixRun:
      return Channel::kMatrix;
    case Opcode::kMatrixIn:
      return Channel::kRowsIn;
    case Opcode::kMatrixOut:
      return Channel::kRowsOut;
    default:
      return Channel::kFence;
  }
}

Conversion conversion_of(const Command& c) {
  Conversion conversion;
  conversion.multiplier = c.multiplier;
  conversion.right = c.right;
  conversion.zero = c.zero;
  return conversion;
}

}  // namespace

Model::Model(const Config& config) : config_(config) {
  if (config.sparse) sparse_.emplace(config.eie);
  if (config.matrix) matrix_.emplace(config.mxu);
}

void Model::fail(ErrorCode code, Channel channel, uint32_t command, uint32_t detail,
                 uint64_t address) {
  if (failure_.code != 0) return;
  failure_.code = static_cast<uint8_t>(code);
  failure_.channel = static_cast<uint8_t>(channel);
  failure_.command = command;
  failure_.detail = detail;
  failure_.page = static_cast<uint32_t>(address >> kPageBits);
  irq_status_ |= bit::kIrqStatusError;
  running_ = false;
}

void Model::start() {
  if (failure_.code != 0) return;
  running_ = true;
  halted_ = false;
  work();
}

void Model::ring(uint32_t tail) {
  tail_ = tail;
  if (halted_) {
    fail(ErrorCode::kHalted, Channel::kRing, head_, tail, 0);
    return;
  }
  work();
}

void Model::reset() {
  for (Queue& c : channels_) c = Queue();
  if (sparse_) sparse_->reset();
  if (matrix_) matrix_->reset();
  events_ = 0;
  head_ = tail_ = fence_ = 0;
  running_ = halted_ = held_ = false;
  failure_ = Failure();
}

bool Model::idle() const {
  return std::all_of(channels_.begin(), channels_.end(),
                     [](const Queue& c) { return c.queue.empty(); });
}

bool Model::others_idle() const {
  for (size_t n = 0; n < channels_.size(); ++n) {
    if (n != static_cast<size_t>(Channel::kFence) && !channels_[n].queue.empty()) return false;
  }
  return true;
}

void Model::work() {
  bool moved = true;
  while (moved && failure_.code == 0) {
    moved = fetch();
    for (const Channel channel : {Channel::kSparse, Channel::kMatrix, Channel::kRowsIn,
                                  Channel::kRowsOut, Channel::kFence}) {
      if (failure_.code == 0) moved = step(channel) || moved;
    }
  }
}

// Takes a command out of the ring. False if none can be.
bool Model::fetch() {
  if (!running_) return false;
  const uint32_t waiting = tail_ - head_;
  if (setup.ring_log2 < 1 || setup.ring_log2 > 16 || waiting > 1U << setup.ring_log2) {
    fail(ErrorCode::kRing, Channel::kRing, head_, waiting, 0);
    return false;
  }
  if (waiting == 0 || held_) return false;
  const uint64_t at = (uint64_t{setup.ring_page} << kPageBits) +
                      uint64_t{top::kCommandBytes} * (head_ & ((1U << setup.ring_log2) - 1));
  CommandWords words;
  for (uint32_t w = 0; w < 4; ++w) words[w] = store.word(at + 8 * w);
  const Failure wrong = check(words, config_, setup);
  if (wrong.code != 0) {
    fail(static_cast<ErrorCode>(wrong.code), Channel::kRing, head_, wrong.detail,
         uint64_t{wrong.page} << kPageBits);
    return false;
  }
  const Command command = decode(words);
  if (command.opcode == Opcode::kHalt) {
    if (!idle()) return false;
    running_ = false;
    halted_ = true;
    irq_status_ |= bit::kIrqStatusHalt;
    ++head_;
    return true;
  }
  Queue& channel = queue(channel_of(command.opcode));
  // The one under way has left the queue.
  if (channel.queue.size() >= config_.channel_depth + (channel.begun ? 1U : 0U)) return false;
  channel.queue.push_back({command, head_});
  held_ = command.opcode == Opcode::kFence && (command.flags & kAll) != 0;
  ++head_;
  return true;
}

bool Model::step(Channel channel) {
  Queue& c = queue(channel);
  if (c.queue.empty()) return false;
  const Command& command = c.queue.front().command;
  bool moved = false;
  bool done = false;
  if (!c.begun) {
    if ((command.wait & ~events_) != 0) return false;
    if (command.opcode == Opcode::kFence && (command.flags & kAll) && !others_idle()) return false;
    events_ = static_cast<uint16_t>(events_ & ~command.wait);
    c.begun = moved = true;
    done = begin(channel, c);
  } else {
    done = go_on(channel, c);
  }
  if (!done || failure_.code != 0) return moved;
  events_ |= command.signal;
  ++complete_;
  if (command.opcode == Opcode::kFence && (command.flags & kAll)) held_ = false;
  c.queue.pop_front();
  c.begun = false;
  return true;
}

bool Model::begin(Channel channel, Queue& c) {
  const Queued& q = c.queue.front();
  const Command& command = q.command;
  switch (channel) {
    case Channel::kSparse:
      return sparse(q);
    case Channel::kMatrix:
      matrix_->begin(store, command.address, command.instructions, command.weights, command.beats);
      return go_on(channel, c);
    case Channel::kRowsIn:
    case Channel::kRowsOut:
      c.address = command.address;
      c.left = command.length;
      return go_on(channel, c);
    default:
      if (command.opcode == Opcode::kFence) {
        if (command.flags & kWrite) store.write_word(command.address, command.number);
        if (command.flags & kInterrupt) irq_status_ |= bit::kIrqStatusFence;
        fence_ = command.number;
      }
      return true;
  }
}

bool Model::go_on(Channel channel, Queue& c) {
  const uint32_t command = c.queue.front().number;
  if (channel == Channel::kRowsIn) return rows_in(c);
  if (channel == Channel::kRowsOut) return rows_out(c);
  switch (matrix_->go_on(store)) {
    case MatrixMachine::State::kFailed:
      fail(ErrorCode::kMatrix, Channel::kMatrix, command, static_cast<uint32_t>(matrix_->status()),
           0);
      return false;
    case MatrixMachine::State::kBeyond:
      fail(ErrorCode::kWeights, Channel::kMatrix, command, matrix_->beyond(), 0);
      return false;
    case MatrixMachine::State::kWaiting:
      return false;
    default:
      return matrix_->rows_out() == 0;
  }
}

bool Model::sparse(const Queued& q) {
  const Command& c = q.command;
  if (c.opcode == Opcode::kSparseRun) {
    // The engine has the low bits of `first`; a list that does not fit is behind its list RAM's
    // end.
    const uint32_t depth = config_.eie.list_depth;
    const bool fits = c.first < depth && c.count <= depth;
    const ListEnd end = sparse_->run(c.first % depth, fits ? c.count : 2 * depth - 1);
    if (end.reason == 0) return true;
    fail(ErrorCode::kSparse, Channel::kSparse, q.number, static_cast<uint32_t>(end.word()), 0);
    return false;
  }
  const bool bytes = (c.flags & kBytes) != 0;
  const uint32_t lanes = word_lanes(config_.eie);
  const uint32_t size = bytes ? lanes : 8;
  const Conversion conversion = conversion_of(c);
  uint64_t address = c.address;
  uint32_t port = c.port;
  uint32_t pe = 0;
  for (uint32_t n = 0; n < c.words; ++n, address += size) {
    if (c.opcode == Opcode::kSparseStore) {
      uint64_t word = sparse_->read(port);
      for (uint32_t e = 0; bytes && e < lanes; ++e) {
        const int8_t b = to_byte(static_cast<int16_t>(word >> (16 * e)), conversion);
        store.write_word(address + e, static_cast<uint8_t>(b), 1);
      }
      if (!bytes) store.write_word(address, word);
    } else {
      uint64_t word = store.word(address, size);
      if (bytes) {
        uint64_t fixed = 0;
        for (uint32_t e = 0; e < lanes; ++e) {
          const int16_t x = to_fixed(static_cast<int8_t>(word >> (8 * e)), conversion);
          fixed |= uint64_t{static_cast<uint16_t>(x)} << (16 * e);
        }
        word = fixed;
      }
      sparse_->write(port | pe << 20, word);
    }
    if ((c.flags & kSpread) && ++pe < config_.eie.n_pe) continue;
    pe = 0;
    port = (port & 0xF0000000) | ((port + 1) & 0x0FFFFFFF);
  }
  return true;
}

bool Model::rows_in(Queue& c) {
  const Command& command = c.queue.front().command;
  for (; c.left >= command.row; c.left -= command.row, c.address += command.row) {
    mxu::Machine::Row row = store.read(c.address, command.row);
    row.resize(config_.mxu.lanes(), command.fill);
    matrix_->give(row);
  }
  if (matrix_->not_taken() > 0) return false;
  if (c.left == 0) return true;
  fail(ErrorCode::kLength, Channel::kRowsIn, c.queue.front().number, command.length, 0);
  return false;
}

bool Model::rows_out(Queue& c) {
  const Command& command = c.queue.front().command;
  for (; c.left >= command.row && matrix_->rows_out() > 0;
       c.left -= command.row, c.address += command.row) {
    store.write(c.address, matrix_->take_row().data(), command.row);
  }
  if (c.left == 0) return true;
  if (c.left >= command.row) return false;
  fail(ErrorCode::kLength, Channel::kRowsOut, c.queue.front().number, command.length, 0);
  return false;
}

}  // namespace sparsys::top
