// SPDX-License-Identifier: Apache-2.0
// The accelerator's registers, commands, errors and image header for the models
// (docs/reference/top-format.md). Written by make interface from rtl/top/interface.toml, not by
// hand.
#pragma once

#include <cstdint>

namespace sparsys::top {

// clang-format off
inline constexpr uint32_t kVersion = 0x00010000;

inline constexpr uint32_t kId = 0x53505259;  // what the register ID reads
inline constexpr uint32_t kPageBytes = 4096;  // bytes of a page
inline constexpr uint32_t kCommandBytes = 32;  // bytes of a command
inline constexpr uint32_t kAlignment = 64;  // of addresses in commands, and of offsets in an image
inline constexpr uint32_t kEvents = 16;  // events
inline constexpr uint32_t kRingLog2Min = 1;  // least RING_LOG2
inline constexpr uint32_t kRingLog2Max = 16;  // largest RING_LOG2
inline constexpr uint32_t kImageMagic = 0x49525053;  // an image's first word, SPRI
inline constexpr uint32_t kImageFormat = 1;  // an image's second word
inline constexpr uint32_t kImageHeaderBytes = 128;  // bytes of an image's header
inline constexpr uint32_t kImageRegisters = 16;  // word of the header with the first of the device's registers
inline constexpr uint32_t kImageRegisterCount = 10;  // registers in the header, from BUS on
inline constexpr uint32_t kImagePhasesMax = 2;  // most phases
inline constexpr uint32_t kBaseShift = 60;  // lowest bit of what an image's address counts from
inline constexpr uint32_t kBaseNone = 0;  // an address that is not used
inline constexpr uint32_t kBaseImage = 1;  // an address in the image
inline constexpr uint32_t kBaseInput = 2;  // an address in the input
inline constexpr uint32_t kBaseOutput = 3;  // an address in the output
inline constexpr uint32_t kBaseScratch = 4;  // an address in the scratch of the phase

namespace reg {  // Offsets in bytes.
inline constexpr uint32_t kId = 0x000;  // RO
inline constexpr uint32_t kVersion = 0x004;  // RO
inline constexpr uint32_t kBus = 0x008;  // RO
inline constexpr uint32_t kEieArray = 0x00C;  // RO
inline constexpr uint32_t kEieEntries = 0x010;  // RO
inline constexpr uint32_t kEiePointers = 0x014;  // RO
inline constexpr uint32_t kEieActs = 0x018;  // RO
inline constexpr uint32_t kEieList = 0x01C;  // RO
inline constexpr uint32_t kMxuArray = 0x020;  // RO
inline constexpr uint32_t kMxuUb = 0x024;  // RO
inline constexpr uint32_t kMxuAcc = 0x028;  // RO
inline constexpr uint32_t kMxuSets = 0x02C;  // RO
inline constexpr uint32_t kControl = 0x040;  // RW
inline constexpr uint32_t kStatus = 0x044;  // RO
inline constexpr uint32_t kError = 0x048;  // RO
inline constexpr uint32_t kErrorCommand = 0x04C;  // RO
inline constexpr uint32_t kErrorDetail = 0x050;  // RO
inline constexpr uint32_t kErrorPage = 0x054;  // RO
inline constexpr uint32_t kIrqStatus = 0x058;  // W1C
inline constexpr uint32_t kIrqEnable = 0x05C;  // RW
inline constexpr uint32_t kRingPage = 0x060;  // RW
inline constexpr uint32_t kRingLog2 = 0x064;  // RW
inline constexpr uint32_t kRingTail = 0x068;  // RW
inline constexpr uint32_t kRingHead = 0x06C;  // RO
inline constexpr uint32_t kFence = 0x070;  // RO
inline constexpr uint32_t kWatchdog = 0x074;  // RW
inline constexpr uint32_t kWindowFirst = 0x078;  // RW
inline constexpr uint32_t kWindowLast = 0x07C;  // RW
inline constexpr uint32_t kCycles = 0x080;  // RO
inline constexpr uint32_t kCyclesSparse = 0x084;  // RO
inline constexpr uint32_t kCyclesMatrix = 0x088;  // RO
inline constexpr uint32_t kCyclesBoth = 0x08C;  // RO
inline constexpr uint32_t kReadBeats = 0x090;  // RO
inline constexpr uint32_t kWriteBeats = 0x094;  // RO
inline constexpr uint32_t kCommands = 0x098;  // RO
inline constexpr uint32_t kCountersClear = 0x09C;  // WO
}  // namespace reg

// Registers as a table; a register without a value after reset tells parameters.
struct RegisterInfo {
  const char* name;
  uint32_t offset;
  const char* access;  // RO, RW, WO, W1C
  bool idle;           // RW: only while not running
  bool parameters;
  uint32_t reset;
  uint32_t mask;  // bits that are there
};
inline constexpr RegisterInfo kRegisters[] = {
    {"ID", 0x000, "RO", false, false, 0x53505259, 0xFFFFFFFF},
    {"VERSION", 0x004, "RO", false, false, 0x00010000, 0xFFFFFFFF},
    {"BUS", 0x008, "RO", false, true, 0x00000000, 0x03FFFFFF},
    {"EIE_ARRAY", 0x00C, "RO", false, true, 0x00000000, 0xFFFFFFFF},
    {"EIE_ENTRIES", 0x010, "RO", false, true, 0x00000000, 0xFFFFFFFF},
    {"EIE_POINTERS", 0x014, "RO", false, true, 0x00000000, 0xFFFFFFFF},
    {"EIE_ACTS", 0x018, "RO", false, true, 0x00000000, 0xFFFFFFFF},
    {"EIE_LIST", 0x01C, "RO", false, true, 0x00000000, 0xFFFFFFFF},
    {"MXU_ARRAY", 0x020, "RO", false, true, 0x00000000, 0xFFFFFFFF},
    {"MXU_UB", 0x024, "RO", false, true, 0x00000000, 0xFFFFFFFF},
    {"MXU_ACC", 0x028, "RO", false, true, 0x00000000, 0xFFFFFFFF},
    {"MXU_SETS", 0x02C, "RO", false, true, 0x00000000, 0xFFFFFFFF},
    {"CONTROL", 0x040, "RW", false, false, 0x00000000, 0x0000000F},
    {"STATUS", 0x044, "RO", false, false, 0x00000008, 0x0000003F},
    {"ERROR", 0x048, "RO", false, false, 0x00000000, 0x0000FFFF},
    {"ERROR_COMMAND", 0x04C, "RO", false, false, 0x00000000, 0xFFFFFFFF},
    {"ERROR_DETAIL", 0x050, "RO", false, false, 0x00000000, 0xFFFFFFFF},
    {"ERROR_PAGE", 0x054, "RO", false, false, 0x00000000, 0xFFFFFFFF},
    {"IRQ_STATUS", 0x058, "W1C", false, false, 0x00000000, 0x00000007},
    {"IRQ_ENABLE", 0x05C, "RW", false, false, 0x00000000, 0x00000007},
    {"RING_PAGE", 0x060, "RW", true, false, 0x00000000, 0xFFFFFFFF},
    {"RING_LOG2", 0x064, "RW", true, false, 0x00000000, 0x0000001F},
    {"RING_TAIL", 0x068, "RW", false, false, 0x00000000, 0xFFFFFFFF},
    {"RING_HEAD", 0x06C, "RO", false, false, 0x00000000, 0xFFFFFFFF},
    {"FENCE", 0x070, "RO", false, false, 0x00000000, 0xFFFFFFFF},
    {"WATCHDOG", 0x074, "RW", true, false, 0x00000000, 0xFFFFFFFF},
    {"WINDOW_FIRST", 0x078, "RW", true, false, 0x00000001, 0xFFFFFFFF},
    {"WINDOW_LAST", 0x07C, "RW", true, false, 0x00000000, 0xFFFFFFFF},
    {"CYCLES", 0x080, "RO", false, false, 0x00000000, 0xFFFFFFFF},
    {"CYCLES_SPARSE", 0x084, "RO", false, false, 0x00000000, 0xFFFFFFFF},
    {"CYCLES_MATRIX", 0x088, "RO", false, false, 0x00000000, 0xFFFFFFFF},
    {"CYCLES_BOTH", 0x08C, "RO", false, false, 0x00000000, 0xFFFFFFFF},
    {"READ_BEATS", 0x090, "RO", false, false, 0x00000000, 0xFFFFFFFF},
    {"WRITE_BEATS", 0x094, "RO", false, false, 0x00000000, 0xFFFFFFFF},
    {"COMMANDS", 0x098, "RO", false, false, 0x00000000, 0xFFFFFFFF},
    {"COUNTERS_CLEAR", 0x09C, "WO", false, false, 0x00000000, 0xFFFFFFFF},
};

namespace bit {  // Masks of registers' bits.
inline constexpr uint32_t kVersionMajor = 0xFFFF0000;
inline constexpr uint32_t kVersionMinor = 0x0000FFFF;
inline constexpr uint32_t kBusAxiBytes = 0x000000FF;
inline constexpr uint32_t kBusAxiAddrW = 0x0000FF00;
inline constexpr uint32_t kBusBurstBeats = 0x00FF0000;
inline constexpr uint32_t kBusSparse = 0x01000000;
inline constexpr uint32_t kBusMatrix = 0x02000000;
inline constexpr uint32_t kEieArrayNPe = 0x0000FFFF;
inline constexpr uint32_t kEieArrayLanes = 0x00FF0000;
inline constexpr uint32_t kEieArrayGroups = 0xFF000000;
inline constexpr uint32_t kEieActsActRegs = 0x000000FF;
inline constexpr uint32_t kEieActsActRamDepth = 0xFFFFFF00;
inline constexpr uint32_t kEieListListDepth = 0x0000FFFF;
inline constexpr uint32_t kEieListCodebooks = 0xFFFF0000;
inline constexpr uint32_t kMxuArrayRows = 0x0000FFFF;
inline constexpr uint32_t kMxuArrayCols = 0xFFFF0000;
inline constexpr uint32_t kMxuSetsParamSets = 0x0000FFFF;
inline constexpr uint32_t kMxuSetsFifoWords = 0xFFFF0000;
inline constexpr uint32_t kControlRun = 0x00000001;
inline constexpr uint32_t kControlAbort = 0x00000002;
inline constexpr uint32_t kControlReset = 0x00000004;
inline constexpr uint32_t kControlForce = 0x00000008;
inline constexpr uint32_t kStatusRunning = 0x00000001;
inline constexpr uint32_t kStatusHalted = 0x00000002;
inline constexpr uint32_t kStatusError = 0x00000004;
inline constexpr uint32_t kStatusQuiet = 0x00000008;
inline constexpr uint32_t kStatusSparseBusy = 0x00000010;
inline constexpr uint32_t kStatusMatrixBusy = 0x00000020;
inline constexpr uint32_t kErrorCode = 0x000000FF;
inline constexpr uint32_t kErrorChannel = 0x0000FF00;
inline constexpr uint32_t kIrqStatusFence = 0x00000001;
inline constexpr uint32_t kIrqStatusHalt = 0x00000002;
inline constexpr uint32_t kIrqStatusError = 0x00000004;
inline constexpr uint32_t kIrqEnableFence = 0x00000001;
inline constexpr uint32_t kIrqEnableHalt = 0x00000002;
inline constexpr uint32_t kIrqEnableError = 0x00000004;
inline constexpr uint32_t kRingLog2Log2 = 0x0000001F;
}  // namespace bit

enum class Channel : uint8_t {
  kRing = 0,
  kSparse = 1,
  kMatrix = 2,
  kRowsIn = 3,
  kRowsOut = 4,
  kFence = 5,
};

enum class Opcode : uint8_t {
  kNop = 0x00,  // nothing but its events
  kFence = 0x01,  // tells that what stands before it is complete
  kHalt = 0x02,  // when all channels are idle, stops fetching
  kSparseLoad = 0x10,  // memory to the sparse engine's memories
  kSparseStore = 0x11,  // the sparse engine's memories to memory
  kSparseRun = 0x12,  // a list of pass descriptors
  kMatrixRun = 0x20,  // a program of the matrix unit
  kMatrixIn = 0x21,  // memory to rows for the unit's Read_Host
  kMatrixOut = 0x22,  // rows of its Write_Host to memory
};

// A field of a command: word 0 to 3, lowest bit, number of bits. Flags are fields of word 0.
struct Field {
  uint32_t word;
  uint32_t low;
  uint32_t bits;
};
namespace flag {  // Masks of the byte of flags.
inline constexpr uint8_t kFenceInterrupt = 1;
inline constexpr uint8_t kFenceWrite = 2;
inline constexpr uint8_t kFenceAll = 4;
inline constexpr uint8_t kSparseLoadSpread = 1;
inline constexpr uint8_t kSparseLoadBytes = 2;
inline constexpr uint8_t kSparseStoreBytes = 2;
}  // namespace flag
namespace field {
inline constexpr Field kOpcode{0, 0, 8};
inline constexpr Field kFlags{0, 8, 8};
inline constexpr Field kWait{0, 32, 16};
inline constexpr Field kSignal{0, 48, 16};
inline constexpr Field kAddress{1, 0, 44};
inline constexpr Field kFenceInterrupt{0, 8, 1};
inline constexpr Field kFenceWrite{0, 9, 1};
inline constexpr Field kFenceAll{0, 10, 1};
inline constexpr Field kFenceNumber{2, 0, 32};
inline constexpr Field kSparseLoadSpread{0, 8, 1};
inline constexpr Field kSparseLoadBytes{0, 9, 1};
inline constexpr Field kSparseLoadPort{2, 0, 32};
inline constexpr Field kSparseLoadWords{2, 32, 32};
inline constexpr Field kSparseLoadMultiplier{3, 0, 16};
inline constexpr Field kSparseLoadRight{3, 16, 5};
inline constexpr Field kSparseLoadZero{3, 24, 8};
inline constexpr Field kSparseStoreBytes{0, 9, 1};
inline constexpr Field kSparseStorePort{2, 0, 32};
inline constexpr Field kSparseStoreWords{2, 32, 32};
inline constexpr Field kSparseStoreMultiplier{3, 0, 16};
inline constexpr Field kSparseStoreRight{3, 16, 5};
inline constexpr Field kSparseStoreZero{3, 24, 8};
inline constexpr Field kSparseRunFirst{2, 0, 16};
inline constexpr Field kSparseRunCount{2, 32, 16};
inline constexpr Field kMatrixRunInstructions{2, 0, 32};
inline constexpr Field kMatrixRunBeats{2, 32, 32};
inline constexpr Field kMatrixRunWeights{3, 0, 44};
inline constexpr Field kMatrixInLength{2, 0, 32};
inline constexpr Field kMatrixInRow{2, 32, 16};
inline constexpr Field kMatrixInFill{2, 48, 8};
inline constexpr Field kMatrixOutLength{2, 0, 32};
inline constexpr Field kMatrixOutRow{2, 32, 16};
}  // namespace field

enum class ErrorCode : uint8_t {
  kNone = 0,
  kOpcode = 1,  // unknown, or of an engine that is not there
  kField = 2,  // a reserved bit is 1, or a field is out of its range
  kAddress = 3,  // outside the window
  kAlignment = 4,  // of address, weights
  kLength = 5,  // 0 or too long; a short last row
  kRing = 6,  // more commands than the ring holds, or RING_LOG2 out of range
  kHalted = 7,  // doorbell while halted
  kRead = 8,  // SLVERR or DECERR on a beat
  kWrite = 9,  // SLVERR or DECERR on a response
  kWatchdog = 10,  // nothing moved for WATCHDOG cycles
  kAborted = 11,  // CONTROL.abort while running or not quiet
  kSparse = 12,  // the engine ended its list with an error
  kMatrix = 13,  // the unit stopped with an error
  kWeights = 14,  // a request beyond beats
};

namespace image {  // Numbers of the header's words of 32 bits.
inline constexpr uint32_t kMagic = 0;
inline constexpr uint32_t kFormat = 1;
inline constexpr uint32_t kChecksum = 2;
inline constexpr uint32_t kBytes = 4;
inline constexpr uint32_t kScratchBytes = 5;
inline constexpr uint32_t kInputBytes = 6;
inline constexpr uint32_t kOutputBytes = 7;
inline constexpr uint32_t kPhases = 8;
inline constexpr uint32_t kSetupCommands = 9;
inline constexpr uint32_t kSetupOffset = 10;
inline constexpr uint32_t kPhaseCommands = 11;
inline constexpr uint32_t kPhaseOffset = 12;
inline constexpr uint32_t kDescription = 14;
inline constexpr uint32_t kRegisters = 16;
}  // namespace image
// clang-format on

}  // namespace sparsys::top
