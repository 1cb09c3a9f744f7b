# SPDX-License-Identifier: Apache-2.0
# Writes DIR/NAME__ALL.cpp, which includes all C++ files that Verilator has written to DIR.
file(GLOB sources RELATIVE ${DIR} ${DIR}/${NAME}*.cpp)
list(REMOVE_ITEM sources ${NAME}__ALL.cpp)
list(TRANSFORM sources REPLACE "(.+)" "#include \"\\1\"\n")
list(JOIN sources "" text)
file(WRITE ${DIR}/${NAME}__ALL.cpp "// SPDX-License-Identifier: Apache-2.0\n${text}")
