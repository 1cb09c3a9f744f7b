// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/accelerator/top/driven.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "golden/base/error.hpp"
#include "sw/driver/sparsys.h"
#include "sw/sparsys/accelerator/top/function.hpp"

namespace sparsys::top {
namespace {

constexpr uint64_t kBus = uint64_t{1} << 30;  // where the device sees the memory
constexpr uint32_t kSlots = 2;                // inferences under way

uint32_t pages(uint64_t bytes) {
  return static_cast<uint32_t>((bytes + kPageBytes - 1) / kPageBytes * kPageBytes);
}

class Driven final : public Accelerator {
 public:
  Driven(const Image& image, const Placed& placed, Device& device)
      : image_(image), placed_(placed), device_(device) {
    uint64_t ring = kPageBytes;
    while (ring < 32 * 2 * image.inference[0].size()) ring *= 2;
    const uint64_t most = uint64_t{kCommandBytes} << kRingLog2Max;
    ring_ = add(std::min(ring, most));
    work_ = add(uint64_t{image.phases} * image.scratch_bytes);
    for (uint32_t s = 0; s < kSlots; ++s) {
      in_[s] = add(image.input_bytes);
      out_[s] = add(image.output_bytes);
    }
    image_at_ = add(image.bytes.size());
    memory_.resize(used_);
    seen_.resize(image_at_);
    std::copy(image.bytes.begin(), image.bytes.end(), memory_.begin() + image_at_);
    device_.put(kBus, memory_.data(), used_);
    platform_ = {
        this, [](void* d, uint32_t offset) { return self(d).device_.read(offset); },
        [](void* d, uint32_t offset, uint32_t value) { self(d).device_.write(offset, value); },
        [](void* d) { self(d).synchronise(); },
        [](void* d) { return self(d).device_.wait() ? 0 : 1; }};
  }

  void load() override {
    const sparsys_memory image = part(image_at_, image_.bytes.size());
    const sparsys_memory scratch = part(work_, uint64_t{image_.phases} * image_.scratch_bytes);
    const sparsys_config config{part(ring_, work_ - ring_), kBus + work_, used_ - work_, 0};
    check(sparsys_probe(&driver_, &platform_));
    check(sparsys_start(&driver_, &config));
    check(sparsys_load(&driver_, &image, &scratch));
  }

  BatchRun run(Samples samples, size_t count) override {
    const size_t batch = image_.batch;
    if (count % batch != 0) {
      throw Error("accelerator: " + std::to_string(count) + " samples, expected batches of " +
                  std::to_string(batch));
    }
    const Inputs values = inputs_of(placed_, samples, count);
    const std::vector<uint8_t> inputs =
        image_.input.bytes() ? pack(image_.input, values.bytes) : pack(image_.input, values.words);
    std::vector<uint8_t> outputs(count / batch * image_.output_bytes);
    const auto start = std::chrono::steady_clock::now();
    sparsys_clear_counters(&driver_);
    const BusFigures before = device_.figures();
    infer(inputs, outputs, count / batch);
    sparsys_counters counters{};
    sparsys_get_counters(&driver_, &counters);
    const BusFigures after = device_.figures();
    BatchRun run = placed_.sparse ? run_of(placed_, unpack_words(image_.output, outputs))
                                  : run_of(placed_, unpack_bytes(image_.output, outputs));
    run.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    run.cycles = after.cycles - before.cycles;
    run.counters = {{"cycles", counters.cycles},
                    {"cycles_sparse", counters.cycles_sparse},
                    {"cycles_matrix", counters.cycles_matrix},
                    {"cycles_both", counters.cycles_both},
                    {"read_bytes", after.read_bytes - before.read_bytes},
                    {"write_bytes", after.write_bytes - before.write_bytes}};
    return run;
  }

 private:
  static Driven& self(void* context) { return *static_cast<Driven*>(context); }

  // Pages of the memory.
  uint32_t add(uint64_t bytes) {
    const uint32_t at = used_;
    if (bytes > UINT32_MAX / 4 || used_ + bytes > UINT32_MAX / 2) {
      throw Error("accelerator: more than 2 GiB of memory for image, inputs and outputs");
    }
    used_ += pages(bytes);
    return at;
  }
  sparsys_memory part(uint32_t at, uint64_t bytes) {
    return {&memory_[at], kBus + at, static_cast<uint32_t>(bytes)};
  }

  static void check(int result) {
    if (result != SPARSYS_OK) throw Error(std::string("accelerator: ") + sparsys_text(result));
  }

  // What the driver wrote goes to the device's memory, then what that holds comes back. The image
  // went at first: nobody writes it.
  void synchronise() {
    constexpr uint32_t kPiece = 64;
    for (uint32_t at = 0; at < image_at_; at += kPiece) {
      if (std::equal(&memory_[at], &memory_[at] + kPiece, &seen_[at])) continue;
      device_.put(kBus + at, &memory_[at], kPiece);
    }
    device_.get(kBus, memory_.data(), image_at_);
    std::copy_n(memory_.begin(), image_at_, seen_.begin());
  }

  // Each slot is emptied before it is filled again, so that a phase is always at work.
  void infer(const std::vector<uint8_t>& inputs, std::vector<uint8_t>& outputs, size_t count) {
    uint32_t tickets[kSlots] = {};
    for (size_t n = 0; n < count + kSlots; ++n) {
      const size_t s = n % kSlots;
      if (n >= kSlots && n - kSlots < count) {
        check(sparsys_wait(&driver_, tickets[s]));
        std::copy_n(&memory_[out_[s]], image_.output_bytes,
                    &outputs[(n - kSlots) * image_.output_bytes]);
      }
      if (n >= count) continue;
      std::copy_n(&inputs[n * image_.input_bytes], image_.input_bytes, &memory_[in_[s]]);
      check(sparsys_submit(&driver_, kBus + in_[s], kBus + out_[s], &tickets[s]));
    }
  }

  const Image& image_;
  const Placed& placed_;
  Device& device_;
  sparsys_platform platform_{};
  sparsys_device driver_{};
  // As the processor sees it, and as it was at the last barrier: a barrier that is missing is seen.
  std::vector<uint8_t> memory_;
  std::vector<uint8_t> seen_;
  uint32_t used_ = 0;
  uint32_t ring_ = 0;
  uint32_t work_ = 0;
  uint32_t image_at_ = 0;
  uint32_t in_[kSlots] = {};
  uint32_t out_[kSlots] = {};
};

}  // namespace

std::unique_ptr<Accelerator> make_driven(const Image& image, const Placed& placed, Device& device) {
  return std::make_unique<Driven>(image, placed, device);
}

}  // namespace sparsys::top
