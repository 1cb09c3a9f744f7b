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
Model from_payload(const uint8_t* data, size_t size, const std::string& name) {
  const nlohmann::json map = parse_cbor(data, size, name);
  Model model;
  FieldReader fields(map, name);
  visit(fields, model);
  fields.expect_no_more();
  check(model, name);
  return model;
}

}  // namespace

template <typename Model>
std::vector<uint8_t> model_to_bytes(const Model& model) {
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
Model model_from_bytes(const uint8_t* data, size_t size, const std::string& name) {
  const Payload payload = open_container(data, size, kKind<Model>, name);
  return from_payload<Model>(payload.data, payload.size, name);
}

mxu::Network quantised_from_payload(const uint8_t* data, size_t size, const std::string& name) {
  return from_payload<mxu::Network>(data, size, name);
}

template <typename Model>
void save_model(const std::string& path, const Model& model) {
  const std::vector<uint8_t> bytes = model_to_bytes(model);
  write_file_atomically(path, bytes.data(), bytes.size());
}

template <typename Model>
Model load_model(const std::string& path) {
  InputFile file(path);
  const std::vector<uint8_t> bytes = read_container(file, kKind<Model>);
  return model_from_bytes<Model>(bytes.data(), bytes.size(), file.name());
}

template void save_model(const std::string&, const Network&);
template Network load_model(const std::string&);
template std::vector<uint8_t> model_to_bytes(const Network&);
template Network model_from_bytes(const uint8_t*, size_t, const std::string&);

template void save_model(const std::string&, const eie::Network&);
template eie::Network load_model(const std::string&);
template std::vector<uint8_t> model_to_bytes(const eie::Network&);
template eie::Network model_from_bytes(const uint8_t*, size_t, const std::string&);

template void save_model(const std::string&, const mxu::Network&);
template mxu::Network load_model(const std::string&);
template std::vector<uint8_t> model_to_bytes(const mxu::Network&);
template mxu::Network model_from_bytes(const uint8_t*, size_t, const std::string&);

}  // namespace sparsys
