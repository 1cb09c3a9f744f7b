// SPDX-License-Identifier: Apache-2.0
// What the sparse engine makes of columns of constant inputs: bias columns, whose constants its
// control broadcasts, so that they take no activation registers and no layer computes them
// (docs/reference/eie-format.md section 8).
#pragma once

#include "golden/network/eie_network.hpp"

namespace sparsys::eie {

// A sound network as engines and their models run it: constants of a layer that are known, six at
// most, are its Layer::bias, the rows that made them are left out. Constants that are not known, or
// more of them, stay as they are. Such a network is in memory alone; files hold the former.
Network with_bias_columns(Network network);

}  // namespace sparsys::eie
