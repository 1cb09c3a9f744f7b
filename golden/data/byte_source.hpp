// SPDX-License-Identifier: Apache-2.0
// The bytes of a data file, plain or gzip-compressed, recognised by content and not by name.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace sparsys {

// The most bytes of a data set's file, before and after decompression.
constexpr uint64_t kMaxDataBytes = uint64_t{4} << 30;

// Decompresses on demand, so that a header can be judged before the rest is inflated: a small file
// may inflate to gigabytes. `data` and `name` must outlive it; `name` is used in messages.
class ByteSource {
 public:
  ByteSource(const uint8_t* data, size_t size, const std::string& name);
  ~ByteSource();
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  // In the decompressed data.
  uint64_t offset() const { return offset_; }
  // Up to `count` bytes; fewer only at the end of the data. Memory taken is bounded by the bytes
  // that really are there. Throws Error, with the byte in the file, if the gzip stream is
  // truncated, corrupt (its checksum included) or followed by other bytes.
  std::vector<uint8_t> read(uint64_t count);

 private:
  size_t copy(uint8_t* out, size_t count);
  size_t inflate_some(uint8_t* out, size_t count);
  void finish_member();

  const uint8_t* data_;
  size_t size_;
  const std::string& name_;
  size_t position_ = 0;  // in the file
  uint64_t offset_ = 0;
  bool gzip_ = false;
  bool ended_ = false;
  z_stream stream_ = {};
};

// A deflated stream without a header, as zip archives have it (RFC 1951). Fewer bytes than
// `expected` if it ends early; Error if it is corrupt or makes more.
std::vector<uint8_t> inflate_raw(const uint8_t* data, size_t size, uint64_t expected,
                                 const std::string& name);
// Such a stream, as small as zlib makes it.
std::vector<uint8_t> deflate_raw(const std::vector<uint8_t>& bytes);

// All bytes of a file. Throws Error if it cannot be read or is larger than kMaxDataBytes.
std::vector<uint8_t> read_data_file(const std::string& path);

}  // namespace sparsys
