// SPDX-License-Identifier: Apache-2.0
#include "golden/format/onnx/import.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/stubs/logging.h>
#include <onnx/onnx_pb.h>

#include <filesystem>

#include "golden/base/error.hpp"
#include "golden/base/input_file.hpp"
#include "golden/base/text.hpp"
#include "golden/format/onnx/importer.hpp"
#include "golden/format/onnx/model.hpp"

namespace sparsys {
namespace {

// Messages, texts and unknown fields of a file. Each may take a hundred times its bytes in memory,
// so that their number must have a bound; weights are not among them.
constexpr size_t kMaxParts = size_t{1} << 18;
constexpr int kMaxDepth = 64;

// Walks over a message's encoding and counts its parts, so that the parser behind it, which takes
// memory for each, meets only what an ONNX model can be.
class Structure {
 public:
  explicit Structure(std::string name) : name_(std::move(name)) {}

  // False if the bytes are no message.
  bool walk(const uint8_t* data, size_t size, const google::protobuf::Descriptor* type, int depth) {
    if (depth > kMaxDepth) return false;
    const uint8_t* const end = data + size;
    while (data != end) {
      uint64_t tag = 0;
      uint64_t value = 0;
      if (!varint(data, end, tag) || tag >> 32 != 0 || tag >> 3 == 0) return false;
      const google::protobuf::FieldDescriptor* field =
          type == nullptr ? nullptr : type->FindFieldByNumber(static_cast<int>(tag >> 3));
      if (field == nullptr) count();
      switch (tag & 7) {
        case 0:
          if (!varint(data, end, value)) return false;
          break;
        case 1:
          if (end - data < 8) return false;
          data += 8;
          break;
        case 2:
          if (!varint(data, end, value) || value > static_cast<uint64_t>(end - data)) return false;
          if (field != nullptr) {
            if (field->type() == google::protobuf::FieldDescriptor::TYPE_MESSAGE) {
              count();
              if (!walk(data, value, field->message_type(), depth + 1)) return false;
            } else if (!field->is_packable()) {
              count();
            }
          }
          data += value;
          break;
        case 3:  // groups, which ONNX has none of
        case 4:
          count();
          break;
        case 5:
          if (end - data < 4) return false;
          data += 4;
          break;
        default:
          return false;
      }
    }
    return true;
  }

 private:
  static bool varint(const uint8_t*& data, const uint8_t* end, uint64_t& value) {
    value = 0;
    for (int shift = 0; shift < 64 && data != end; shift += 7) {
      const uint8_t byte = *data++;
      value |= uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }
  void count() {
    if (++parts_ > kMaxParts) {
      throw Error(name_ + ": more than " + number(kMaxParts) +
                  " nodes, attributes and names; no network that is supported has as many");
    }
  }

  const std::string name_;
  size_t parts_ = 0;
};

}  // namespace

namespace onnx_import {

void parse_model(const uint8_t* data, size_t size, const std::string& name,
                 onnx::ModelProto& model) {
  if (size == 0) fail(name, "not an ONNX model: the file is empty");
  if (size > kMaxOnnxBytes) {
    fail(name, number(size) + " bytes, an ONNX model has at most " + number(kMaxOnnxBytes));
  }
  // What protobuf says about damage would stand beside our line.
  const google::protobuf::LogSilencer silencer;
  if (!Structure(name).walk(data, size, onnx::ModelProto::descriptor(), 0) ||
      !model.ParseFromArray(data, static_cast<int>(size))) {
    fail(name, "not an ONNX model, or damaged, or cut: protobuf cannot read it");
  }
}

LoadedModel load_model(const std::string& path) {
  LoadedModel loaded;
  InputFile file(path);
  loaded.name = file.name();
  if (file.size() > kMaxOnnxBytes) parse_model(nullptr, file.size(), loaded.name, loaded.model);
  std::vector<uint8_t> bytes(file.size());
  file.read(bytes.data(), bytes.size());
  parse_model(bytes.data(), bytes.size(), loaded.name, loaded.model);
  loaded.folder = std::filesystem::path(path).parent_path().string();
  if (loaded.folder.empty()) loaded.folder = ".";
  return loaded;
}

}  // namespace onnx_import

Network onnx_from_bytes(const uint8_t* data, size_t size, const std::string& name,
                        const OnnxImportOptions& options) {
  onnx::ModelProto model;
  onnx_import::parse_model(data, size, name, model);
  return onnx_import::Importer(model, name, "", options).run();
}

Network import_onnx(const std::string& path, const OnnxImportOptions& options) {
  onnx_import::LoadedModel loaded = onnx_import::load_model(path);
  return onnx_import::Importer(loaded.model, loaded.name, loaded.folder, options).run();
}

}  // namespace sparsys
