// SPDX-License-Identifier: Apache-2.0
// A folder in which command lines of the program run, one after the other, and what all of them
// must keep to: no signal, no report of a sanitizer, an exit code of 0 or 1; one line on stderr and
// no file made, changed or lost if it is 1; the files that were asked for, and no others, if it is
// 0.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tb/support/temporary.hpp"

namespace sparsys::fuzz {

using Words = std::vector<std::string>;

enum class Expect : uint8_t {
  kDone,     // exit code 0
  kRefused,  // exit code 1
  kEither
};

struct Outcome {
  bool done = false;  // exit code 0
  std::string out;
  std::string error;  // what stands behind "sparsys: error: "
};

class Workplace {
 public:
  // The folder is removed at the end, unless the environment variable SPARSYS_FUZZ_KEEP is set:
  // then its name is printed.
  explicit Workplace(std::string program);
  ~Workplace();

  // The same files, for another program.
  void set_program(std::string program) { program_ = std::move(program); }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  void write(const std::string& name, const std::vector<uint8_t>& bytes) const;
  std::vector<uint8_t> read(const std::string& name) const;
  bool has(const std::string& name) const { return std::filesystem::exists(folder_ / name); }
  void remove(const std::string& name) const { std::filesystem::remove_all(folder_ / name); }

  // Runs the program in the folder. `outputs`: files that it makes if it is done. What is wrong
  // becomes a failure of the test, with all command lines so far.
  Outcome run(const Words& words, const Words& outputs = {}, Expect expect = Expect::kDone);
  // Not to be done, with this text in its message.
  void refuse(const std::string& text, const Words& words);

  size_t runs() const { return runs_; }

 private:
  using Files = std::map<std::string, std::string>;

  int start(const Words& words, std::string& out, std::string& err) const;
  Files files() const;
  void complain(const std::string& what, const std::string& err) const;

  std::string program_;
  std::filesystem::path folder_;
  std::string said_;  // command lines so far
  size_t runs_ = 0;
  bool keep_ = false;
};

}  // namespace sparsys::fuzz
