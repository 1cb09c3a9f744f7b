// SPDX-License-Identifier: Apache-2.0
// The Verilated serial top at a pseudo-terminal: prints the terminal's name, then is the board at
// its other end until standard input ends. A pseudo-terminal carries no break, so that a host's
// flush, which follows its break, stands for it.
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "Veie_uart_top.h"
#include "tb/lockstep/core/verilated_top.hpp"

namespace sparsys {
namespace {

constexpr int kBitCycles = BIT_CYCLES;
constexpr int kBreakBits = 12;
// As many cycles without anything to do mean that nothing is under way.
constexpr int kQuiet = 64 * kBitCycles;

[[noreturn]] void stop(const char* what) {
  std::fprintf(stderr, "pty_board: %s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

// The host's end of the two wires, a clock cycle at a time.
class Wires {
 public:
  bool ready() const { return bits_ == 0; }
  void send(uint8_t byte) {
    frame_ = 0x200U | uint32_t{byte} << 1;
    bits_ = 10;
  }
  void send_break() {
    frame_ = ~0U << kBreakBits;
    bits_ = kBreakBits + 12;
    hears_ = false;
  }
  // The level of rx_i in this cycle.
  bool drive() {
    if (bits_ == 0) return true;
    const bool level = frame_ & 1;
    if (++cycle_ == kBitCycles) {
      cycle_ = 0;
      frame_ = frame_ >> 1 | 0x80000000U;
      if (--bits_ == 0) hears_ = true;
    }
    return level;
  }
  // tx_o of this cycle; whether `byte` has come.
  bool sample(bool level, uint8_t& byte) {
    if (!hears_) {
      heard_ = 0;
      return false;
    }
    if (heard_ == 0 && level) return false;
    ++heard_;
    const int bit = (heard_ - kBitCycles / 2) / kBitCycles;
    if (heard_ % kBitCycles == kBitCycles / 2 && bit >= 1 && bit <= 8) {
      byte_ = static_cast<uint8_t>(byte_ >> 1 | (level ? 0x80 : 0));
    }
    if (bit < 9 || heard_ % kBitCycles != kBitCycles / 2) return false;
    heard_ = 0;
    byte = byte_;
    return true;
  }
  bool quiet() const { return bits_ == 0 && heard_ == 0; }

 private:
  uint32_t frame_ = 0;
  int bits_ = 0;
  int cycle_ = 0;
  bool hears_ = true;
  int heard_ = 0;
  uint8_t byte_ = 0;
};

class Terminal {
 public:
  Terminal() {
    master_ = posix_openpt(O_RDWR | O_NOCTTY);
    if (master_ < 0 || grantpt(master_) != 0 || unlockpt(master_) != 0) stop("no pseudo-terminal");
    // Kept open, so that it outlives the programs that use it.
    slave_ = open(ptsname(master_), O_RDWR | O_NOCTTY);
    termios settings{};
    if (slave_ < 0 || tcgetattr(slave_, &settings) != 0) stop("terminal");
    cfmakeraw(&settings);
    int on = 1;
    if (tcsetattr(slave_, TCSANOW, &settings) != 0 || ioctl(master_, TIOCPKT, &on) != 0) {
      stop("terminal");
    }
    std::printf("%s\n", ptsname(master_));
    std::fflush(stdout);
  }
  // Waits at most so many milliseconds for something from the host.
  void wait(int milliseconds) {
    pollfd both[2] = {{master_, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
    if (poll(both, 2, milliseconds) < 0 && errno != EINTR) stop("poll");
    char byte = 0;
    if ((both[1].revents & (POLLIN | POLLHUP)) != 0 && read(STDIN_FILENO, &byte, 1) <= 0) {
      std::exit(0);
    }
    if ((both[0].revents & POLLIN) == 0) return;
    uint8_t packet[64];
    const ssize_t size = read(master_, packet, sizeof packet);
    if (size < 1) return;
    if (packet[0] == TIOCPKT_DATA) {
      bytes_.insert(bytes_.end(), packet + 1, packet + size);
    } else if ((packet[0] & TIOCPKT_FLUSHREAD) != 0) {
      flushed_ = true;
    }
  }
  bool take_flush() {
    const bool flushed = flushed_;
    flushed_ = false;
    return flushed;
  }
  bool empty() const { return taken_ == bytes_.size(); }
  uint8_t take() {
    const uint8_t byte = bytes_[taken_++];
    if (empty()) {
      bytes_.clear();
      taken_ = 0;
    }
    return byte;
  }
  void give(uint8_t byte) {
    if (write(master_, &byte, 1) != 1) stop("write");
  }

 private:
  int master_ = -1;
  int slave_ = -1;
  std::vector<uint8_t> bytes_;
  size_t taken_ = 0;
  bool flushed_ = false;
};

void run() {
  Terminal terminal;
  VerilatedTop<Veie_uart_top> top;
  Wires wires;
  for (int idle = 0;;) {
    if (wires.ready()) {
      if (terminal.empty() && idle % kBitCycles == 0) terminal.wait(idle > kQuiet ? 100 : 0);
      if (terminal.take_flush()) {
        wires.send_break();
      } else if (!terminal.empty()) {
        wires.send(terminal.take());
      }
    }
    top.pins().rx_i = wires.drive();
    top.clock(false);
    uint8_t byte = 0;
    if (wires.sample(top.pins().tx_o, byte)) terminal.give(byte);
    const bool quiet = wires.quiet() && !top.pins().busy_o;
    top.clock(true);
    idle = quiet ? idle + 1 : 0;
  }
}

}  // namespace
}  // namespace sparsys

int main() { sparsys::run(); }
