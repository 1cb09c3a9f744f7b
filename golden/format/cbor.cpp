// SPDX-License-Identifier: Apache-2.0
#include "golden/format/cbor.hpp"

#include <iterator>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"

namespace sparsys {
namespace {

using nlohmann::json;

// The bulk of a payload is in byte strings; what is left is a few fields a layer, and each item
// costs many times its size.
constexpr size_t kMaxDepth = 6;
constexpr size_t kMaxItems = 1U << 20;

// Where the parser is: what it reads next after an event is the first byte of an item.
struct Position {
  const std::string& name;
  bool item_begins = true;
};

// The payload byte by byte. The parser calls itself for strings of indefinite length in strings of
// indefinite length, and asks nobody before: they are refused here, by an item's first byte.
class Input {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = uint8_t;
  using difference_type = std::ptrdiff_t;
  using pointer = const uint8_t*;
  using reference = uint8_t;

  Input(const uint8_t* at, Position& position) : at_(at), position_(&position) {}

  uint8_t operator*() const {
    if (position_->item_begins && (*at_ & 31) == 31) {
      fail(position_->name, "payload: item " + hex(*at_, 2) + " has no definite length");
    }
    position_->item_begins = false;
    return *at_;
  }
  Input& operator++() {
    ++at_;
    return *this;
  }
  Input operator++(int) { return {at_++, *position_}; }
  bool operator==(const Input& other) const { return at_ == other.at_; }
  bool operator!=(const Input& other) const { return at_ != other.at_; }

 private:
  const uint8_t* at_;
  Position* position_;
};

// Makes values of the parser's events, and counts them.
class Builder : public json::json_sax_t {
 public:
  Builder(Position& position, json& root) : position_(position), root_(root) {}

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(int64_t value) override { return put(value); }
  bool number_unsigned(uint64_t value) override { return put(value); }
  bool number_float(double value, const std::string&) override { return put(value); }
  bool string(std::string& value) override { return put(std::move(value)); }
  bool binary(json::binary_t& value) override { return put(json::binary(std::move(value))); }
  bool key(std::string& value) override {
    key_ = std::move(value);
    return count();
  }
  bool start_object(size_t) override { return open(json::object()); }
  bool start_array(size_t) override { return open(json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool parse_error(size_t, const std::string&, const json::exception& error) override {
    // Behind "[json.exception.parse_error.110] ".
    const std::string what = error.what();
    const size_t end = what.find("] ");
    fail(position_.name,
         "payload: " + printable(end == std::string::npos ? what : what.substr(end + 2), 200));
  }

 private:
  bool count() {
    if (++items_ > kMaxItems) {
      fail(position_.name, "payload: more than " + number(kMaxItems) + " items");
    }
    position_.item_begins = true;
    return true;
  }
  bool put(json value) {
    last_ = &root_;
    if (!open_.empty()) {
      json& parent = *open_.back();
      if (parent.is_array()) parent.push_back(nullptr);
      last_ = parent.is_array() ? &parent.back() : &parent[key_];
    }
    *last_ = std::move(value);
    return count();
  }
  bool open(json value) {
    if (open_.size() == kMaxDepth) {
      fail(position_.name, "payload: more than " + number(kMaxDepth) + " levels");
    }
    put(std::move(value));
    open_.push_back(last_);
    return true;
  }
  bool close() {
    open_.pop_back();
    position_.item_begins = true;
    return true;
  }

  Position& position_;
  json& root_;
  json* last_ = nullptr;
  std::vector<json*> open_;
  std::string key_;
  size_t items_ = 0;
};

}  // namespace

json parse_cbor(const uint8_t* data, size_t size, const std::string& name) {
  json root;
  Position position{name};
  Builder builder(position, root);
  json::sax_parse(Input(data, position), Input(data + size, position), &builder,
                  json::input_format_t::cbor);
  return root;
}

}  // namespace sparsys
