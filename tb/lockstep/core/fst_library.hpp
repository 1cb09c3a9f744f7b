// SPDX-License-Identifier: Apache-2.0
// What GTKWave's FST library does not tell of itself.
#pragma once

namespace sparsys {

// Whether a write of the FST library has failed since the last call (in any file it has open).
bool take_fst_failure();

}  // namespace sparsys
