// SPDX-License-Identifier: Apache-2.0
#include "tb/lockstep/top/rtl.hpp"

#include <string>

#include "golden/base/error.hpp"

namespace sparsys::top {
namespace {

// Whether the device has the engines of the image.
bool has(const Config& device, const Config& wanted) {
  const SizeRegisters of = size_registers(device);
  const SizeRegisters want = size_registers(wanted);
  for (size_t r = 1; r < kSizeRegisters; ++r) {
    const bool used = r < 6 ? wanted.sparse : wanted.matrix;
    if (used && of[r] != want[r]) return false;
  }
  return true;
}

std::string describe(const Config& c) {
  std::string text;
  if (c.sparse) {
    text += "--pe " + std::to_string(c.eie.n_pe);
    if (c.eie.lanes > 1) text += " --lanes " + std::to_string(c.eie.lanes);
    if (c.eie.groups > 1) text += " --groups " + std::to_string(c.eie.groups);
  }
  if (c.matrix) text += (c.sparse ? " --array " : "--array ") + std::to_string(c.mxu.rows);
  return text;
}

}  // namespace

std::vector<RtlMaker>& rtl_registry() {
  static std::vector<RtlMaker> makers;
  return makers;
}

std::unique_ptr<Device> make_rtl(const Config& config, bool lockstep) {
  std::string known;
  for (const RtlMaker& maker : rtl_registry()) {
    if (has(maker.config, config)) return maker.make(maker.config, lockstep);
    known += (known.empty() ? "" : "; ") + describe(maker.config);
  }
  throw Error("accelerator: no RTL of " + describe(config) + " is built into this program; " +
              (known.empty() ? "it is built without RTL, expected --level function"
                             : "expected an image of `sparsys build` with one of: " + known));
}

}  // namespace sparsys::top
