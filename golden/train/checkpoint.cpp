// SPDX-License-Identifier: Apache-2.0
#include "golden/train/checkpoint.hpp"

#include <zlib.h>

#include <cstring>
#include <filesystem>
#include <system_error>

#include "golden/base/atomic_file.hpp"
#include "golden/base/error.hpp"
#include "golden/base/input_file.hpp"

namespace sparsys {
namespace {

constexpr char kMagic[] = "SPSCHECK";
constexpr size_t kMagicSize = sizeof kMagic - 1;
constexpr size_t kCrcAt = kMagicSize + 4;
constexpr size_t kHeaderSize = kCrcAt + 4;
// To be raised too when training itself changes: a run must not go on in another way.
constexpr uint32_t kVersion = 1;

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "numbers are written as they are stored");

class Writer {
 public:
  template <typename T>
  void put(T value) {
    bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void put(const std::vector<float>& values) {
    put(uint64_t{values.size()});
    bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
  }
  std::string bytes;
};

// Reads from bytes that are known to be enough.
class Reader {
 public:
  explicit Reader(const uint8_t* at) : at_(at) {}
  template <typename T>
  T get() {
    T value;
    std::memcpy(&value, at_, sizeof value);
    at_ += sizeof value;
    return value;
  }
  void get(std::vector<float>& values) {
    std::memcpy(values.data(), at_, values.size() * sizeof(float));
    at_ += values.size() * sizeof(float);
  }

 private:
  const uint8_t* at_;
};

uint32_t crc_of(const void* bytes, size_t size) {
  return static_cast<uint32_t>(
      crc32_z(0, static_cast<const uint8_t*>(bytes) + kHeaderSize, size - kHeaderSize));
}

}  // namespace

void save_checkpoint(const std::string& path, const Checkpoint& checkpoint) {
  Writer writer;
  writer.bytes = kMagic;
  writer.put(kVersion);
  writer.put(uint32_t{0});
  writer.put(checkpoint.run);
  writer.put(checkpoint.epochs);
  writer.put(checkpoint.loss);
  writer.put(checkpoint.validation_error);
  writer.put(checkpoint.seconds);
  writer.put(checkpoint.parameters);
  writer.put(checkpoint.state);
  const uint32_t crc = crc_of(writer.bytes.data(), writer.bytes.size());
  std::memcpy(&writer.bytes[kCrcAt], &crc, sizeof crc);
  write_file_atomically(path, writer.bytes);
}

CheckpointState load_checkpoint(const std::string& path, Checkpoint& checkpoint, std::string& why) {
  constexpr size_t kFixed = kHeaderSize + 8 + 4 + 3 * 8;
  std::error_code error;
  if (!std::filesystem::exists(path, error) && !error) return CheckpointState::kNone;
  try {
    InputFile file(path);
    const size_t expected =
        kFixed + 16 + (checkpoint.parameters.size() + checkpoint.state.size()) * sizeof(float);
    std::vector<uint8_t> bytes(kHeaderSize + 8);
    if (file.size() < bytes.size()) {
      why = "too short to be a checkpoint";
      return CheckpointState::kDamaged;
    }
    file.read(bytes.data(), bytes.size());
    if (std::memcmp(bytes.data(), kMagic, kMagicSize) != 0) {
      why = "not a checkpoint";
      return CheckpointState::kDamaged;
    }
    Reader reader(bytes.data() + kMagicSize);
    const auto version = reader.get<uint32_t>();
    const auto crc = reader.get<uint32_t>();
    const auto run = reader.get<uint64_t>();
    if (version != kVersion || run != checkpoint.run) {
      why = "of another run";
      return CheckpointState::kOther;
    }
    if (file.size() != expected) {
      why = "damaged: " + std::to_string(file.size()) + " bytes, expected " +
            std::to_string(expected);
      return CheckpointState::kDamaged;
    }
    bytes.resize(expected);
    file.read(bytes.data() + kHeaderSize + 8, expected - kHeaderSize - 8);
    if (crc_of(bytes.data(), bytes.size()) != crc) {
      why = "damaged: its CRC-32 is wrong";
      return CheckpointState::kDamaged;
    }
    Reader fields(bytes.data() + kHeaderSize + 8);
    checkpoint.epochs = fields.get<uint32_t>();
    checkpoint.loss = fields.get<double>();
    checkpoint.validation_error = fields.get<double>();
    checkpoint.seconds = fields.get<double>();
    if (fields.get<uint64_t>() != checkpoint.parameters.size()) {
      why = "damaged: a length is wrong";
      return CheckpointState::kDamaged;
    }
    fields.get(checkpoint.parameters);
    if (fields.get<uint64_t>() != checkpoint.state.size()) {
      why = "damaged: a length is wrong";
      return CheckpointState::kDamaged;
    }
    fields.get(checkpoint.state);
  } catch (const Error& error) {
    // Its text begins with the path, as the caller's line will.
    const std::string text = error.what();
    const size_t at = text.find(": cannot read");
    why = at == std::string::npos ? text : text.substr(at + 2);
    return CheckpointState::kDamaged;
  }
  return CheckpointState::kGood;
}

}  // namespace sparsys
