// SPDX-License-Identifier: Apache-2.0
#include "golden/data/byte_source.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "golden/base/error.hpp"
#include "golden/base/input_file.hpp"

namespace sparsys {

ByteSource::ByteSource(const uint8_t* data, size_t size, const std::string& name)
    : data_(data), size_(size), name_(name) {
  gzip_ = size >= 2 && data[0] == 0x1f && data[1] == 0x8b;
  if (!gzip_) return;
  constexpr int kGzipOnly = 16;
  if (inflateInit2(&stream_, kGzipOnly + MAX_WBITS) != Z_OK) {
    fail(name_, "zlib could not be initialised");
  }
}

ByteSource::~ByteSource() {
  if (gzip_) inflateEnd(&stream_);
}

std::vector<uint8_t> ByteSource::read(uint64_t count) {
  std::vector<uint8_t> out;
  std::array<uint8_t, 1 << 15> chunk;
  while (out.size() < count) {
    const size_t wanted = std::min<uint64_t>(chunk.size(), count - out.size());
    const size_t got = gzip_ ? inflate_some(chunk.data(), wanted) : copy(chunk.data(), wanted);
    if (got == 0) break;
    out.insert(out.end(), chunk.data(), chunk.data() + got);
    offset_ += got;
  }
  return out;
}

size_t ByteSource::copy(uint8_t* out, size_t count) {
  count = std::min(count, size_ - position_);
  if (count > 0) std::memcpy(out, data_ + position_, count);
  position_ += count;
  return count;
}

size_t ByteSource::inflate_some(uint8_t* out, size_t count) {
  stream_.next_out = out;
  stream_.avail_out = static_cast<uInt>(count);
  while (stream_.avail_out == count && !ended_) {
    const auto available = static_cast<uInt>(std::min<size_t>(size_ - position_, 1U << 30));
    // zlib's interface predates const.
    stream_.next_in = const_cast<Bytef*>(data_ + position_);
    stream_.avail_in = available;
    const int status = inflate(&stream_, Z_NO_FLUSH);
    position_ += available - stream_.avail_in;
    if (status == Z_STREAM_END) {
      finish_member();
    } else if (status == Z_BUF_ERROR ||
               (status == Z_OK && position_ == size_ && stream_.avail_out == count)) {
      fail(name_, "gzip stream is truncated at byte " + std::to_string(position_) +
                      ", expected more compressed data");
    } else if (status != Z_OK) {
      const std::string reason = stream_.msg != nullptr ? stream_.msg : "bad data";
      fail(name_, "gzip stream is corrupt near byte " + std::to_string(position_) + " (" + reason +
                      "), expected valid compressed data");
    }
  }
  return count - stream_.avail_out;
}

// A gzip file may consist of several members (RFC 1952, section 2.2).
void ByteSource::finish_member() {
  if (position_ == size_) {
    ended_ = true;
  } else if (size_ - position_ >= 2 && data_[position_] == 0x1f && data_[position_ + 1] == 0x8b) {
    inflateReset(&stream_);
  } else {
    fail(name_, "bytes follow the gzip stream at byte " + std::to_string(position_) +
                    ", expected the end of the file");
  }
}

std::vector<uint8_t> inflate_raw(const uint8_t* data, size_t size, uint64_t expected,
                                 const std::string& name) {
  z_stream stream = {};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) fail(name, "zlib could not be initialised");
  // zlib's interface predates const.
  stream.next_in = const_cast<Bytef*>(data);
  stream.avail_in = static_cast<uInt>(size);  // below 4 GiB in a zip archive
  std::vector<uint8_t> out;
  std::array<uint8_t, 1 << 15> chunk;
  int status = Z_OK;
  while (status == Z_OK && out.size() <= expected) {
    stream.next_out = chunk.data();
    stream.avail_out = chunk.size();
    status = inflate(&stream, Z_NO_FLUSH);
    out.insert(out.end(), chunk.data(), chunk.data() + chunk.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  const bool cut = status == Z_OK || status == Z_BUF_ERROR;
  if (out.size() > expected || (status != Z_STREAM_END && !cut)) {
    fail(name, "compressed data are corrupt, expected " + std::to_string(expected) + " bytes");
  }
  return out;
}

std::vector<uint8_t> deflate_raw(const std::vector<uint8_t>& bytes) {
  z_stream stream = {};
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, -MAX_WBITS, MAX_MEM_LEVEL,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    throw Error("zlib could not be initialised");
  }
  std::vector<uint8_t> out(deflateBound(&stream, static_cast<uLong>(bytes.size())));
  stream.next_in = const_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  const int status = deflate(&stream, Z_FINISH);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  if (status != Z_STREAM_END) throw Error("zlib could not deflate");
  return out;
}

std::vector<uint8_t> read_data_file(const std::string& path) {
  InputFile file(path);
  if (file.size() > kMaxDataBytes) {
    fail(file.name(), "file exceeds " + std::to_string(kMaxDataBytes) +
                          " bytes, expected a data set of at most that size");
  }
  std::vector<uint8_t> bytes(file.size());
  file.read(bytes.data(), bytes.size());
  return bytes;
}

}  // namespace sparsys
