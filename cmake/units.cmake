# SPDX-License-Identifier: Apache-2.0
# Writes the translation units UNITS to DIR, which include the C++ files that Verilator has written
# there: NAME__COLD.cpp those that run once (construction, the table of variables, initial values),
# NAME__ROOT.cpp those of everything that is no instance of its own, with constants, NAME__ALL.cpp the
# others, or all where the other two are not wanted.
cmake_minimum_required(VERSION 3.25)
file(GLOB sources RELATIVE ${DIR} ${DIR}/${NAME}*.cpp)
set(ALL ${sources})
set(cold_files "__(Slow|Syms|Syms__[0-9]+)\\.cpp$")
set(root_files "__(_024root|ConstPool)")
foreach(unit COLD ROOT)
  string(TOLOWER ${unit}_files files)
  if(unit IN_LIST UNITS)
    set(${unit} ${ALL})
    list(FILTER ${unit} INCLUDE REGEX "${${files}}")
    list(REMOVE_ITEM ALL ${${unit}})
  endif()
endforeach()
foreach(unit ${UNITS})
  list(TRANSFORM ${unit} REPLACE "(.+)" "#include \"\\1\"\n" OUTPUT_VARIABLE lines)
  list(JOIN lines "" text)
  file(WRITE ${DIR}/${NAME}__${unit}.cpp "// SPDX-License-Identifier: Apache-2.0\n${text}")
endforeach()
