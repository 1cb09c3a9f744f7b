// SPDX-License-Identifier: Apache-2.0
// What simplify() works with: simplify.cpp has the graph and what goes into weights and windows,
// simplify_layout.cpp what moves elements.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "golden/network/network.hpp"

namespace sparsys::onnx_import {

class Simplifier {
 public:
  explicit Simplifier(Network& network);
  std::vector<std::string> run();

 private:
  struct Use {
    size_t node;
    size_t input;
  };

  // ---- the graph ----

  void drop_dead();
  // Who makes and uses what, anew if something has changed.
  void index();
  const std::vector<Use>& uses(const std::string& name);
  // The node that makes a value; null if it is the network's input or a parameter.
  Node* maker(const std::string& value);
  // Null if there is none of the name.
  Parameter* find(const std::string& parameter);
  size_t index_of(const Node& node) const {
    return static_cast<size_t>(&node - &network_.nodes[0]);
  }
  // The only use of a node's output, which is not the network's.
  Node* only_user(const Node& node);
  bool is_only_used_once(const std::string& value);
  // Users of the node's output take `value` in its place. False if that cannot be: the network's
  // output would be its input.
  bool bypass(Node& node, const std::string& value);
  std::string fresh(const std::string& base);
  const Shape& shape(const std::string& value) const { return shapes_.at(value); }

  // Of a node, the parameter that is its input `i`, used by nobody else (it is copied if it is).
  Parameter& own(Node& node, size_t i);
  // Of an Add or Mul of a value and a parameter, which of its inputs is the parameter.
  std::optional<size_t> constant_input(const Node& node);
  std::optional<float> scalar_of(const Node& node);

  // ---- simplify.cpp ----

  bool recognise_functions();
  bool fold_hard_sigmoid(Node& scale);
  bool fold_hard_swish(Node& product);
  bool fold_arithmetic();
  bool fold_factor(Node& product);
  bool fold_summand(Node& sum);
  bool fold_factor_ahead(Node& product);
  // The parameter as a number for each index of an axis of a value of this shape; empty if it is
  // none.
  static std::vector<float> by_channel(const Parameter& parameter, const Shape& shape, size_t axis);
  // One number becomes one for each channel.
  static void spread(Parameter& parameter, const Shape& shape, size_t axis);
  void scale_layer(Node& layer, const std::vector<float>& factors);
  void add_to_layer(Node& layer, const std::vector<float>& summands);
  bool fold_padding();

  // ---- simplify_layout.cpp ----

  bool is_move(const Node& node) const;
  bool is_unit_reshape(const Node& node) const;
  bool is_identity(const Node& node) const;
  bool drop_identities();
  bool join_moves();
  bool sink_moves();
  bool sinks_through(const Node& move, const Node& node);
  void swap(size_t move, size_t node);
  bool merge_branches();
  bool move_into_weights();
  // What the parameter of an element-wise node is before `move`.
  Parameter moved_back(const Parameter& parameter, const Node& move) const;

  Network& network_;
  std::unordered_map<std::string, Shape> shapes_;
  std::unordered_set<std::string> names_;
  bool indexed_ = false;
  std::unordered_map<std::string, size_t> makers_, parameters_;
  std::unordered_map<std::string, std::vector<Use>> uses_;
  std::map<std::string, int> done_;  // how often what was done
};

}  // namespace sparsys::onnx_import
