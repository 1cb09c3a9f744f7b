// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/accelerator/options.hpp"

#include "golden/base/error.hpp"
#include "sw/sparsys/commands/options.hpp"

namespace sparsys {

void TargetOptions::add_to(CLI::App& command, bool demo) {
  for (const auto& target : targets_) {
    groups_.push_back(command.add_option_group(std::string("Of the ") + target->engine()));
    target->add_options(*groups_.back(), demo);
  }
}

Target* TargetOptions::named(const std::string& name) const {
  for (const auto& target : targets_) {
    if (target->name() == name) return target.get();
  }
  return nullptr;
}

Target* TargetOptions::taking(ModelKind kind) const {
  for (const auto& target : targets_) {
    if (target->takes(kind)) return target.get();
  }
  return nullptr;
}

std::vector<std::string> TargetOptions::names() const {
  std::vector<std::string> all;
  for (const auto& target : targets_) all.push_back(target->name());
  return all;
}

void TargetOptions::check(const Target& target) const {
  for (size_t t = 0; t < targets_.size(); ++t) {
    if (targets_[t].get() == &target) continue;
    refuse_given(*groups_[t], std::string("is of the ") + targets_[t]->engine() +
                                  ", and this runs on the " + target.engine());
  }
  target.check_options();
}

void TargetOptions::refuse(const std::string& why) const {
  for (const CLI::Option_group* group : groups_) refuse_given(*group, why);
}

}  // namespace sparsys
