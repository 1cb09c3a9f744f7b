// SPDX-License-Identifier: Apache-2.0
#include "tb/lockstep/core/fst_writer.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "golden/base/error.hpp"
#include "gtkwave/fstapi.h"
#include "tb/lockstep/core/fst_library.hpp"

namespace sparsys {

namespace {

std::vector<std::string> split(const std::string& path) {
  std::vector<std::string> parts;
  size_t from = 0;
  for (size_t dot = path.find('.'); dot != std::string::npos; dot = path.find('.', from)) {
    parts.push_back(path.substr(from, dot - from));
    from = dot + 1;
  }
  parts.push_back(path.substr(from));
  return parts;
}

}  // namespace

FstWriter::FstWriter(const std::string& path, const std::vector<Signal>& signals)
    : path_(path), part_(path + ".part"), signals_(signals), last_(2 * signals.size()) {
  // The library reports a path it cannot write only by crashing later.
  std::FILE* probe = std::fopen(part_.c_str(), "wb");
  if (!probe) throw Error(path + ": cannot be written (waveform): " + std::strerror(errno));
  std::fclose(probe);
  take_fst_failure();
  writer_ = fstWriterCreate(part_.c_str(), 1);
  if (!writer_) throw Error(path + ": cannot be written (waveform)");
  fstWriterSetPackType(writer_, FST_WR_PT_LZ4);
  fstWriterSetTimescaleFromString(writer_, "1ns");
  for (const char* side : {"rtl", "model"}) declare(side);
}

void FstWriter::declare(const char* side) {
  fstWriterSetScope(writer_, FST_ST_VCD_MODULE, side, nullptr);
  std::vector<std::string> open;
  for (const Signal& s : signals_) {
    const std::vector<std::string> scope = split(s.instance);
    size_t same = 0;
    while (same < open.size() && same < scope.size() && open[same] == scope[same]) ++same;
    for (; open.size() > same; open.pop_back()) fstWriterSetUpscope(writer_);
    for (; open.size() < scope.size(); open.push_back(scope[open.size()])) {
      fstWriterSetScope(writer_, FST_ST_VCD_MODULE, scope[open.size()].c_str(), nullptr);
    }
    handles_.push_back(
        fstWriterCreateVar(writer_, FST_VT_VCD_WIRE, FST_VD_IMPLICIT, s.width, s.name.c_str(), 0));
  }
  for (size_t i = 0; i <= open.size(); ++i) fstWriterSetUpscope(writer_);
}

FstWriter::~FstWriter() { discard(); }

void FstWriter::discard() {
  if (!writer_) return;
  fstWriterClose(writer_);
  writer_ = nullptr;
  std::remove(part_.c_str());
  std::remove((part_ + ".hier").c_str());
  take_fst_failure();
}

void FstWriter::fail() {
  discard();
  throw Error(path_ + ": the waveform cannot be written (no space left on device?)");
}

void FstWriter::close() {
  fstWriterClose(writer_);
  writer_ = nullptr;
  if (!take_fst_failure() && std::rename(part_.c_str(), path_.c_str()) == 0) return;
  std::remove(part_.c_str());
  std::remove((part_ + ".hier").c_str());
  fail();
}

void FstWriter::sample(uint64_t cycle) {
  fstWriterEmitTimeChange(writer_, cycle);
  for (size_t i = 0; i < signals_.size(); ++i) {
    emit(i, signals_[i].rtl_value(), signals_[i].width);
    emit(signals_.size() + i, signals_[i].model_value(), signals_[i].width);
  }
  first_ = false;
  if (take_fst_failure()) fail();
}

void FstWriter::emit(size_t index, uint64_t value, uint32_t width) {
  if (!first_ && last_[index] == value) return;
  last_[index] = value;
  fstWriterEmitValueChange64(writer_, handles_[index], width, value);
}

}  // namespace sparsys
