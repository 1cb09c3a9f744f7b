// SPDX-License-Identifier: Apache-2.0
// A master that reads and writes at random by the rules, and knows what must come back.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <optional>
#include <tuple>
#include <vector>

#include "golden/base/bits.hpp"
#include "golden/memory/axi_checker.hpp"
#include "golden/memory/axi_memory.hpp"
#include "tb/support/seeds.hpp"

namespace sparsys::axi {

// Each ID has an area of its own: answers of different IDs come in any order.
inline uint64_t read_area(uint32_t id) { return 0x10000000 + id * uint64_t{0x100000}; }
inline uint64_t write_area(uint32_t id) { return 0x20000000 + id * uint64_t{0x100000}; }
constexpr uint64_t kArea = 0x4000;

class RandomMaster {
 public:
  RandomMaster(uint64_t seed, const CheckerOptions& options, const Store& store)
      : dice(seed), expected(store), options_(options) {
    ports.rready = ports.bready = options.always_ready;
  }

  // Goes on until `bursts` of each direction have been offered.
  void clock(const SlavePorts& s, uint64_t bursts) {
    if (s.rvalid && ports.rready) take_beat(s);
    if (s.bvalid && ports.bready) take_response(s);
    if (s.arready) ports.arvalid = false;
    if (s.awready) ports.awvalid = false;
    if (s.wready) ports.wvalid = false;
    ports.rready = options_.always_ready || dice.chance(70);
    ports.bready = options_.always_ready || dice.chance(70);
    if (!ports.arvalid && reads < bursts && dice.chance(60)) offer_read();
    if (!ports.awvalid && writes < bursts && data_.size() < 64 && dice.chance(60)) offer_write();
    if (!ports.wvalid && !data_.empty() && dice.chance(80)) {
      ports.wvalid = true;
      std::tie(ports.wdata, ports.wstrb, ports.wlast) = data_.front();
      data_.pop_front();
    }
  }
  bool done(uint64_t bursts) const {
    return reads >= bursts && writes >= bursts && data_.empty() && !ports.arvalid &&
           !ports.awvalid && !ports.wvalid && owed == 0;
  }

  Dice dice;
  Store expected;       // what the memory holds in the end
  WriteRecord written;  // bytes written
  MasterPorts ports;
  uint64_t reads = 0, writes = 0, beats = 0, errors = 0, responses = 0, wrong = 0;
  uint64_t owed = 0;       // bursts
  uint64_t mixed = 0;      // beats that came while a burst of another ID was under way
  uint64_t overtaken = 0;  // bursts answered ahead of an earlier one

 private:
  Address address(uint64_t area, uint8_t id) {
    Address a;
    a.id = id;
    a.size = static_cast<uint8_t>(clog2(options_.bytes));
    a.cache = 3;
    const uint64_t count = 1 + dice.below(options_.burst_beats);
    a.addr = area + dice.below(kArea / options_.bytes) * options_.bytes;
    const uint64_t room = (kPage - a.addr % kPage) / options_.bytes;
    a.len = static_cast<uint8_t>(std::min(count, room) - 1);
    return a;
  }
  void offer_read() {
    const auto id = static_cast<uint8_t>(dice.below(options_.read_ids));
    Address a = address(read_area(id), id);
    uint64_t waiting = 0;
    for (const Asked& asked : asked_[id]) waiting += asked.address.len + 1U - asked.beat;
    if (waiting + a.len + 1 > uint64_t{options_.read_bursts} * options_.burst_beats) return;
    ports.arvalid = true;
    ports.ar = a;
    asked_[id].push_back({a, 0, reads});
    ++reads;
    ++owed;
  }
  void offer_write() {
    const auto id = static_cast<uint8_t>(dice.below(options_.write_ids));
    Address a = address(write_area(id), id);
    ports.awvalid = true;
    ports.aw = a;
    for (uint32_t beat = 0; beat <= a.len; ++beat) {
      Data data{};
      const uint64_t strobes =
          dice.chance(70) ? low_mask(options_.bytes) : dice.bits(options_.bytes);
      for (uint32_t b = 0; b < options_.bytes; ++b) {
        data[b] = static_cast<uint8_t>(dice.next());
        const uint64_t at = a.addr + beat * uint64_t{options_.bytes} + b;
        if (!(strobes >> b & 1)) continue;
        expected.write(at, &data[b], 1);
        written.add(at);
      }
      data_.emplace_back(data, strobes, beat == a.len);
    }
    ++writes;
    ++owed;
  }
  void take_beat(const SlavePorts& s) {
    ASSERT_FALSE(asked_[s.rid].empty());
    Asked& asked = asked_[s.rid].front();
    ++beats;
    std::vector<uint8_t> right =
        expected.read(asked.address.addr + asked.beat * uint64_t{options_.bytes}, options_.bytes);
    if (s.rresp == kOkay) {
      wrong += !std::equal(right.begin(), right.end(), s.rdata.begin());
    } else {
      ++errors;
    }
    mixed += last_ && *last_ != s.rid;
    last_ = s.rlast ? std::optional<uint8_t>() : s.rid;
    if (asked.beat++ == asked.address.len) {
      for (const auto& other : asked_) {
        if (!other.second.empty() && other.second.front().number < asked.number) {
          ++overtaken;
          break;
        }
      }
      asked_[s.rid].pop_front();
      --owed;
    }
  }
  void take_response(const SlavePorts& s) {
    ++responses;
    errors += s.bresp != kOkay;
    --owed;
  }

  struct Asked {
    Address address;
    uint32_t beat;
    uint64_t number;
  };
  CheckerOptions options_;
  std::map<uint8_t, std::deque<Asked>> asked_;
  std::deque<std::tuple<Data, uint64_t, bool>> data_;
  std::optional<uint8_t> last_;
};

}  // namespace sparsys::axi
