// SPDX-License-Identifier: Apache-2.0
// The AXI masters by themselves, RTL against the cycle model and against the memory model: random
// requests of all streams, stalls of everything, any order of answers, errors, stop and clear
// (docs/reference/top-timing.md sections 5 and 6).
#include <deque>

#include "Vaxi_read_16.h"
#include "Vaxi_read_64.h"
#include "Vaxi_read_8.h"
#include "Vaxi_write_16.h"
#include "Vaxi_write_64.h"
#include "Vaxi_write_8.h"
#include "golden/memory/axi_checker.hpp"
#include "golden/memory/axi_memory.hpp"
#include "tb/lockstep/top/signals.hpp"
#include "tb/modules/module_bench.hpp"
#include "tb/support/top/random_memory.hpp"

namespace sparsys::top {
namespace {

constexpr uint64_t kSeeds = 6;
constexpr uint64_t kCycles = 8000;

// As the Verilated modules in tb/modules/CMakeLists.txt.
BusShape shape_of(uint32_t bytes) {
  switch (bytes) {
    case 8:
      return {8, 40, 16, 4, 4};
    case 16:
      return {16, 32, 4, 2, 2};
    default:
      return {64, 44, 16, 4, 4};
  }
}

axi::CheckerOptions checker_of(const BusShape& shape) {
  axi::CheckerOptions options;
  options.bytes = shape.bytes;
  options.address_bits = shape.addr_w;
  options.burst_beats = shape.burst_beats;
  options.read_bursts = shape.read_bursts;
  return options;
}

template <class Port>
void put_bytes(Port& port, size_t at, const uint8_t* bytes, size_t count) {
  std::memcpy(reinterpret_cast<uint8_t*>(&port) + at, bytes, count);
}
template <class Port>
const uint8_t* bytes_of(const Port& port) {
  return reinterpret_cast<const uint8_t*>(&port);
}

// Stop and clear as the control gives them: stop now and then, and clear some time behind, in a
// cycle in which nothing is owed; sometimes a reset with the memory.
struct Control {
  bool stop = false, clear = false, rst = false;
  uint32_t quiet = 0;
  void draw(Dice& dice, bool idle, bool faults) {
    rst = dice.below(3000) == 0;
    if (clear) stop = clear = false;
    if (!stop) {
      stop = dice.below(faults ? 400 : 1500) == 0;
      quiet = 0;
    } else {
      quiet = idle ? quiet + 1 : 0;
      clear = quiet > 4 && dice.chance(20);
    }
    if (rst) stop = clear = false;
  }
};

constexpr uint32_t kReaders = 5;

template <class Rtl>
void run_read(uint32_t bytes, uint64_t seed, uint64_t* beats_checked, uint64_t* stops) {
  Dice dice(seed);
  const BusShape shape = shape_of(bytes);
  ModuleBench<Rtl, AxiRead> b("axi_read", kReaders, shape);
  axi::Memory memory(test::random_memory(dice, bytes));
  memory.options().read_errors = dice.chance(30) ? 2000 : 0;
  axi::Checker checker(checker_of(shape));
  PORT(idle_o);
  PORT(beat_o);
  PORT(error_o);
  PORT_WHEN(error_id_o, error_o);
  PORT_WHEN(error_addr_o, error_o);
  b.port(
      "address_o", [&] { return uint64_t{b.rtl.address_o}; },
      [&] { return uint64_t{b.model.address_o()}; });
  for (uint32_t n = 0; n < kReaders; ++n) {
    b.port(
        "req_ready_o", [&b, n] { return uint64_t{b.rtl.req_ready_o} >> n & 1; },
        [&b, n] { return uint64_t{b.model.stream[n].req_ready_o}; });
    b.port(
        "data_valid_o", [&b, n] { return uint64_t{b.rtl.data_valid_o} >> n & 1; },
        [&b, n] { return uint64_t{b.model.stream[n].data_valid_o}; });
  }
  struct Reader {
    std::deque<uint64_t> owed;  // addresses of beats
    bool valid = false;
    uint64_t addr = 0;
    uint32_t beats = 0, share = 50;
  };
  std::vector<Reader> readers(kReaders);
  Control control;
  const bool faults = memory.options().read_errors != 0;
  for (uint64_t n = 0; n < kCycles; ++n) {
    control.draw(dice, b.model.idle_o, faults);
    if (n < 2) control = {false, false, true, 0};
    *stops += control.clear;
    b.rtl.rst_i = control.rst;
    DRIVE(stop_i, control.stop);
    DRIVE(clear_i, control.clear);
    for (uint32_t r = 0; r < kReaders; ++r) {
      Reader& reader = readers[r];
      if (n % 64 == 0) reader.share = static_cast<uint32_t>(5 + dice.below(96));
      if (!reader.valid && dice.chance(10)) {
        reader.valid = true;
        reader.addr = (dice.below(1 << 20) * bytes + (uint64_t{r} << 28)) & low_mask(shape.addr_w);
        reader.beats = static_cast<uint32_t>(1 + dice.below(dice.chance(50) ? 5 : 100));
      }
      ReadStream& s = b.model.stream[r];
      s.req_valid_i = reader.valid;
      s.req_addr_i = reader.addr;
      s.req_beats_i = reader.beats;
      s.data_ready_i = dice.chance(reader.share);
      set_bits(b.rtl.req_valid_i, r, 1, s.req_valid_i);
      set_bits(b.rtl.req_addr_i, r * shape.addr_w, shape.addr_w, s.req_addr_i);
      set_bits(b.rtl.req_beats_i, r * 32, 32, s.req_beats_i);
      set_bits(b.rtl.data_ready_i, r, 1, s.data_ready_i);
    }
    const axi::SlavePorts slave = memory.ports();
    b.model.bus_i = slave;
    b.rtl.m_arready_i = slave.arready;
    b.rtl.m_rvalid_i = slave.rvalid;
    b.rtl.m_rid_i = slave.rid;
    put_bytes(b.rtl.m_rdata_i, 0, slave.rdata.data(), bytes);
    b.rtl.m_rresp_i = slave.rresp;
    b.rtl.m_rlast_i = slave.rlast;
    if (!b.check()) return;
    axi::MasterPorts master;
    b.model.drive(master);
    ASSERT_EQ(b.rtl.m_arvalid_o, master.arvalid);
    ASSERT_EQ(b.rtl.m_araddr_o, master.ar.addr);
    ASSERT_EQ(b.rtl.m_arid_o, master.ar.id);
    ASSERT_EQ(b.rtl.m_arlen_o, master.ar.len);
    const axi::Address constant{master.ar.addr,    master.ar.id,      master.ar.len,
                                b.rtl.m_arsize_o,  b.rtl.m_arburst_o, b.rtl.m_arlock_o,
                                b.rtl.m_arcache_o, b.rtl.m_arprot_o,  b.rtl.m_arqos_o};
    master.ar = constant;
    master.rready = b.rtl.m_rready_o;
    master.bready = true;
    checker.clock(control.rst, master, slave);
    for (uint32_t r = 0; r < kReaders; ++r) {
      Reader& reader = readers[r];
      const ReadStream& s = b.model.stream[r];
      if (reader.valid && s.req_ready_o) {
        for (uint32_t beat = 0; beat < reader.beats; ++beat) {
          reader.owed.push_back(reader.addr + beat * uint64_t{bytes});
        }
        reader.valid = false;
      }
      if (s.data_valid_o && s.data_ready_i) {
        ASSERT_FALSE(reader.owed.empty());
        const std::vector<uint8_t> right = memory.store.read(reader.owed.front(), bytes);
        const uint8_t* got = bytes_of(b.rtl.data_o) + r * bytes;
        ASSERT_EQ(std::vector<uint8_t>(got, got + bytes), right) << "stream " << r;
        reader.owed.pop_front();
        ++*beats_checked;
      }
      if (control.rst || control.clear) reader = Reader();
    }
    // An error stops the accelerator; here in the cycle behind.
    if (b.model.error_o && !control.stop) control.stop = true;
    b.edge(control.rst);
    if (control.rst) {
      memory.reset();
    } else {
      memory.clock(master);
    }
  }
  EXPECT_EQ(checker.violations.text(), "");
}

TEST(AxiRead, RandomStreams) {
  uint64_t beats = 0, stops = 0;
  for_seeds(kSeeds, [&](uint64_t seed) {
    run_read<Vaxi_read_8>(8, seed, &beats, &stops);
    run_read<Vaxi_read_16>(16, seed, &beats, &stops);
    run_read<Vaxi_read_64>(64, seed, &beats, &stops);
  });
  if (!seed_is_given()) {
    EXPECT_GT(beats, 20000U);
    EXPECT_GT(stops, 20U);
  }
}

// A stream that reads 1 MiB from a memory of 34 GB/s at 700 MHz, which are 48.6 bytes a cycle.
TEST(AxiRead, KeepsTheMemorysBandwidth) {
  constexpr uint32_t kBytes = 64, kLatency = 60;
  constexpr uint64_t kRead = 1 << 20;
  RtlTop<Vaxi_read_64> rtl;
  Vaxi_read_64& top = *rtl.top;
  axi::MemoryOptions options;
  options.bytes = kBytes;
  options.bandwidth = 48.6;
  options.latency = kLatency;
  axi::Memory memory(options);
  const auto clock = [&] {
    const axi::SlavePorts slave = memory.ports();
    top.m_arready_i = slave.arready;
    top.m_rvalid_i = slave.rvalid;
    top.m_rid_i = slave.rid;
    top.m_rresp_i = slave.rresp;
    top.m_rlast_i = slave.rlast;
    top.clk_i = 0;
    top.eval();
    axi::MasterPorts master;
    master.arvalid = top.m_arvalid_o;
    master.ar = {
        top.m_araddr_o, top.m_arid_o, top.m_arlen_o, top.m_arsize_o, axi::kIncr, 0, 3, 0, 0};
    master.rready = top.m_rready_o;
    const bool beat = top.data_valid_o & 1;
    top.clk_i = 1;
    top.eval();
    memory.clock(master);
    return beat;
  };
  top.rst_i = 1;
  clock();
  top.rst_i = 0;
  top.req_valid_i = 1;
  set_bits(top.req_beats_i, 0, 32, kRead / kBytes);
  top.data_ready_i = 1;
  uint64_t cycles = 0, beats = 0;
  for (; beats < kRead / kBytes && cycles < 100000; ++cycles) {
    beats += clock();
    top.req_valid_i = 0;
  }
  ASSERT_EQ(beats, kRead / kBytes);
  const double share = static_cast<double>(kRead) / static_cast<double>(cycles) / options.bandwidth;
  RecordProperty("cycles", static_cast<int>(cycles));
  std::cout << "1 MiB in " << cycles << " cycles, latency " << kLatency << ": " << 100 * share
            << " % of the memory's bandwidth\n";
  EXPECT_GE(share, 0.95);
}

constexpr uint32_t kWriters = 3;

template <class Rtl>
void run_write(uint32_t bytes, uint64_t seed, uint64_t* requests, uint64_t* stops) {
  Dice dice(seed);
  const BusShape shape = shape_of(bytes);
  ModuleBench<Rtl, AxiWrite> b("axi_write", kWriters, shape);
  axi::Memory memory(test::random_memory(dice, bytes));
  memory.options().write_errors = dice.chance(30) ? 5000 : 0;
  axi::Checker checker(checker_of(shape));
  PORT(idle_o);
  PORT(error_o);
  PORT_WHEN(error_id_o, error_o);
  PORT_WHEN(error_addr_o, error_o);
  for (uint32_t n = 0; n < kWriters; ++n) {
    b.port(
        "req_ready_o", [&b, n] { return uint64_t{b.rtl.req_ready_o} >> n & 1; },
        [&b, n] { return uint64_t{b.model.stream[n].req_ready_o}; });
    b.port(
        "data_ready_o", [&b, n] { return uint64_t{b.rtl.data_ready_o} >> n & 1; },
        [&b, n] { return uint64_t{b.model.stream[n].data_ready_o}; });
    b.port(
        "done_o", [&b, n] { return uint64_t{b.rtl.done_o} >> n & 1; },
        [&b, n] { return uint64_t{b.model.stream[n].done_o}; });
  }
  struct Writer {
    bool valid = false, under_way = false;
    uint64_t addr = 0;
    uint32_t bytes = 0, share = 50;
    std::vector<uint8_t> data;  // of the request
    uint64_t next = 0;          // beat to give
  };
  std::vector<Writer> writers(kWriters);
  Store expected = memory.store;
  std::vector<ByteRange> allowed;
  Control control;
  const bool faults = memory.options().write_errors != 0;
  bool disturbed = false;  // a request was given up: its bytes may be written or not
  for (uint64_t n = 0; n < kCycles; ++n) {
    control.draw(dice, b.model.idle_o, faults);
    if (n < 2) control = {false, false, true, 0};
    *stops += control.clear;
    b.rtl.rst_i = control.rst;
    DRIVE(stop_i, control.stop);
    DRIVE(clear_i, control.clear);
    for (uint32_t w = 0; w < kWriters; ++w) {
      Writer& writer = writers[w];
      if (n % 64 == 0) writer.share = static_cast<uint32_t>(5 + dice.below(96));
      if (!writer.valid && !writer.under_way && dice.chance(10)) {
        writer.valid = true;
        writer.addr = (dice.below(1 << 14) * bytes + (uint64_t{w} << 28)) & low_mask(shape.addr_w);
        if (w == 2 || dice.chance(20)) {
          const uint64_t low = dice.below(bytes);
          writer.addr += low;
          writer.bytes = static_cast<uint32_t>(1 + dice.below(bytes - low));
        } else {
          writer.bytes = static_cast<uint32_t>(1 + dice.below(dice.chance(50) ? 100 : 3000));
        }
        const uint64_t first = writer.addr / bytes * bytes;
        const uint64_t end = (writer.addr + writer.bytes + bytes - 1) / bytes * bytes;
        writer.data.resize(end - first);
        for (uint8_t& byte : writer.data) byte = static_cast<uint8_t>(dice.next());
        writer.next = 0;
        allowed.push_back({writer.addr, writer.addr + writer.bytes - 1});
      }
      WriteStream& s = b.model.stream[w];
      s.req_valid_i = writer.valid;
      s.req_addr_i = writer.addr;
      s.req_bytes_i = writer.bytes;
      s.data_valid_i =
          writer.under_way && writer.next < writer.data.size() && dice.chance(writer.share);
      if (s.data_valid_i) {
        const auto from = writer.data.begin() + static_cast<std::ptrdiff_t>(writer.next);
        s.data_i.assign(from, from + bytes);
        put_bytes(b.rtl.data_i, w * bytes, s.data_i.data(), bytes);
      }
      set_bits(b.rtl.req_valid_i, w, 1, s.req_valid_i);
      set_bits(b.rtl.req_addr_i, w * shape.addr_w, shape.addr_w, s.req_addr_i);
      set_bits(b.rtl.req_bytes_i, w * 32, 32, s.req_bytes_i);
      set_bits(b.rtl.data_valid_i, w, 1, s.data_valid_i);
    }
    const axi::SlavePorts slave = memory.ports();
    b.model.bus_i = slave;
    b.rtl.m_awready_i = slave.awready;
    b.rtl.m_wready_i = slave.wready;
    b.rtl.m_bvalid_i = slave.bvalid;
    b.rtl.m_bid_i = slave.bid;
    b.rtl.m_bresp_i = slave.bresp;
    if (!b.check()) return;
    axi::MasterPorts master;
    b.model.drive(master);
    ASSERT_EQ(b.rtl.m_awvalid_o, master.awvalid);
    ASSERT_EQ(b.rtl.m_wvalid_o, master.wvalid);
    master.aw = {b.rtl.m_awaddr_o,  b.rtl.m_awid_o,    b.rtl.m_awlen_o,
                 b.rtl.m_awsize_o,  b.rtl.m_awburst_o, b.rtl.m_awlock_o,
                 b.rtl.m_awcache_o, b.rtl.m_awprot_o,  b.rtl.m_awqos_o};
    std::copy_n(bytes_of(b.rtl.m_wdata_o), bytes, master.wdata.begin());
    master.wstrb = b.rtl.m_wstrb_o;
    master.wlast = b.rtl.m_wlast_o;
    master.bready = b.rtl.m_bready_o;
    master.rready = true;
    checker.clock(control.rst, master, slave);
    for (uint32_t w = 0; w < kWriters; ++w) {
      Writer& writer = writers[w];
      const WriteStream& s = b.model.stream[w];
      if (s.data_valid_i && s.data_ready_o) writer.next += bytes;
      if (writer.valid && s.req_ready_o) {
        writer.valid = false;
        writer.under_way = true;
      }
      if (s.done_o) {
        ASSERT_TRUE(writer.under_way);
        ASSERT_EQ(writer.next, writer.data.size());
        const std::vector<uint8_t> got = memory.store.read(writer.addr, writer.bytes);
        const auto from = writer.data.begin() + static_cast<std::ptrdiff_t>(writer.addr % bytes);
        ASSERT_TRUE(std::equal(got.begin(), got.end(), from)) << "stream " << w;
        expected.write(writer.addr, got);
        writer.under_way = false;
        ++*requests;
      }
      if (control.rst || control.clear) {
        disturbed = disturbed || writer.under_way;
        writer = Writer();
      }
    }
    if (b.model.error_o && !control.stop) control.stop = true;
    b.edge(control.rst);
    if (control.rst) {
      memory.reset();
    } else {
      memory.clock(master);
    }
  }
  EXPECT_EQ(checker.violations.text(), "");
  EXPECT_FALSE(memory.written.outside(allowed));
}

TEST(AxiWrite, RandomStreams) {
  uint64_t requests = 0, stops = 0;
  for_seeds(kSeeds, [&](uint64_t seed) {
    run_write<Vaxi_write_8>(8, seed, &requests, &stops);
    run_write<Vaxi_write_16>(16, seed, &requests, &stops);
    run_write<Vaxi_write_64>(64, seed, &requests, &stops);
  });
  if (!seed_is_given()) {
    EXPECT_GT(requests, 500U);
    EXPECT_GT(stops, 20U);
  }
}

}  // namespace
}  // namespace sparsys::top
