// SPDX-License-Identifier: Apache-2.0
// The slave of AXI4-Lite with the registers (docs/reference/top-timing.md section 4).
#pragma once

#include <array>
#include <cstdint>

#include "golden/engine/top/config.hpp"
#include "golden/engine/top/interface.hpp"
#include "golden/memory/axi.hpp"

namespace sparsys::top {

class Registers {
 public:
  // Those that can be written, bits of sel_q: at any time, then only while not running.
  static constexpr std::array<uint32_t, 10> kWritten = {
      reg::kControl,  reg::kIrqStatus, reg::kIrqEnable, reg::kRingTail,    reg::kCountersClear,
      reg::kRingPage, reg::kRingLog2,  reg::kWatchdog,  reg::kWindowFirst, reg::kWindowLast};

  explicit Registers(const Config& config) : sizes_(size_registers(config)) {}

  // Ports.
  axi::LiteMasterPorts bus_i;
  uint8_t run_i = 0, status_i = 0, error_code_i = 0, error_channel_i = 0;
  uint32_t error_command_i = 0, error_detail_i = 0, error_page_i = 0, head_i = 0, fence_i = 0;
  uint8_t irq_set_i = 0;  // bits of IRQ_STATUS
  uint8_t soft_reset_i = 0;
  std::array<uint32_t, 7> counters_i{};
  uint8_t control_we_o = 0, control_o = 0, tail_we_o = 0, counters_clear_o = 0;

  // Registers.
  uint8_t aw_have_q = 0, w_have_q = 0, do_q = 0, b_valid_q = 0, ar_have_q = 0, r_valid_q = 0,
          w_full_q = 0, ok_q = 0, b_error_q = 0, r_error_q = 0, irq_status_q = 0, irq_enable_q = 0,
          irq_q = 0, ring_log2_q = 0;
  uint16_t aw_addr_q = 0, ar_addr_q = 0, sel_q = 0;
  uint32_t w_data_q = 0, r_data_q = 0, ring_page_q = 0, tail_q = 0, watchdog_q = 0,
           window_first_q = 0, window_last_q = 0;

  axi::LiteSlavePorts ports() const {
    axi::LiteSlavePorts s;
    s.arready = !ar_have_q;
    s.rvalid = r_valid_q;
    s.rdata = r_data_q;
    s.rresp = r_error_q ? axi::kSlvErr : axi::kOkay;
    s.awready = !aw_have_q;
    s.wready = !w_have_q;
    s.bvalid = b_valid_q;
    s.bresp = b_error_q ? axi::kSlvErr : axi::kOkay;
    return s;
  }

  void propagate() {
    control_we_o = writes(reg::kControl);
    control_o = w_data_q & 15;
    tail_we_o = writes(reg::kRingTail);
    counters_clear_o = writes(reg::kCountersClear);
  }
  void update(bool rst);

 private:
  // The register named is written in this cycle.
  bool writes(uint32_t offset) const {
    if (!do_q || !ok_q) return false;
    for (uint32_t n = 0; n < kWritten.size(); ++n) {
      if (kWritten[n] == offset) return sel_q >> n & 1;
    }
    return false;
  }
  static bool is_locked(uint32_t offset) {
    return offset == reg::kRingPage || offset == reg::kRingLog2 || offset == reg::kWatchdog ||
           offset == reg::kWindowFirst || offset == reg::kWindowLast;
  }
  // What a read of the register gives. False: there is none.
  bool value_of(uint32_t offset, uint32_t& value) const;

  SizeRegisters sizes_;
};

inline bool Registers::value_of(uint32_t offset, uint32_t& value) const {
  value = 0;
  if (offset >= reg::kBus && offset <= reg::kMxuSets && offset % 4 == 0) {
    value = sizes_[(offset - reg::kBus) / 4];
    return true;
  }
  if (offset >= reg::kCycles && offset <= reg::kCommands && offset % 4 == 0) {
    value = counters_i[(offset - reg::kCycles) / 4];
    return true;
  }
  switch (offset) {
    case reg::kId:
      value = kId;
      return true;
    case reg::kVersion:
      value = kVersion;
      return true;
    case reg::kControl:
      value = run_i;
      return true;
    case reg::kStatus:
      value = status_i;
      return true;
    case reg::kError:
      value = error_code_i | uint32_t{error_channel_i} << 8;
      return true;
    case reg::kErrorCommand:
      value = error_command_i;
      return true;
    case reg::kErrorDetail:
      value = error_detail_i;
      return true;
    case reg::kErrorPage:
      value = error_page_i;
      return true;
    case reg::kIrqStatus:
      value = irq_status_q;
      return true;
    case reg::kIrqEnable:
      value = irq_enable_q;
      return true;
    case reg::kRingPage:
      value = ring_page_q;
      return true;
    case reg::kRingLog2:
      value = ring_log2_q;
      return true;
    case reg::kRingTail:
      value = tail_q;
      return true;
    case reg::kRingHead:
      value = head_i;
      return true;
    case reg::kFence:
      value = fence_i;
      return true;
    case reg::kWatchdog:
      value = watchdog_q;
      return true;
    case reg::kWindowFirst:
      value = window_first_q;
      return true;
    case reg::kWindowLast:
      value = window_last_q;
      return true;
    case reg::kCountersClear:
      return true;
    default:
      return false;
  }
}

inline void Registers::update(bool rst) {
  const bool take_aw = bus_i.awvalid && !aw_have_q, take_w = bus_i.wvalid && !w_have_q;
  const bool take_ar = bus_i.arvalid && !ar_have_q;
  const bool look = aw_have_q && w_have_q && !do_q && !b_valid_q;
  const bool act = do_q;
  const bool answer = ar_have_q && !r_valid_q;
  const bool irq = (irq_status_q & irq_enable_q) != 0;
  uint8_t irq_status = irq_status_q;
  if (writes(reg::kIrqStatus)) irq_status = static_cast<uint8_t>(irq_status & ~w_data_q);
  irq_status = static_cast<uint8_t>((irq_status | irq_set_i) & 7);
  if (writes(reg::kIrqEnable)) irq_enable_q = w_data_q & 7;
  if (writes(reg::kRingPage)) ring_page_q = w_data_q;
  if (writes(reg::kRingLog2)) ring_log2_q = w_data_q & 31;
  if (writes(reg::kRingTail)) tail_q = w_data_q;
  if (writes(reg::kWatchdog)) watchdog_q = w_data_q;
  if (writes(reg::kWindowFirst)) window_first_q = w_data_q;
  if (writes(reg::kWindowLast)) window_last_q = w_data_q;
  if (soft_reset_i) tail_q = 0;
  if (answer) r_error_q = !value_of(ar_addr_q, r_data_q);
  if (act) b_error_q = !ok_q;
  if (look) {
    sel_q = 0;
    ok_q = 0;
    for (uint32_t n = 0; n < kWritten.size(); ++n) {
      if (kWritten[n] != aw_addr_q) continue;
      sel_q = static_cast<uint16_t>(1U << n);
      ok_q = w_full_q && !(is_locked(aw_addr_q) && (status_i & 1));
    }
  }
  if (take_aw) aw_addr_q = bus_i.awaddr & 0xFFF;
  if (take_w) {
    w_data_q = bus_i.wdata;
    w_full_q = bus_i.wstrb == 15;
  }
  if (take_ar) ar_addr_q = bus_i.araddr & 0xFFF;
  if (rst) {
    aw_have_q = w_have_q = do_q = b_valid_q = ar_have_q = r_valid_q = 0;
    irq_status_q = irq_enable_q = irq_q = ring_log2_q = 0;
    ring_page_q = tail_q = watchdog_q = window_last_q = 0;
    window_first_q = 1;
    return;
  }
  if (b_valid_q && bus_i.bready) b_valid_q = 0;
  if (r_valid_q && bus_i.rready) r_valid_q = 0;
  if (act) {
    aw_have_q = w_have_q = 0;
    b_valid_q = 1;
  }
  if (take_aw) aw_have_q = 1;
  if (take_w) w_have_q = 1;
  do_q = look;
  if (answer) {
    r_valid_q = 1;
    ar_have_q = 0;
  }
  if (take_ar) ar_have_q = 1;
  irq_status_q = irq_status;
  irq_q = irq;
}

}  // namespace sparsys::top
