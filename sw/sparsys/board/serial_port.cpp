// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/board/serial_port.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <iterator>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "sw/sparsys/report/table.hpp"

namespace sparsys {
namespace {

struct Rate {
  uint32_t baud;
  speed_t speed;
};
constexpr Rate kRates[] = {
    {115200, B115200},   {230400, B230400},   {460800, B460800},
    {500000, B500000},   {921600, B921600},   {1000000, B1000000},
    {1500000, B1500000}, {2000000, B2000000}, {3000000, B3000000},
};

std::string reason() { return std::strerror(errno); }

}  // namespace

std::vector<uint32_t> SerialPort::rates() {
  std::vector<uint32_t> all;
  for (const Rate& rate : kRates) all.push_back(rate.baud);
  return all;
}

SerialPort::SerialPort(const std::string& path, uint32_t baud, double patience)
    : path_(printable(path, 0)), baud_(baud), patience_(patience) {
  const Rate* const rate = std::find_if(std::begin(kRates), std::end(kRates),
                                        [baud](const Rate& r) { return r.baud == baud; });
  if (rate == std::end(kRates)) {
    std::string all;
    for (const uint32_t one : rates()) all += (all.empty() ? "" : ", ") + std::to_string(one);
    throw Error("--baud " + std::to_string(baud) + ": expected one of " + all);
  }
  file_ = open(path.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (file_ < 0) throw Error(path_ + ": " + reason() + "; expected the serial line of a board");
  // A constructor that throws has no destructor.
  const auto refuse = [this](const std::string& why) {
    close(file_);
    throw Error(path_ + ": " + why);
  };
  termios settings{};
  if (tcgetattr(file_, &settings) != 0) refuse("is no serial line");
  if (flock(file_, LOCK_EX | LOCK_NB) != 0) refuse("another program uses the line");
  cfmakeraw(&settings);
  settings.c_cflag &= ~static_cast<tcflag_t>(CSTOPB | CRTSCTS);
  settings.c_cflag |= CLOCAL | CREAD;
  settings.c_cc[VMIN] = 0;
  settings.c_cc[VTIME] = 0;
  if (cfsetspeed(&settings, rate->speed) != 0 || tcsetattr(file_, TCSANOW, &settings) != 0) {
    refuse("takes no " + std::to_string(baud) + " baud: " + reason());
  }
}

SerialPort::~SerialPort() { close(file_); }

void SerialPort::fail(const std::string& what) const { throw Error(path_ + ": " + what); }

bool SerialPort::wait(short events) const {
  pollfd one{file_, events, 0};
  int ready = 0;
  do {
    ready = poll(&one, 1, static_cast<int>(std::ceil(1000 * patience_)));
  } while (ready < 0 && errno == EINTR);
  if (ready < 0) fail(reason());
  if (ready > 0 && (one.revents & events) == 0) fail("the line is gone; is the board plugged in?");
  return ready > 0;
}

void SerialPort::send(const std::vector<uint8_t>& bytes) {
  for (size_t sent = 0; sent < bytes.size();) {
    const ssize_t taken = write(file_, bytes.data() + sent, bytes.size() - sent);
    if (taken > 0) {
      sent += static_cast<size_t>(taken);
      continue;
    }
    if (taken < 0 && errno != EAGAIN && errno != EINTR) fail(reason());
    if (!wait(POLLOUT)) fail("takes no more bytes; is the board plugged in?");
  }
  bytes_ += bytes.size();
}

std::vector<uint8_t> SerialPort::receive(size_t size, const std::string& what) {
  std::vector<uint8_t> bytes(size);
  for (size_t got = 0; got < size;) {
    const ssize_t taken = read(file_, bytes.data() + got, size - got);
    if (taken > 0) {
      got += static_cast<size_t>(taken);
      continue;
    }
    if (taken < 0 && errno != EAGAIN && errno != EINTR) fail(reason());
    if (!wait(POLLIN)) {
      const std::string came = std::to_string(got) + " of " + std::to_string(size) + " bytes";
      fail((got == 0 ? "no answer" : "only " + came) + " to " + what + " within " +
           fixed(patience_, 1) + " s; is a bitstream loaded whose line has " +
           std::to_string(baud_) + " baud?");
    }
  }
  bytes_ += size;
  return bytes;
}

void SerialPort::send_break() {
  if (tcdrain(file_) != 0 || tcsendbreak(file_, 0) != 0) fail(reason());
  // An answer that was on its way is cut off, and may come after it.
  usleep(20000);
  tcflush(file_, TCIFLUSH);
}

}  // namespace sparsys
