// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/board/board_options.hpp"

#include "sw/sparsys/commands/options.hpp"

namespace sparsys {

void BoardOptions::add_to(CLI::App& command) {
  command.add_option("--port", port, "Serial line, as /dev/ttyUSB1")->type_name("FILE");
  add_value(command, "--baud", baud, "Its bits a second");
  add_value(command, "--patience", patience,
            "Seconds of silence after which the board counts as dead")
      ->check(CLI::Range(0.01, 86400.0));
}

}  // namespace sparsys
