// SPDX-License-Identifier: Apache-2.0
#include "golden/memory/axi_checker.hpp"

#include <string>

#include "golden/base/bits.hpp"

namespace sparsys::axi {
namespace {

std::string number(uint64_t n) { return std::to_string(n); }

}  // namespace

uint64_t Checker::read_beats_owed() const {
  uint64_t owed = 0;
  for (const auto& of_id : reads_) {
    for (const uint32_t beats : of_id.second) owed += beats;
  }
  return owed;
}

uint64_t Checker::write_beats_owed() const {
  uint64_t owed = 0;
  for (const Write& write : writes_) owed += write.address.len + 1U - write.beats;
  return owed;
}

// What waits with valid stays as it is.
void Checker::check_stable(const MasterPorts& m, const SlavePorts& s) {
  const MasterPorts& n = master_;
  const SlavePorts& t = slave_;
  if (n.arvalid && !t.arready) {
    if (!m.arvalid) report("ARVALID fell before ARREADY");
    if (!(m.ar == n.ar)) report("AR changed while ARVALID waits");
  }
  if (n.awvalid && !t.awready) {
    if (!m.awvalid) report("AWVALID fell before AWREADY");
    if (!(m.aw == n.aw)) report("AW changed while AWVALID waits");
  }
  if (n.wvalid && !t.wready) {
    if (!m.wvalid) report("WVALID fell before WREADY");
    if (m.wstrb != n.wstrb) report("WSTRB changed while WVALID waits");
    if (m.wlast != n.wlast) report("WLAST changed while WVALID waits");
    if (m.wdata != n.wdata) report("WDATA changed while WVALID waits");
  }
  if (t.rvalid && !n.rready) {
    if (!s.rvalid) report("RVALID fell before RREADY");
    if (s.rid != t.rid || s.rresp != t.rresp || s.rlast != t.rlast || s.rdata != t.rdata) {
      report("R changed while RVALID waits");
    }
  }
  if (t.bvalid && !n.bready) {
    if (!s.bvalid) report("BVALID fell before BREADY");
    if (s.bid != t.bid || s.bresp != t.bresp) report("B changed while BVALID waits");
  }
}

void Checker::check_address(const char* channel, const Address& a, bool read) {
  const std::string name = channel;
  const uint64_t bytes = options_.bytes;
  if (a.burst != kIncr) report(name + "BURST " + number(a.burst) + ", expected 1 (INCR)");
  if (uint64_t{1} << a.size != bytes) {
    report(name + "SIZE " + number(a.size) + ", expected that of the bus");
  }
  if (a.len + 1U > options_.burst_beats) {
    report(name + "LEN " + number(a.len) + ", more beats than BURST_BEATS");
  }
  if (a.cache != 3) report(name + "CACHE " + number(a.cache) + ", expected 3");
  if (a.prot != 0) report(name + "PROT " + number(a.prot) + ", expected 0");
  if (a.lock != 0) report(name + "LOCK " + number(a.lock) + ", expected 0");
  if (a.qos != 0) report(name + "QOS " + number(a.qos) + ", expected 0");
  if (a.id >= (read ? options_.read_ids : options_.write_ids)) {
    report(name + "ID " + number(a.id) + " is not in use");
  }
  if (a.addr & ~low_mask(options_.address_bits)) report(name + "ADDR wider than AXI_ADDR_W");
  if ((read || a.len > 0) && a.addr % bytes != 0) {
    report(name + "ADDR " + number(a.addr) + " is no multiple of the bus's bytes");
  }
  const uint64_t last = a.addr / bytes * bytes + (a.len + uint64_t{1}) * bytes - 1;
  if (a.addr / kPage != last / kPage) {
    report(name + "ADDR " + number(a.addr) + ", " + number(a.len + 1U) + " beats: crosses 4 KiB");
  }
}

void Checker::check_beat(const Write& write, const Beat& beat) {
  const bool last = write.beats == write.address.len;
  if (beat.last != last) {
    report("WLAST " + number(beat.last) + " with beat " + number(write.beats) + " of " +
           number(write.address.len + 1U));
  }
  if (beat.strobes & ~low_mask(options_.bytes)) report("WSTRB beyond the bus");
  const uint64_t below = write.address.addr % options_.bytes;
  if (write.beats == 0 && (beat.strobes & low_mask(static_cast<uint32_t>(below)))) {
    report("WSTRB below AWADDR");
  }
}

void Checker::take_write_data() {
  while (!writes_.empty() && !early_.empty()) {
    Write& write = writes_.front();
    check_beat(write, early_.front());
    // A burst ends with its length; WLAST elsewhere has been reported.
    early_.pop_front();
    if (write.beats++ == write.address.len) {
      ++complete_[write.address.id];
      writes_.pop_front();
    }
  }
}

void Checker::clock(bool rst, const MasterPorts& m, const SlavePorts& s) {
  ++cycle_;
  if (rst) {
    reads_.clear();
    complete_.clear();
    writes_.clear();
    early_.clear();
    waiting_ = false;
    responses_owed_ = 0;
    was_reset_ = began_ = true;
    return;
  }
  if (!began_) return;  // before the first reset nothing is known
  if (was_reset_) {
    if (m.arvalid || m.awvalid || m.wvalid) report("VALID of the master in the cycle after reset");
    if (s.rvalid || s.bvalid) report("VALID of the slave in the cycle after reset");
  } else {
    check_stable(m, s);
  }
  was_reset_ = false;
  master_ = m;
  slave_ = s;
  if (options_.always_ready && !m.rready) report("RREADY is 0");
  if (options_.always_ready && !m.bready) report("BREADY is 0");
  // Answers first: what is asked in a cycle is not answered in the same.
  if (s.rvalid) {
    std::deque<uint32_t>& owed = reads_[s.rid];
    if (s.rresp == kExOkay) report("RRESP EXOKAY");
    if (owed.empty()) {
      report("a beat with RID " + number(s.rid) + " that nobody asked for");
    } else {
      if (s.rlast != (owed.front() == 1)) {
        report("RLAST " + number(s.rlast) + " with " + number(owed.front()) + " beats owed");
      }
      if (m.rready && --owed.front() == 0) owed.pop_front();
    }
  }
  if (s.bvalid) {
    if (s.bresp == kExOkay) report("BRESP EXOKAY");
    uint32_t& complete = complete_[s.bid];
    if (complete == 0) {
      report("a response with BID " + number(s.bid) + " that nothing is owed to");
    } else if (m.bready) {
      --complete;
      --responses_owed_;
    }
  }
  if (m.arvalid) check_address("AR", m.ar, true);
  if (m.arvalid && s.arready) {
    std::deque<uint32_t>& owed = reads_[m.ar.id];
    owed.push_back(m.ar.len + 1U);
    ++read_bursts_;
    uint64_t beats = 0;
    for (const uint32_t of : owed) beats += of;
    if (beats > uint64_t{options_.read_bursts} * options_.burst_beats) {
      report("ID " + number(m.ar.id) +
             " asks for more beats than its buffer holds: " + number(beats));
    }
  }
  if (m.awvalid) check_address("AW", m.aw, false);
  if (m.awvalid && s.awready) {
    writes_.push_back({m.aw, 0});
    ++write_bursts_;
    ++responses_owed_;
  }
  if (m.wvalid && s.wready) early_.push_back({m.wstrb, m.wlast});
  take_write_data();
  waiting_ = (m.arvalid && !s.arready) || (m.awvalid && !s.awready) || (m.wvalid && !s.wready);
}

}  // namespace sparsys::axi
