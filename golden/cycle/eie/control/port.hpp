// SPDX-License-Identifier: Apache-2.0
// The load and read-back port: a request a cycle while the engine is idle, answers three cycles
// later (docs/reference/eie-timing.md section 3.4). Module eie_port.
#pragma once

#include <cstdint>

namespace sparsys::eie {

class Port {
 public:
  // Ports: the host.
  uint8_t idle_i = 0;
  uint8_t io_valid_i = 0;
  uint8_t io_write_i = 0;
  uint32_t io_addr_i = 0;
  uint64_t io_wdata_i = 0;
  uint8_t io_ready_o = 0;
  uint8_t io_rvalid_o = 0;
  uint64_t io_rdata_o = 0;
  // The request that is carried out, and what was read a cycle before; the status word comes in the
  // same cycle.
  uint8_t io_en_o = 0;
  uint8_t io_write_o = 0;
  uint8_t io_list_o = 0;
  uint8_t io_codebook_o = 0;
  uint32_t io_addr_o = 0;
  uint64_t io_wdata_o = 0;
  uint64_t status_i = 0;
  uint64_t list_rdata_i = 0;
  uint64_t codebook_rdata_i = 0;
  uint64_t io_rdata_i = 0;

  // Registers.
  uint8_t io1_valid_q = 0;
  uint8_t io1_write_q = 0;
  uint32_t io1_addr_q = 0;
  uint64_t io1_wdata_q = 0;
  uint8_t io2_read_q = 0;
  uint8_t io2_space_q = 0;
  uint64_t io2_status_q = 0;
  uint8_t io3_valid_q = 0;
  uint64_t io3_data_q = 0;

  // The outputs: all follow from the registers and idle_i.
  void propagate() {
    io_ready_o = idle_i;
    io_en_o = io1_valid_q;
    io_write_o = io1_write_q;
    io_addr_o = io1_addr_q;
    io_wdata_o = io1_wdata_q;
    io_list_o = io1_valid_q && space_of(io1_addr_q) == kListSpace;
    io_codebook_o = io1_valid_q && space_of(io1_addr_q) == kCodebookSpace;
    io_rvalid_o = io3_valid_q;
    io_rdata_o = io3_data_q;
  }

  void update(bool rst) {
    if (rst) {
      io1_valid_q = io2_read_q = io3_valid_q = 0;
      return;
    }
    io3_valid_q = io2_read_q;
    if (io2_read_q) io3_data_q = read_value();
    io2_read_q = io1_valid_q && !io1_write_q;
    if (io2_read_q) {
      io2_space_q = static_cast<uint8_t>(space_of(io1_addr_q));
      if (io2_space_q == kStatusSpace) io2_status_q = status_i;
    }
    io1_valid_q = io_valid_i && io_ready_o;
    if (io1_valid_q) {
      io1_write_q = io_write_i;
      io1_addr_q = io_addr_i;
      io1_wdata_q = io_wdata_i;
    }
  }

 private:
  // Spaces that are the CCU's own (docs/reference/eie-format.md section 9).
  static constexpr uint32_t kListSpace = 5;
  static constexpr uint32_t kCodebookSpace = 6;
  static constexpr uint32_t kStatusSpace = 7;
  static uint32_t space_of(uint32_t address) { return address >> 28; }

  uint64_t read_value() const {
    switch (io2_space_q) {
      case kListSpace:
        return list_rdata_i;
      case kCodebookSpace:
        return codebook_rdata_i;
      case kStatusSpace:
        return io2_status_q;
      default:
        return io_rdata_i;
    }
  }
};

}  // namespace sparsys::eie
