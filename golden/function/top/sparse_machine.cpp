// SPDX-License-Identifier: Apache-2.0
#include "golden/function/top/sparse_machine.hpp"

#include <algorithm>

#include "golden/engine/eie/rules.hpp"

namespace sparsys::top {
namespace {

enum Space : uint32_t { kEntry, kPointer, kActRam, kSource, kDestination, kList, kCodebook };

constexpr uint8_t kPeError = 10;

int16_t element_of(uint64_t word, uint32_t element) {
  return static_cast<int16_t>(word >> (16 * element));
}

int64_t saturate(int64_t value, int64_t least, int64_t most) {
  return std::clamp(value, least, most);
}

}  // namespace

SparseMachine::SparseMachine(const eie::Config& config)
    : config_(config),
      lanes_(std::min(4U, config.n_pe)),
      entries_(config.n_pe, std::vector<uint8_t>(config.entry_depth)),
      pointers_(config.n_pe, std::vector<uint16_t>(config.ptr_depth)),
      accumulators_(config.n_pe, std::vector<int64_t>(config.rows())),
      ram_(size_t{config.act_ram_depth} * config.n_pe),
      list_(size_t{2} * config.list_depth),
      codebooks_(size_t{8} * config.codebooks),
      codebook_(16) {
  eie::check(config);
  for (std::vector<int16_t>& bank : registers_) bank.resize(size_t{config.act_regs} * config.n_pe);
}

SparseMachine::Flat SparseMachine::flat(uint32_t address) {
  const uint32_t space = address >> 28;
  Flat at;
  at.elements = space == kActRam ? &ram_ : space == kSource ? &sources() : &destinations();
  at.first = size_t{address & 0xFFFFFFF} * lanes_ % at.elements->size();
  return at;
}

void SparseMachine::write(uint32_t address, uint64_t word) {
  const uint32_t pe = (address >> 20 & 0xFF) % config_.n_pe;
  const uint32_t low = address & 0xFFFFF;
  switch (address >> 28) {
    case kEntry:
      for (uint32_t e = 0; e < 8; ++e) {
        entries_[pe][low % (config_.entry_depth / 8) * 8 + e] =
            static_cast<uint8_t>(word >> (8 * e));
      }
      break;
    case kPointer:
      for (uint32_t e = 0; e < 2; ++e) {
        pointers_[pe][low % (config_.ptr_depth / 2) * 2 + e] =
            static_cast<uint16_t>(word >> (16 * e));
      }
      break;
    case kActRam:
    case kSource:
    case kDestination: {
      const Flat at = flat(address);
      for (uint32_t e = 0; e < lanes_; ++e) (*at.elements)[at.first + e] = element_of(word, e);
      break;
    }
    case kList:
      list_[low % list_.size()] = word;
      break;
    case kCodebook:
      codebooks_[low % codebooks_.size()] = word;
      break;
    default:
      break;
  }
}

uint64_t SparseMachine::read(uint32_t address) const {
  const uint32_t space = address >> 28;
  if (space < kActRam || space > kDestination) return 0;
  const Flat at = const_cast<SparseMachine*>(this)->flat(address);
  uint64_t word = 0;
  for (uint32_t e = 0; e < lanes_; ++e) {
    word |= uint64_t{static_cast<uint16_t>((*at.elements)[at.first + e])} << (16 * e);
  }
  return word;
}

ListEnd SparseMachine::run(uint32_t first, uint32_t count) {
  ListEnd end;
  saturated_ = false;
  end.descriptor = static_cast<uint16_t>(first);
  if (const auto breach = eie::breach_of_list(first, count, config_);
      breach.reason != eie::Reason::kNone) {
    end.reason = static_cast<uint8_t>(breach.reason);
    return end;
  }
  for (uint32_t d = first; d < first + count; ++d) {
    end.descriptor = static_cast<uint16_t>(d);
    const uint64_t* words = &list_[size_t{2} * d];
    const auto breach = eie::breach_of(words, config_);
    end.reason = static_cast<uint8_t>(breach.reason);
    if (end.reason != 0 || !run_pass(eie::decode(words), end)) return end;
  }
  return end;
}

bool SparseMachine::run_pass(const eie::Pass& pass, ListEnd& end) {
  const uint32_t n = config_.n_pe, groups = config_.groups;
  if (pass.load_src) {
    const uint32_t rows = (pass.in_count + n - 1) / n;
    std::copy_n(ram_.begin() + static_cast<std::ptrdiff_t>(size_t{pass.src_addr} * n),
                size_t{rows} * n, sources().begin());
  }
  const uint64_t* book = &codebooks_[size_t{4} * (pass.codebook % config_.codebooks)];
  if (pass.load_codebook) {
    for (uint32_t code = 0; code < 16; ++code) {
      codebook_[code] = element_of(book[code / 4], code % 4);
    }
  }
  if (pass.clear) {
    for (std::vector<int64_t>& of_pe : accumulators_) std::fill(of_pe.begin(), of_pe.end(), 0);
  }
  // Bias columns: the constants of the upper half.
  const uint64_t* constants = book + size_t{4} * config_.codebooks;
  const uint32_t deal = std::min(groups, 4U);
  const uint32_t of_group = (2 * pass.bias + deal - 1) / deal;
  for (uint32_t k = 0; k < 2 * pass.bias; ++k) {
    const uint32_t pointer = pass.ptr_base - of_group + k / deal;
    if (!column(k % deal, pointer, pass.entry_base, element_of(constants[k / 4], k % 4), end)) {
      return false;
    }
  }
  for (uint32_t j = pass.in_first * n; j < pass.in_count; ++j) {
    const int16_t x = sources()[j];
    if (x == 0) continue;
    if (!column(j % groups, pass.ptr_base + j / groups, pass.entry_base, x, end)) return false;
  }
  if (pass.write_back) write_back(pass);
  if (pass.swap) swapped_ = !swapped_;
  return true;
}

bool SparseMachine::column(uint32_t group, uint32_t pointer, uint32_t entry_base, int16_t x,
                           ListEnd& end) {
  const int64_t most = (int64_t{1} << (config_.acc_width - 1)) - 1;
  for (uint32_t pe = group; pe < config_.n_pe; pe += config_.groups) {
    const std::vector<uint16_t>& pointers = pointers_[pe];
    const uint32_t from = pointers[pointer % config_.ptr_depth];
    const uint32_t to = pointers[(pointer + 1) % config_.ptr_depth];
    end.pe = static_cast<uint8_t>(pe);
    end.reason = kPeError;
    if (to < from) return false;
    uint32_t next = 0;  // row behind the one before
    for (uint32_t p = from; p < to; ++p) {
      const size_t at = size_t{entry_base} * 8 + p;
      if (at >= config_.entry_depth) return false;
      const uint32_t code = entries_[pe][at] & 15, skip = entries_[pe][at] >> 4;
      next += code == 0 ? 16 * (skip + 1) : skip + 1;
      if (next > config_.rows()) return false;
      if (code == 0) continue;
      int64_t& sum = accumulators_[pe][next - 1];
      const int64_t exact = sum + int64_t{x} * codebook_[code];
      sum = saturate(exact, -most - 1, most);
      saturated_ |= sum != exact;
    }
  }
  end.reason = 0;
  return true;
}

void SparseMachine::write_back(const eie::Pass& pass) {
  const uint32_t n = config_.n_pe, groups = config_.groups;
  const uint32_t rows = (pass.out_count + n - 1) / n;
  for (uint32_t i = 0; i < rows * n; ++i) {
    const uint32_t team = i % n / groups * groups;
    const uint32_t local = i / n * groups + i % groups;
    int64_t sum = 0;
    for (uint32_t member = 0; member < groups; ++member) sum += accumulators_[team + member][local];
    if (pass.shift > 0) sum = (sum + (int64_t{1} << (pass.shift - 1))) >> pass.shift;
    int64_t y = saturate(sum, INT16_MIN, INT16_MAX);
    if (pass.relu) y = std::max<int64_t>(y, 0);
    destinations()[i] = static_cast<int16_t>(y);
    if (pass.store_dst) ram_[size_t{pass.dst_addr} * n + i] = static_cast<int16_t>(y);
  }
}

}  // namespace sparsys::top
