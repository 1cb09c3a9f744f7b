// SPDX-License-Identifier: Apache-2.0
// Values that move between pixels and channels, as convolutions that move them.
#pragma once

#include "golden/network/network.hpp"

namespace sparsys {

// Slice, Resize, and chains of Reshape and Transpose (a shuffle of channels, DepthToSpace,
// SpaceToDepth) as Conv, ConvTranspose and MatMul by weights that are 0 and 1, where one of these
// stands for them: the same values by other nodes. All others stay. Throws Error as infer_shapes().
Network moves_as_convolutions(const Network& network);

}  // namespace sparsys
