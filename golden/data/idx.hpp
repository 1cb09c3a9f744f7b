// SPDX-License-Identifier: Apache-2.0
// IDX files, the format of MNIST: a big-endian header (magic, one 32-bit size per dimension) and
// unsigned bytes. Plain or gzip-compressed, recognised by content and not by name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace sparsys {

struct IdxImages {
  uint32_t count = 0;
  uint32_t rows = 0;
  uint32_t cols = 0;
  std::vector<uint8_t> pixels;  // count x rows x cols, contiguous
};

// Parses a whole file held in memory. `name` is used in messages only. Memory taken is bounded by
// the bytes that really are there (after decompression), whatever the header claims.
//
// Throws Error, naming the byte offset in the (decompressed) data and what was expected there,
// when: the gzip stream is truncated, corrupt (its checksum included) or followed by other bytes;
// the magic is not 0x00000803 (images) or 0x00000801 (labels); a dimension is zero where pixels are
// needed or the payload would exceed 256 MiB; data end early or continue after the payload; a label
// is above 9.
IdxImages parse_idx_images(const uint8_t* data, size_t size, const std::string& name);
std::vector<uint8_t> parse_idx_labels(const uint8_t* data, size_t size, const std::string& name);

// The same from a file; also throws Error if it cannot be read.
IdxImages load_idx_images(const std::string& path);
std::vector<uint8_t> load_idx_labels(const std::string& path);

// An image file and the label file that belongs to it: also throws Error if the counts differ.
void load_idx_pair(const std::string& image_path, const std::string& label_path, IdxImages& images,
                   std::vector<uint8_t>& labels);

}  // namespace sparsys
