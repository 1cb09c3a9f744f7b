// SPDX-License-Identifier: Apache-2.0
// The cycle model of the whole accelerator, module sparsys_top (docs/reference/top-timing.md).
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "golden/cycle/eie/eie.hpp"
#include "golden/cycle/mxu/mxu.hpp"
#include "golden/cycle/top/bus/axi_read.hpp"
#include "golden/cycle/top/bus/axi_write.hpp"
#include "golden/cycle/top/control/channel.hpp"
#include "golden/cycle/top/control/check.hpp"
#include "golden/cycle/top/control/counters.hpp"
#include "golden/cycle/top/control/dispatch.hpp"
#include "golden/cycle/top/control/fence.hpp"
#include "golden/cycle/top/control/registers.hpp"
#include "golden/cycle/top/control/ring.hpp"
#include "golden/cycle/top/control/stop.hpp"
#include "golden/cycle/top/units/matrix.hpp"
#include "golden/cycle/top/units/rows.hpp"
#include "golden/cycle/top/units/sparse.hpp"
#include "golden/cycle/top/units/weights.hpp"

namespace sparsys::top {

// The sparse engine with its unit.
struct SparseSide {
  explicit SparseSide(const Config& c)
      : unit(c.axi_bytes, c.eie.n_pe, c.eie.list_depth), engine(c.eie) {}
  SparseUnit unit;
  eie::Eie engine;
};

// The matrix unit with its three units.
struct MatrixSide {
  explicit MatrixSide(const Config& c)
      : unit(c.axi_bytes),
        weights(c.axi_bytes, c.axi_addr_w, mxu::StreamShape(c.mxu).beat_bytes()),
        rows_in(c.axi_bytes, c.mxu.lanes()),
        rows_out(c.axi_bytes, c.mxu.lanes()),
        engine(c.mxu) {}
  MatrixUnit unit;
  WeightUnit weights;
  RowsIn rows_in;
  RowsOut rows_out;
  mxu::Mxu engine;
  uint8_t moved = 0;  // it has taken something or given a row, or its array was active
};

class Top {
 public:
  // Throws Error if a parameter of an engine is out of range.
  explicit Top(const Config& config);

  // Ports.
  axi::LiteMasterPorts lite_i;
  axi::SlavePorts bus_i;
  axi::LiteSlavePorts lite_o() const { return registers.ports(); }
  axi::MasterPorts bus_o() const {
    axi::MasterPorts m;
    read.drive(m);
    write.drive(m);
    return m;
  }
  uint8_t irq_o() const { return registers.irq_q; }

  Registers registers;
  Ring ring;
  Check check;
  Dispatch dispatch;
  std::array<CommandChannel, kChannels> channel;
  uint16_t events_q = 0;
  FenceUnit fence;
  Stop stop;
  Watchdog watchdog;
  Counters counters;
  AxiRead read;
  AxiWrite write;
  std::unique_ptr<SparseSide> sparse;  // null: left out
  std::unique_ptr<MatrixSide> matrix;

  // What follows from registers and inputs; then the edge.
  void propagate();
  void update(bool rst);

 private:
  enum : uint32_t { kReadRing, kReadSparse, kReadInstructions, kReadWeights, kReadRows };
  enum : uint32_t { kWriteSparse, kWriteRows, kWriteFence };

  void propagate_sparse();
  void propagate_matrix();
  void propagate_channels();
  void propagate_front();
  void propagate_back();
  UnitPorts* unit(uint32_t channel);
  void give_command(UnitPorts& unit, const CommandChannel& from) const;
  void answer(ReadPorts& r, uint32_t id) const;
  void ask(const ReadPorts& r, uint32_t id);
  void answer(WritePorts& w, uint32_t id) const;
  void ask(const WritePorts& w, uint32_t id);

  Config config_;
  std::array<uint8_t, 5> idle_{};
  uint8_t work_ = 0;
};

}  // namespace sparsys::top
