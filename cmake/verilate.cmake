# SPDX-License-Identifier: Apache-2.0
# Verilated libraries: one per module and parameter set.

# All RTL files, from the one list that serves every tool.
file(STRINGS ${PROJECT_SOURCE_DIR}/rtl/files.f rtl_files REGEX "^[^#]")
list(TRANSFORM rtl_files PREPEND ${PROJECT_SOURCE_DIR}/)
# What modules include.
set(rtl_include ${PROJECT_SOURCE_DIR}/rtl/top)
file(GLOB rtl_headers CONFIGURE_DEPENDS ${rtl_include}/*.vh)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/rtl/files.f)

# The variables that lockstep reads, made public without a word in the RTL: from
# tb/lockstep/*/signals/<module>.def: what stands first in the parentheses of each line but BLOCK.
set(public_vlt ${CMAKE_CURRENT_BINARY_DIR}/lockstep.vlt)
function(sparsys_write_public_vlt)
  file(GLOB lists CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tb/lockstep/*/signals/*.def
                                    ${PROJECT_SOURCE_DIR}/tb/lockstep/*/signals/*/*.def)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${lists})
  set(text "`verilator_config\n")
  # One object for each instance of these modules, so that its variables keep one layout, and one class
  # for all of a kind: with ports of its own where these differ from one to the next (INPUTS: all), for
  # otherwise the code reads the neighbour's nets and cannot be shared. That also shows what crosses
  # the boundaries of tiles. (Not the clock: each would be one of its own.)
  foreach(ports "eie_pe INPUTS leaf_done_o"
                "eie_lane_read step_i head_empty_i head_act_i head_start_i head_end_i io_en_i"
                "eie_lane_decode step_i a_valid_i a_first_i a_count_i a_entry_i a_act_i"
                "eie_dispatch r_valid_i r_write_i r_row_i r_rank_i r_code_i r_act_i room_i"
                "eie_bank push_i code_i addr_i act_i cb_i" "mxu_tile a_i swap_i packet_i sum_i"
                "mxu_weight_lane data_i" "mxu_weight_bus we_i word_i open_i"
                "mxu_acc_bank valid_i add_i addr_i sum_i act_re_i act_addr_i"
                "mxu_requantise acc_i bias_i multiplier_i shift_i" "mxu_pool f_i")
    separate_arguments(ports UNIX_COMMAND "${ports}")
    list(POP_FRONT ports module)
    if("INPUTS" IN_LIST ports)
      set(file ${rtl_files})
      list(FILTER file INCLUDE REGEX "/${module}\\.v$")
      set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
      file(STRINGS ${file} inputs REGEX "^ +input ")
      list(TRANSFORM inputs REPLACE "^[^/]*[] ]([a-z0-9_]+),?( *//.*)?$" "\\1")
      list(REMOVE_ITEM inputs clk_i rst_i)
      list(APPEND ports ${inputs})
      list(REMOVE_ITEM ports INPUTS)
    endif()
    string(APPEND text "no_inline -module \"${module}\"\n")
    foreach(port ${ports})
      string(APPEND text "public_flat_rd -module \"${module}\" -var \"${port}\"\n")
    endforeach()
  endforeach()
  foreach(list ${lists})
    get_filename_component(module ${list} NAME_WE)
    file(STRINGS ${list} lines REGEX "^(SIGNAL|NAMED|LANE|GUARDED2?|ARRAY|WIDE|GUARDED_WIDE|MIRROR)\\(")
    foreach(line ${lines})
      string(REGEX REPLACE "^[A-Z0-9_]+\\(([a-z0-9_]+).*" "\\1" name "${line}")
      string(APPEND text "public_flat_rd -module \"${module}\" -var \"${name}\"\n")
    endforeach()
  endforeach()
  file(CONFIGURE OUTPUT ${public_vlt} CONTENT "${text}" @ONLY)
endfunction()
sparsys_write_public_vlt()

# Verilator's own code, for all libraries of one translation unit.
add_library(sparsys_verilated STATIC EXCLUDE_FROM_ALL ${VERILATOR_ROOT}/include/verilated.cpp
                                                      ${VERILATOR_ROOT}/include/verilated_threads.cpp)
target_include_directories(sparsys_verilated SYSTEM PUBLIC ${VERILATOR_ROOT}/include
                                                           ${VERILATOR_ROOT}/include/vltstd)
target_compile_options(sparsys_verilated PRIVATE -w)
target_link_libraries(sparsys_verilated PUBLIC Threads::Threads)

# sparsys_verilate(NAME TOP module [LOOPS] [TIMED] [QUICK | FAST] [CLASS name] [PARAMETERS N=4 ...]
#                  [SOURCES files] [PUBLIC files])
# Static library NAME with class V<NAME> or V<CLASS>, verilated while building; one translation unit.
# SOURCES: in place of the whole list; PUBLIC: Verilator configurations in place of that of
# tb/lockstep/*/signals. LOOPS: for the systolic array; loops of the RTL stay loops, and the compiler
# makes vector instructions of them. FAST: for models that run much; QUICK: compiled without
# optimisation, for what is large and runs little. TIMED: for the largest: several translation units
# (units.cmake), so that two processors compile, that which runs once without optimisation;
# NAME.dir/build_time.inc tells how long verilating and compiling took (build_time.py).
function(sparsys_verilate name)
  cmake_parse_arguments(ARG "LOOPS;TIMED;QUICK;FAST" "TOP;CLASS" "PARAMETERS;SOURCES;PUBLIC" ${ARGN})
  if(NOT ARG_SOURCES)
    set(ARG_SOURCES ${rtl_files})
  endif()
  if(NOT ARG_CLASS)
    set(ARG_CLASS ${name})
  endif()
  if(NOT ARG_PUBLIC)
    set(ARG_PUBLIC ${public_vlt})
  endif()
  list(TRANSFORM ARG_PARAMETERS PREPEND -G)
  set(dir ${CMAKE_CURRENT_BINARY_DIR}/${name}.dir)
  # Tables are numbered by instance, so that code which reads one is not shared.
  set(style -fno-table)
  set(optimise -O1)
  if(ARG_LOOPS)
    set(style --unroll-stmts 1)
    set(optimise -O3)
    if(SPARSYS_NATIVE)
      list(APPEND optimise -march=native)
    endif()
  elseif(ARG_FAST)
    set(optimise -O2)
  endif()
  if(ARG_QUICK)
    set(optimise -O0)
  endif()
  set(timed)
  set(timed_verilate)
  set(units ALL)
  if(ARG_TIMED)
    set(units ROOT ALL COLD)
    find_package(Python3 REQUIRED COMPONENTS Interpreter)
    set(build_time ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/build_time.py)
    set(timed ${Python3_EXECUTABLE} -B ${build_time} run)
    set(timed_verilate ${dir}/verilate.json)
    file(MAKE_DIRECTORY ${dir})
  endif()
  list(TRANSFORM units REPLACE "(.+)" "${dir}/V${ARG_CLASS}__\\1.cpp" OUTPUT_VARIABLE unit_files)
  add_custom_command(
    OUTPUT ${unit_files}
    BYPRODUCTS ${dir}/V${ARG_CLASS}.h
    # Files that Verilator no longer writes are not to be compiled.
    COMMAND ${CMAKE_COMMAND} -E rm -rf ${dir}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${dir}
    COMMAND ${timed} ${timed_verilate} ${CMAKE_COMMAND} -E env VERILATOR_ROOT=${VERILATOR_ROOT} ${VERILATOR_BIN}
            --cc --prefix V${ARG_CLASS} --top-module ${ARG_TOP} --Mdir ${dir}
            -I${rtl_include} ${ARG_PARAMETERS} -O3 ${style} --x-assign fast --x-initial fast --assert -DSPARSYS_ASSERT -Wno-fatal
            -Wno-lint -Wno-style ${ARG_PUBLIC} ${ARG_SOURCES}
    COMMAND ${CMAKE_COMMAND} -D DIR=${dir} -D NAME=V${ARG_CLASS} -D "UNITS=${units}"
            -P ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/units.cmake
    DEPENDS ${ARG_PUBLIC} ${ARG_SOURCES} ${rtl_headers} ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/units.cmake
    COMMENT "Verilating ${name}"
    VERBATIM)
  add_library(${name} STATIC ${unit_files})
  target_include_directories(${name} SYSTEM PUBLIC ${dir})
  target_compile_options(${name} PRIVATE -w ${optimise})
  target_link_libraries(${name} PUBLIC sparsys_verilated)
  if(ARG_TIMED)
    set_source_files_properties(${dir}/V${ARG_CLASS}__COLD.cpp PROPERTIES COMPILE_OPTIONS -O0)
    set_property(TARGET ${name} PROPERTY CXX_COMPILER_LAUNCHER ${timed} ${dir}/compile_{source}.json
                                         ${CMAKE_CXX_COMPILER_LAUNCHER})
    set(stamps ${units})
    list(TRANSFORM stamps REPLACE "(.+)" "${dir}/compile_V${ARG_CLASS}__\\1.json")
    add_custom_command(
      OUTPUT ${dir}/build_time.inc
      COMMAND ${Python3_EXECUTABLE} -B ${build_time} write ${dir}/build_time.inc ${dir}/verilate.json
              ${stamps}
      DEPENDS ${name} ${build_time}
      COMMENT "Timing ${name}"
      VERBATIM)
  endif()
endfunction()

# Names and defaults of an engine's parameters, from its RTL, in the RTL's order: `keys` and
# `defaults`, a list of names and values in turn.
function(sparsys_rtl_parameters engine keys defaults)
  set(file ${PROJECT_SOURCE_DIR}/rtl/${engine}/${engine}.v)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(STRINGS ${file} lines REGEX "^ +parameter [A-Z_]+ = [0-9]+,")
  set(names)
  set(values)
  foreach(line ${lines})
    string(REGEX MATCH "parameter ([A-Z_]+) = ([0-9]+)" line "${line}")
    list(APPEND names ${CMAKE_MATCH_1})
    list(APPEND values ${CMAKE_MATCH_1} ${CMAKE_MATCH_2})
  endforeach()
  set(${keys} ${names} PARENT_SCOPE)
  set(${defaults} ${values} PARENT_SCOPE)
endfunction()

# sparsys_rtl(NAME ENGINE eie|mxu [UNREGISTERED] [CELLS] [TIMED] [QUICK | FAST] [SOURCES ...]
#             [PUBLIC ...] [N_PE 4 ...])
# A whole engine: library NAME, and object library NAME_rtl with sparsys::<engine>::make_NAME(),
# entered in the registry of make_rtl() unless UNREGISTERED. Parameters that are not given are as in
# the RTL. CELLS: lockstep compares every register of the systolic array, too.
function(sparsys_rtl name)
  cmake_parse_arguments(ENGINE "" "ENGINE" "" ${ARGN})
  set(ENGINE ${ENGINE_ENGINE})
  sparsys_rtl_parameters(${ENGINE} keys defaults)
  cmake_parse_arguments(DEFAULT "" "${keys}" "" ${defaults})
  cmake_parse_arguments(ARG "UNREGISTERED;CELLS;TIMED;QUICK;FAST" "ENGINE;${keys}" "SOURCES;PUBLIC" ${ARGN})
  set(parameters)
  set(VALUES)
  foreach(key ${keys})
    set(value ${DEFAULT_${key}})
    if(DEFINED ARG_${key})
      set(value ${ARG_${key}})
    endif()
    list(APPEND parameters ${key}=${value})
    # How the RTL makes its products changes neither values nor cycles, and is not in a Config.
    if(NOT key STREQUAL DIGIT)
      list(APPEND VALUES ${value})
    endif()
  endforeach()
  list(JOIN VALUES ", " VALUES)
  if(NOT ARG_SOURCES)
    set(ARG_SOURCES ${rtl_files})
  endif()
  if(ARG_CELLS)
    list(PREPEND ARG_SOURCES ${PROJECT_SOURCE_DIR}/cmake/mxu_cells.vlt)
  endif()
  set(flags)
  foreach(flag TIMED QUICK FAST)
    if(ARG_${flag})
      list(APPEND flags ${flag})
    endif()
  endforeach()
  if(ENGINE STREQUAL mxu)
    list(APPEND flags LOOPS)
  endif()
  sparsys_verilate(${name} TOP ${ENGINE} ${flags} PARAMETERS ${parameters} SOURCES ${ARG_SOURCES}
                   PUBLIC ${ARG_PUBLIC})
  set(NAME ${name})
  set(REGISTER true)
  if(ARG_UNREGISTERED)
    set(REGISTER false)
  endif()
  set(BUILD_TIME "{}")
  set(timed)
  if(ARG_TIMED)
    set(timed ${CMAKE_CURRENT_BINARY_DIR}/${name}.dir/build_time.inc)
    set(BUILD_TIME "\n#include \"${name}.dir/build_time.inc\"\n")
  endif()
  configure_file(${PROJECT_SOURCE_DIR}/cmake/rtl_instance.cpp.in
                 ${CMAKE_CURRENT_BINARY_DIR}/${name}_instance.cpp @ONLY)
  add_library(${name}_rtl OBJECT ${CMAKE_CURRENT_BINARY_DIR}/${name}_instance.cpp ${timed})
  target_link_libraries(${name}_rtl PUBLIC ${name})
  target_include_directories(${name}_rtl PUBLIC ${PROJECT_SOURCE_DIR} PRIVATE ${CMAKE_CURRENT_BINARY_DIR})
endfunction()
