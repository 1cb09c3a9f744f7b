// SPDX-License-Identifier: Apache-2.0
// The table of instructions' fields against the one of docs/reference/mxu-format.md, and against
// the tests' own assembler.
#include "golden/engine/mxu/instruction.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <regex>
#include <string>
#include <vector>

#include "tb/support/error_of.hpp"
#include "tb/support/mxu/assembler.hpp"
#include "tb/support/seeds.hpp"

namespace sparsys::mxu {
namespace {

struct Field {
  std::string name;
  uint32_t lsb;
  uint32_t width;
};
// By lowest bit.
using Fields = std::map<uint32_t, Field>;

// Rows of the tables of the page's section, cell by cell, without marks of code.
std::vector<std::vector<std::string>> rows_of_section(const std::string& title) {
  std::ifstream page(SPARSYS_PROJECT_ROOT "/docs/reference/mxu-format.md");
  std::vector<std::vector<std::string>> rows;
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    if (line.rfind("## ", 0) == 0) inside = line == "## " + title;
    if (!inside || line.rfind("| ", 0) != 0) continue;
    line.erase(std::remove(line.begin(), line.end(), '`'), line.end());
    rows.emplace_back();
    for (size_t at = 1, end; (end = line.find('|', at)) != std::string::npos; at = end + 1) {
      const std::string cell = line.substr(at, end - at);
      rows.back().push_back(std::regex_replace(cell, std::regex("^ +| +$"), ""));
    }
  }
  return rows;
}

// "23:0", "flags 3:2", "79:72 (flags)" or "flags 1".
Field field_of(const std::string& bits, const std::string& name) {
  static const std::regex kBits(R"((flags )?(\d+)(?::(\d+))?( \(flags\))?)");
  std::smatch found;
  if (!std::regex_match(bits, found, kBits)) {
    ADD_FAILURE() << bits;
    return {name, 0, 0};
  }
  const uint32_t base = found[1].matched ? 72 : 0;
  const auto msb = static_cast<uint32_t>(std::stoul(found[2]));
  const uint32_t lsb = found[3].matched ? static_cast<uint32_t>(std::stoul(found[3])) : msb;
  return {name, base + lsb, msb - lsb + 1};
}

void expect_same(const Fields& table, const Fields& page) {
  ASSERT_EQ(table.size(), page.size());
  for (const auto& [lsb, field] : table) {
    ASSERT_TRUE(page.count(lsb)) << field.name;
    EXPECT_EQ(field.width, page.at(lsb).width) << field.name;
    EXPECT_EQ(page.at(lsb).name.rfind(field.name, 0), 0U)
        << field.name << ": " << page.at(lsb).name;
  }
}

template <class Visited, class... First>
Fields visited(Visited&& of, First... first) {
  Fields fields;
  visit_fields(first..., of, [&fields](const char* name, uint32_t lsb, uint32_t width, auto&) {
    fields[lsb] = {name, lsb, width};
  });
  return fields;
}

TEST(MxuInstruction, FieldsAreThoseOfThePage) {
  std::map<uint32_t, std::string> names;
  std::map<uint32_t, Fields> page;
  uint32_t opcode = 0;
  for (const std::vector<std::string>& row : rows_of_section("3. Instructions")) {
    static const std::regex kNamed(R"((\d+) (\w+))");
    std::smatch found;
    const bool named = std::regex_match(row[0], found, kNamed);
    if (std::regex_match(row[0], std::regex(R"(\d+)"))) {
      names[static_cast<uint32_t>(std::stoul(row[0]))] = row[1];
    }
    if (row.size() != 3 || (!named && !row[0].empty())) continue;
    if (named) opcode = static_cast<uint32_t>(std::stoul(found[1]));
    if (named && row[1].empty()) {
      ASSERT_EQ(row[2], "as 2, except:");
      page[opcode] = page.at(2);
      page[opcode].erase(40);
      continue;
    }
    const Field field = field_of(row[1], row[2]);
    page[opcode][field.lsb] = field;
  }
  ASSERT_EQ(names.size(), 11U);
  for (const auto& [number, name] : names) {
    SCOPED_TRACE(name);
    Instruction i;
    i.opcode = static_cast<Opcode>(number);
    EXPECT_EQ(name, to_string(i.opcode));
    expect_same(visited(i), page[number]);
  }
}

TEST(MxuInstruction, RegistersAreThoseOfThePage) {
  uint32_t registers = 0;
  for (const std::vector<std::string>& row : rows_of_section("4. Registers (Set)")) {
    if (!std::regex_match(row[0], std::regex(R"(\d+)"))) continue;
    ++registers;
    const auto reg = static_cast<Register>(std::stoul(row[0]));
    Fields page;
    static const std::regex kField(R"((\d+:\d+) ([^,;:(]+))");
    for (std::sregex_iterator at(row[2].begin(), row[2].end(), kField), end; at != end; ++at) {
      const Field field = field_of((*at)[1], (*at)[2]);
      page[field.lsb] = field;
    }
    SCOPED_TRACE(row[0]);
    Setting setting;
    expect_same(visited(setting, reg), page);
  }
  EXPECT_EQ(registers, 11U);
}

// Encoded by the table, the same bits as by the tests' own assembler; and back.
TEST(MxuInstruction, EncodesAndDecodes) {
  Dice dice(3);
  const auto any = [&dice](uint32_t width) { return static_cast<uint32_t>(dice.bits(width)); };
  const auto flag = [&dice] { return dice.chance(50); };
  for (int turn = 0; turn < 1000; ++turn) {
    Instruction i;
    i.opcode = static_cast<Opcode>(any(4) % 10);
    i.beat = any(32);
    i.beats = any(24);
    i.tiles = any(16);
    i.raw = flag();
    i.codebook = flag();
    i.buffer = any(24);
    i.accumulators = any(16);
    i.length = any(16);
    i.dy = static_cast<int8_t>(any(8));
    i.dx = static_cast<int8_t>(any(8));
    i.rows_less_one = any(8);
    i.columns_less_one = any(8);
    i.take = flag();
    i.add = flag();
    i.set = any(8);
    i.function = static_cast<Function>(any(2));
    i.pooling = static_cast<Pooling>(any(2));
    i.parameters = flag();
    i.reg = static_cast<Register>(any(8));
    i.value = any(32);
    test::RawInstruction expected;
    switch (i.opcode) {
      case Opcode::kReadWeights:
        expected = test::read_beats(i.beat, i.beats, i.tiles, i.raw, i.codebook);
        break;
      case Opcode::kMatrixMultiply:
        expected = test::multiply(i.buffer, i.accumulators, i.length, i.take, i.add,
                                  i.rows_less_one + 1, i.columns_less_one + 1);
        break;
      case Opcode::kConvolve:
        expected = test::convolve(i.buffer, i.accumulators, i.dy, i.dx, i.take, i.add,
                                  i.rows_less_one + 1, i.columns_less_one + 1);
        break;
      case Opcode::kActivate:
        expected =
            test::activate(i.buffer, i.accumulators, i.length, i.set,
                           static_cast<uint32_t>(i.function), static_cast<uint32_t>(i.pooling));
        break;
      case Opcode::kReadHost:
        expected = i.parameters ? test::read_parameters(i.buffer / 16, i.buffer % 16, i.length)
                                : test::read_host(i.buffer, i.length);
        break;
      case Opcode::kWriteHost:
        expected = test::write_host(i.buffer, i.length);
        break;
      case Opcode::kSet:
        expected = test::set_register(static_cast<uint32_t>(i.reg), i.value);
        break;
      default:
        expected = test::make(static_cast<uint32_t>(i.opcode));
    }
    for (uint32_t u = 0; u < kUnits; ++u) {
      i.waits[u] = static_cast<uint8_t>(any(2));
      expected = test::wait(expected, u, i.waits[u]);
    }
    ASSERT_EQ(encode(i), expected.words) << to_string(i.opcode);
    ASSERT_EQ(encode(decode(expected.words)), expected.words);
  }
}

TEST(MxuInstruction, WhatDoesNotFit) {
  const auto error = [](const Instruction& i) { return error_of([&i] { encode(i); }); };
  Instruction i;
  i.opcode = Opcode::kConvolve;
  i.dy = -128;
  EXPECT_EQ(error(i), "no error");
  i.dy = 128;
  EXPECT_EQ(error(i), "Convolve: dy 128 does not fit 8 bits");
  i.opcode = Opcode::kActivate;  // which has no dy
  i.length = 65536;
  EXPECT_EQ(error(i), "Activate: length 65536 does not fit 16 bits");
  Setting setting;
  setting.stride_y = 256;
  EXPECT_THROW(set_of(Register::kWalk, setting), Error);
  EXPECT_EQ(setting_of(Register::kWalk, 0x0203FFFF).stride_y, 3U);
}

}  // namespace
}  // namespace sparsys::mxu
