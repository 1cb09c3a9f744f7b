// SPDX-License-Identifier: Apache-2.0
#include "golden/data/idx.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"

namespace sparsys {
namespace {

constexpr uint64_t kMaxPayload = uint64_t{256} << 20;
constexpr size_t kMaxHeader = 16;
constexpr uint32_t kImageMagic = 0x00000803;
constexpr uint32_t kLabelMagic = 0x00000801;

// The bytes of a file, decompressed on demand, so that a header can be judged before the rest is
// inflated: a small file may inflate to gigabytes.
class Reader {
 public:
  Reader(const uint8_t* data, size_t size, const std::string& name)
      : data_(data), size_(size), name_(name) {
    gzip_ = size >= 2 && data[0] == 0x1f && data[1] == 0x8b;
    if (!gzip_) return;
    std::memset(&stream_, 0, sizeof(stream_));
    constexpr int kGzipOnly = 16;
    if (inflateInit2(&stream_, kGzipOnly + MAX_WBITS) != Z_OK) {
      fail(name_, "zlib could not be initialised");
    }
  }
  ~Reader() {
    if (gzip_) inflateEnd(&stream_);
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  uint64_t offset() const { return offset_; }

  // Up to `count` bytes; fewer only at the end of the data.
  std::vector<uint8_t> read(uint64_t count) {
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

 private:
  size_t copy(uint8_t* out, size_t count) {
    count = std::min(count, size_ - position_);
    if (count > 0) std::memcpy(out, data_ + position_, count);
    position_ += count;
    return count;
  }

  size_t inflate_some(uint8_t* out, size_t count) {
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
        fail(name_, "gzip stream is corrupt near byte " + std::to_string(position_) + " (" +
                        reason + "), expected valid compressed data");
      }
    }
    return count - stream_.avail_out;
  }

  // A gzip file may consist of several members (RFC 1952, section 2.2).
  void finish_member() {
    if (position_ == size_) {
      ended_ = true;
    } else if (size_ - position_ >= 2 && data_[position_] == 0x1f && data_[position_ + 1] == 0x8b) {
      inflateReset(&stream_);
    } else {
      fail(name_, "bytes follow the gzip stream at byte " + std::to_string(position_) +
                      ", expected the end of the file");
    }
  }

  const uint8_t* data_;
  size_t size_;
  const std::string& name_;
  size_t position_ = 0;  // in the file
  uint64_t offset_ = 0;  // in the decompressed data
  bool gzip_ = false;
  bool ended_ = false;
  z_stream stream_;
};

uint32_t big_endian(const uint8_t* p) {
  return uint32_t{p[0]} << 24 | uint32_t{p[1]} << 16 | uint32_t{p[2]} << 8 | uint32_t{p[3]};
}

// Header, payload and end of an IDX file with `dimensions` dimensions.
std::vector<uint8_t> parse(const uint8_t* data, size_t size, const std::string& name,
                           uint32_t magic, size_t dimensions, uint32_t* sizes) {
  Reader reader(data, size, name);
  const size_t header_size = 4 + 4 * dimensions;
  static_assert(kMaxHeader == 16, "room for three dimensions");
  const std::vector<uint8_t> header = reader.read(header_size);
  if (header.size() >= 4 && big_endian(header.data()) != magic) {
    fail(name, "magic number " + hex(big_endian(header.data()), 8) + " at byte 0, expected " +
                   hex(magic, 8));
  }
  if (header.size() < header_size) {
    fail(name, "data end at byte " + std::to_string(header.size()) + ", expected a header of " +
                   std::to_string(header_size) + " bytes");
  }
  uint64_t payload = 1;
  for (size_t i = 0; i < dimensions; ++i) {
    sizes[i] = big_endian(header.data() + 4 + 4 * i);
    if (i > 0 && sizes[i] == 0) {
      fail(name, "size 0 at byte " + std::to_string(4 + 4 * i) + ", expected at least 1");
    }
    // Each factor is below 2^32 and the product so far at most 2^28: no overflow.
    payload *= sizes[i];
    if (payload > kMaxPayload) {
      fail(name, "size " + std::to_string(sizes[i]) + " at byte " + std::to_string(4 + 4 * i) +
                     " makes more than " + std::to_string(kMaxPayload) +
                     " bytes, expected a data set of at most that size");
    }
  }
  std::vector<uint8_t> bytes = reader.read(payload);
  if (bytes.size() < payload) {
    fail(name, "data end at byte " + std::to_string(reader.offset()) + ", expected " +
                   std::to_string(header_size + payload) + " bytes");
  }
  if (!reader.read(1).empty()) {
    fail(name,
         "data continue at byte " + std::to_string(header_size + payload) + ", expected the end");
  }
  return bytes;
}

std::vector<uint8_t> read_file(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             &std::fclose);
  if (!file) fail(path, std::string("cannot be opened: ") + std::strerror(errno));
  std::vector<uint8_t> bytes;
  std::array<uint8_t, 1 << 16> chunk;
  while (true) {
    const size_t got = std::fread(chunk.data(), 1, chunk.size(), file.get());
    bytes.insert(bytes.end(), chunk.data(), chunk.data() + got);
    if (bytes.size() > kMaxPayload + kMaxHeader) {
      fail(path, "file exceeds " + std::to_string(kMaxPayload) +
                     " bytes, expected a data set of at most that size");
    }
    if (got < chunk.size()) break;
  }
  if (std::ferror(file.get()) != 0) {
    fail(path,
         "cannot be read at byte " + std::to_string(bytes.size()) + ": " + std::strerror(errno));
  }
  return bytes;
}

}  // namespace

IdxImages parse_idx_images(const uint8_t* data, size_t size, const std::string& name) {
  IdxImages images;
  uint32_t sizes[3];
  images.pixels = parse(data, size, name, kImageMagic, 3, sizes);
  images.count = sizes[0];
  images.rows = sizes[1];
  images.cols = sizes[2];
  return images;
}

std::vector<uint8_t> parse_idx_labels(const uint8_t* data, size_t size, const std::string& name) {
  uint32_t count = 0;
  std::vector<uint8_t> labels = parse(data, size, name, kLabelMagic, 1, &count);
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] > 9) {
      fail(name, "label " + std::to_string(labels[i]) + " at byte " + std::to_string(8 + i) +
                     ", expected 0 to 9");
    }
  }
  return labels;
}

IdxImages load_idx_images(const std::string& path) {
  const std::vector<uint8_t> bytes = read_file(path);
  return parse_idx_images(bytes.data(), bytes.size(), path);
}

std::vector<uint8_t> load_idx_labels(const std::string& path) {
  const std::vector<uint8_t> bytes = read_file(path);
  return parse_idx_labels(bytes.data(), bytes.size(), path);
}

void load_idx_pair(const std::string& image_path, const std::string& label_path, IdxImages& images,
                   std::vector<uint8_t>& labels) {
  images = load_idx_images(image_path);
  labels = load_idx_labels(label_path);
  if (images.count != labels.size()) {
    fail(label_path, std::to_string(labels.size()) + " labels at byte 4, expected " +
                         std::to_string(images.count) + " as there are images in " + image_path);
  }
}

}  // namespace sparsys
