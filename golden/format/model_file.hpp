// SPDX-License-Identifier: Apache-2.0
// Model files of float models, compressed networks and quantised networks.
//
// The payload of the container (golden/format/container.hpp) is CBOR (RFC 8949) of definite lengths
// and without tags: a map of the network's fields by the names of golden/format/fields.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "golden/format/container.hpp"
#include "golden/network/eie_network.hpp"
#include "golden/network/mxu_network.hpp"
#include "golden/network/network.hpp"

namespace sparsys {

// All of these for Network, eie::Network and mxu::Network.

// Writes a file completely or not at all (golden/base/atomic_file.hpp). Throws Error if it cannot
// be written, or if the network is not sound (golden/network/check.hpp): what is saved can be
// loaded.
template <typename Model>
void save_model(const std::string& path, const Model& model);

// Everything is validated before anything is used, and memory taken is bounded by a small multiple
// of the file's size. Throws Error "<path>: <place>: <expected and found>", one line, if the file
// cannot be read, is of another kind or is damaged in any way, or if what it holds is not sound.
template <typename Model>
Model load_model(const std::string& path);

// The same in memory. `name` stands for the path in messages.
template <typename Model>
std::vector<uint8_t> model_to_bytes(const Model& model);
template <typename Model>
Model model_from_bytes(const uint8_t* data, size_t size, const std::string& name);

// The payload alone of a quantised network, as a part of another file.
mxu::Network quantised_from_payload(const uint8_t* data, size_t size, const std::string& name);

}  // namespace sparsys
