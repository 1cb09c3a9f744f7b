// SPDX-License-Identifier: Apache-2.0
// CBOR (RFC 8949) as model files have it, whatever the bytes: definite lengths, no tags.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

namespace sparsys {

// Throws Error "<name>: payload: <what is wrong>" if it is anything else, has more than 6 levels or
// more than 2^20 items. Memory taken is a small multiple of `size`.
nlohmann::json parse_cbor(const uint8_t* data, size_t size, const std::string& name);

}  // namespace sparsys
