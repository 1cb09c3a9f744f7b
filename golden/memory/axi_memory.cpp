// SPDX-License-Identifier: Apache-2.0
#include "golden/memory/axi_memory.hpp"

#include <algorithm>
#include <string>

#include "golden/base/error.hpp"

namespace sparsys::axi {
namespace {

constexpr size_t kDataRoom = 256;  // beats

uint64_t bytes_of(const Address& address) { return uint64_t{1} << address.size; }

ByteRange range_of(const Address& address) {
  const uint64_t first = address.addr / bytes_of(address) * bytes_of(address);
  return {address.addr, first + (address.len + uint64_t{1}) * bytes_of(address) - 1};
}

}  // namespace

Memory::Memory(const MemoryOptions& options)
    : store(options.seed), options_(options), random_(options.seed, 1) {
  const uint32_t bytes = options.bytes;
  if (bytes < 8 || bytes > kMostBytes || (bytes & (bytes - 1)) != 0) {
    fail("memory", "beats of " + std::to_string(bytes) + " bytes, expected 8, 16, 32 or 64");
  }
  if (options.latency < 1) fail("memory", "latency 0, expected 1 cycle or more");
  if (options.outstanding < 1) fail("memory", "0 bursts under way, expected 1 or more");
}

void Memory::reset() {
  reads_.clear();
  writes_.clear();
  data_.clear();
  current_.reset();
  ports_ = SlavePorts();
}

bool Memory::idle() const {
  return reads_.empty() && writes_.empty() && data_.empty() && !ports_.rvalid && !ports_.bvalid;
}

uint64_t Memory::beat_address(const Address& address, uint32_t beat) const {
  if (address.burst == kFixed || beat == 0) return address.addr;
  return address.addr / bytes_of(address) * bytes_of(address) + beat * bytes_of(address);
}

const Fault* Memory::find(Fault::Kind kind, uint64_t first, uint64_t last) {
  for (Fault& fault : faults) {
    if (fault.kind == kind && fault.times > 0 && first <= fault.range.last &&
        fault.range.first <= last) {
      if (fault.times != ~uint64_t{0}) --fault.times;
      return &fault;
    }
  }
  return nullptr;
}

void Memory::take(const MasterPorts& master) {
  if (master.arvalid && ports_.arready) {
    const Address& ar = master.ar;
    reads_.push_back({ar, 0, due(), find(Fault::kReadSilence, ar.addr, ar.addr) != nullptr});
  }
  if (master.awvalid && ports_.awready) {
    Write write;
    write.address = master.aw;
    write.silent = find(Fault::kWriteSilence, master.aw.addr, master.aw.addr) != nullptr;
    writes_.push_back(std::move(write));
  }
  if (master.wvalid && ports_.wready) {
    data_.push_back({master.wdata, master.wstrb});
    ++write_beats_;
    credit_ -= options_.bytes;
  }
  if (ports_.rvalid && master.rready) {
    ports_.rvalid = false;
    ++read_beats_;
  }
  if (ports_.bvalid && master.bready) ports_.bvalid = false;
}

// Beats go to the bursts in the order of the addresses.
void Memory::collect() {
  for (Write& write : writes_) {
    if (write.whole) continue;
    while (!data_.empty() && write.beats.size() <= write.address.len) {
      write.beats.push_back(data_.front());
      data_.pop_front();
    }
    if (write.beats.size() <= write.address.len) return;
    write.whole = true;
    write.ready_at = due();
  }
}

template <class Queue, class Ready>
std::optional<size_t> Memory::choose(const Queue& queue, Ready ready) {
  std::optional<size_t> chosen;
  uint64_t seen = 0, count = 0;
  for (size_t i = 0; i < queue.size(); ++i) {
    const uint64_t bit = uint64_t{1} << queue[i].address.id % 64;
    if (seen & bit) continue;
    seen |= bit;
    // In order: the first of all or none.
    if (!options_.reorder) return ready(queue[i]) ? std::optional<size_t>(i) : std::nullopt;
    if (ready(queue[i]) && random_.below(++count) == 0) chosen = i;
  }
  return chosen;
}

void Memory::answer_reads() {
  if (ports_.rvalid || stalled(options_.stall_r)) return;
  if (options_.bandwidth > 0 && credit_ < options_.bytes) return;
  const auto ready = [&](const Read& read) { return !read.silent && read.ready_at <= cycle_; };
  std::optional<size_t> at;
  if (current_ && !options_.interleave) {
    for (size_t i = 0; i < reads_.size() && !at; ++i) {
      if (reads_[i].address.id == *current_) at = i;
    }
  } else {
    at = choose(reads_, ready);
  }
  if (!at) return;
  Read& read = reads_[*at];
  const uint64_t first = beat_address(read.address, read.beat);
  const uint64_t bus = first / options_.bytes * options_.bytes;
  ports_.rvalid = true;
  ports_.rid = read.address.id;
  ports_.rlast = read.beat == read.address.len;
  ports_.rdata = Data();
  store.read(bus, ports_.rdata.data(), options_.bytes);
  ports_.rresp = kOkay;
  if (const Fault* fault = find(Fault::kReadError, first, bus + options_.bytes - 1)) {
    ports_.rresp = fault->resp;
  } else if (options_.read_errors && random_.below(1000000) < options_.read_errors) {
    ports_.rresp = random_.below(2) ? kSlvErr : kDecErr;
  }
  if (ports_.rresp != kOkay) {
    ++read_faults_;
    for (uint32_t b = 0; b < options_.bytes; ++b) {
      ports_.rdata[b] = static_cast<uint8_t>(random_.next());
    }
  }
  credit_ -= options_.bytes;
  current_ = read.address.id;
  ++read.beat;
  if (ports_.rlast) {
    reads_.erase(reads_.begin() + static_cast<std::ptrdiff_t>(*at));
    current_.reset();
  }
}

void Memory::finish(const Write& write, uint8_t resp) {
  if (resp == kDecErr) return;  // nobody there took it
  for (uint32_t beat = 0; beat <= write.address.len; ++beat) {
    const uint64_t bus = beat_address(write.address, beat) / options_.bytes * options_.bytes;
    for (uint32_t b = 0; b < options_.bytes; ++b) {
      if (!(write.beats[beat].strobes >> b & 1)) continue;
      store.write(bus + b, &write.beats[beat].data[b], 1);
      written.add(bus + b);
    }
  }
}

void Memory::answer_writes() {
  if (ports_.bvalid || stalled(options_.stall_b)) return;
  const auto at = choose(writes_, [&](const Write& write) {
    return write.whole && !write.silent && write.ready_at <= cycle_;
  });
  if (!at) return;
  const Write& write = writes_[*at];
  const ByteRange range = range_of(write.address);
  ports_.bvalid = true;
  ports_.bid = write.address.id;
  ports_.bresp = kOkay;
  if (const Fault* fault = find(Fault::kWriteError, range.first, range.last)) {
    ports_.bresp = fault->resp;
  } else if (options_.write_errors && random_.below(1000000) < options_.write_errors) {
    ports_.bresp = random_.below(2) ? kSlvErr : kDecErr;
  }
  write_faults_ += ports_.bresp != kOkay;
  finish(write, ports_.bresp);
  writes_.erase(writes_.begin() + static_cast<std::ptrdiff_t>(*at));
}

void Memory::clock(const MasterPorts& master) {
  ++cycle_;
  if (options_.bandwidth > 0) {
    credit_ = std::min(credit_ + options_.bandwidth, options_.bytes + options_.bandwidth);
  }
  take(master);
  collect();
  // Who of two takes what the bandwidth leaves: the coin.
  const bool contended = options_.bandwidth > 0 && master.wvalid;
  if (!contended || random_.below(2)) answer_reads();
  answer_writes();
  ports_.arready = !stuck_ar && reads_.size() < options_.outstanding && !stalled(options_.stall_ar);
  ports_.awready =
      !stuck_aw && writes_.size() < options_.outstanding && !stalled(options_.stall_aw);
  const bool expected =
      !options_.address_first ||
      std::any_of(writes_.begin(), writes_.end(), [](const Write& w) { return !w.whole; });
  ports_.wready = !stuck_w && expected && data_.size() < kDataRoom &&
                  (options_.bandwidth <= 0 || credit_ >= options_.bytes) &&
                  !stalled(options_.stall_w);
}

}  // namespace sparsys::axi
