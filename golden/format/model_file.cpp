// SPDX-License-Identifier: Apache-2.0
#include "golden/format/model_file.hpp"

#include "golden/base/atomic_file.hpp"
#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/format/cbor.hpp"
#include "golden/format/fields.hpp"
#include "golden/network/check.hpp"

namespace sparsys {
namespace {

template <typename Model>
constexpr ModelKind kKind = ModelKind::kFloat;
template <>
constexpr ModelKind kKind<eie::Network> = ModelKind::kCompressed;
template <>
constexpr ModelKind kKind<mxu::Network> = ModelKind::kQuantised;

template <typename Model>
std::vector<uint8_t> to_bytes(const Model& model) {
  const std::string name = "model " + quoted(model.name);
  check(model, name);
  FieldWriter fields;
  visit(fields, model);
  std::vector<uint8_t> bytes(kHeaderSize);
  nlohmann::json::to_cbor(fields.map, bytes);
  if (bytes.size() > kMaxModelBytes) {
    fail(name,
         number(bytes.size()) + " bytes, at most " + number(kMaxModelBytes) + " can be saved");
  }
  put_header(kKind<Model>, bytes);
  return bytes;
}

template <typename Model>
Model from_bytes(const uint8_t* data, size_t size, const std::string& name) {
  const Payload payload = open_container(data, size, kKind<Model>, name);
  const nlohmann::json map = parse_cbor(payload.data, payload.size, name);
  Model model;
  FieldReader fields(map, name);
  visit(fields, model);
  fields.expect_no_more();
  check(model, name);
  return model;
}

template <typename Model>
void save(const std::string& path, const Model& model) {
  const std::vector<uint8_t> bytes = to_bytes(model);
  write_file_atomically(path, bytes.data(), bytes.size());
}

template <typename Model>
Model load(const std::string& path) {
  InputFile file(path);
  const std::vector<uint8_t> bytes = read_container(file, kKind<Model>);
  return from_bytes<Model>(bytes.data(), bytes.size(), file.name());
}

}  // namespace

void save_model(const std::string& path, const Network& network) { save(path, network); }
void save_model(const std::string& path, const eie::Network& network) { save(path, network); }
void save_model(const std::string& path, const mxu::Network& network) { save(path, network); }

Network load_float_network(const std::string& path) { return load<Network>(path); }
eie::Network load_compressed_network(const std::string& path) { return load<eie::Network>(path); }
mxu::Network load_quantised_network(const std::string& path) { return load<mxu::Network>(path); }

std::vector<uint8_t> model_to_bytes(const Network& network) { return to_bytes(network); }
std::vector<uint8_t> model_to_bytes(const eie::Network& network) { return to_bytes(network); }
std::vector<uint8_t> model_to_bytes(const mxu::Network& network) { return to_bytes(network); }

Network float_network_from_bytes(const uint8_t* data, size_t size, const std::string& name) {
  return from_bytes<Network>(data, size, name);
}
eie::Network compressed_network_from_bytes(const uint8_t* data, size_t size,
                                           const std::string& name) {
  return from_bytes<eie::Network>(data, size, name);
}
mxu::Network quantised_network_from_bytes(const uint8_t* data, size_t size,
                                          const std::string& name) {
  return from_bytes<mxu::Network>(data, size, name);
}

}  // namespace sparsys
