// SPDX-License-Identifier: Apache-2.0
// Text files of numbers, line by line and word by word; what is wrong is told with file and line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sparsys {

class TextLines {
 public:
  // Reads the whole file. Throws Error if it cannot be read.
  explicit TextLines(const std::string& path);

  // Goes to the next line; false behind the last one. The line is without its end and without
  // blanks around it.
  bool next();
  std::string_view line() const { return line_; }
  uint64_t number() const { return number_; }  // of the line, from 1
  // Words of this line that are left, parted by blanks, tabs or `also`; false if there is none.
  bool word(std::string_view& word, char also = ' ');
  // What is left up to the next comma, without blanks around it.
  std::string_view field();
  // The next word as a whole number from `least` to `most`, or any number. `what` is for the
  // message.
  uint64_t count(const char* what, uint64_t most, char also = ' ', uint64_t least = 0);
  double real(const char* what, char also = ' ');
  // That no word is left.
  void end();

  // Throws Error "FILE:LINE: <what>".
  [[noreturn]] void fail(const std::string& what) const;

 private:
  std::string name_;
  std::string text_;
  size_t at_ = 0;
  uint64_t number_ = 0;
  std::string_view line_;
  std::string_view rest_;
};

}  // namespace sparsys
