// SPDX-License-Identifier: Apache-2.0
// Options of all targets on one command line: those of each in a group of its own.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "sw/sparsys/accelerator/target.hpp"

namespace sparsys {

class TargetOptions {
 public:
  void add_to(CLI::App& command, bool demo);
  // Null if there is none of this name or for files of this kind.
  Target* named(const std::string& name) const;
  Target* taking(ModelKind kind) const;
  // "eie, mxu".
  std::vector<std::string> names() const;
  // Checks that no option of another target is given, and that those of this one are right. Throws
  // Error.
  void check(const Target& target) const;
  // That none of any target is given. Throws Error "--option: <why>".
  void refuse(const std::string& why) const;

 private:
  std::vector<std::unique_ptr<Target>> targets_ = targets();
  std::vector<CLI::Option_group*> groups_;
};

}  // namespace sparsys
