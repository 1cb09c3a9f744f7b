// SPDX-License-Identifier: Apache-2.0
// Files of networks of the sparse engine, with or without parts for the host.
//
// The payload of kind 5 (numbers n, texts and fixed sizes as in golden/format/packed_bytes.hpp):
//
//   text name of the cut, text reason, n sizes and n each: the shape there, n positions, float32
//   largest element; byte of the front: 0 none, 1 float, 2 int8, 3 int8 in codes, where that is
//   smaller; byte of the back: 0 none, 1 float; then of each part there is (front, engine, back) n
//   bytes and those bytes: the payload of a stored model (kind 1), of a quantised network (kind 4),
//   or its n bytes as a stream of codes (golden/format/entry_stream.hpp), of a stored network of
//   the engine (kind 0), of a stored model; those of stored models packed in version 3 of the file
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "golden/network/split_network.hpp"

namespace sparsys {

// Written completely or not at all. A network without parts for the host is a file of kind 2.
// Throws Error if it is not sound or the file cannot be written.
void save_split(const std::string& path, const eie::SplitNetwork& network);

// Reads kinds 0, 2 and 5. Everything is validated before it is used, and memory is bounded as of
// the parts. Throws Error "<path>: <place>: <expected and found>", one line.
eie::SplitNetwork load_split(const std::string& path);

// The same of kind 5 in memory. `name` stands for the path in messages.
std::vector<uint8_t> split_to_bytes(const eie::SplitNetwork& network);
eie::SplitNetwork split_from_bytes(const uint8_t* data, size_t size, const std::string& name);

}  // namespace sparsys
