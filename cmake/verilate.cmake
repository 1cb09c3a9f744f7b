# SPDX-License-Identifier: Apache-2.0
# Verilated libraries: one per module and parameter set.

# All RTL files, from the one list that serves every tool.
file(STRINGS ${PROJECT_SOURCE_DIR}/rtl/files.f rtl_files REGEX "^[^#]")
list(TRANSFORM rtl_files PREPEND ${PROJECT_SOURCE_DIR}/)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/rtl/files.f)

# The variables that lockstep reads, made public without a word in the RTL: from
# tb/lockstep/*/signals/<module>.def: what stands first in the parentheses of each line but BLOCK.
set(public_vlt ${CMAKE_CURRENT_BINARY_DIR}/lockstep.vlt)
function(sparsys_write_public_vlt)
  file(GLOB lists CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tb/lockstep/*/signals/*.def)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${lists})
  set(text "`verilator_config\n// One object for each PE, so that its variables keep one layout.\nno_inline -module \"eie_pe\"\n")
  # One class for all tiles of the systolic array; with ports of its own, for otherwise the code reads
  # the neighbour's nets and cannot be shared. That also shows what crosses each tile's boundary.
  string(APPEND text "no_inline -module \"mxu_tile\"\n")
  foreach(port a_i en_i swap_i weight_i sum_i)
    string(APPEND text "public_flat_rd -module \"mxu_tile\" -var \"${port}\"\n")
  endforeach()
  # Likewise banks and lanes of the matrix unit, with the ports that differ from one to the next.
  foreach(ports "mxu_weight_bank wdata_i re_i raddr_i" "mxu_acc_bank valid_i add_i addr_i sum_i"
                "mxu_requantise acc_i bias_i multiplier_i shift_i" "mxu_pool f_i")
    separate_arguments(ports UNIX_COMMAND "${ports}")
    list(POP_FRONT ports module)
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

# sparsys_verilate(NAME TOP module [ONE_UNIT [LOOPS] [TIMED] [QUICK] [CLASS name]] [PARAMETERS N=4 ...] [SOURCES
# files instead of the whole list] [PUBLIC files]): static library NAME with class V<NAME> or V<CLASS>; PUBLIC: Verilator
# configurations instead of that of tb/lockstep/*/signals. TIMED: NAME.dir/build_time.inc tells how
# long verilating and compiling took (build_time.py). ONE_UNIT: one translation unit, verilated
# while building and not while configuring; cheaper for models that need not be fast. LOOPS: for the systolic array; loops of the RTL stay
# loops, and the compiler makes vector instructions of them. QUICK: compiled without
# optimisation, for what is large and runs little.
function(sparsys_verilate name)
  cmake_parse_arguments(ARG "ONE_UNIT;LOOPS;TIMED;QUICK" "TOP;CLASS" "PARAMETERS;SOURCES;PUBLIC" ${ARGN})
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
  set(unroll)
  set(optimise -O1)
  if(ARG_LOOPS)
    set(unroll --unroll-stmts 1)
    set(optimise -O3)
    if(SPARSYS_NATIVE)
      list(APPEND optimise -march=native)
    endif()
  endif()
  set(clean)
  if(ARG_QUICK)
    set(optimise -O0)
    # Files that Verilator no longer writes are not to be compiled.
    set(clean COMMAND ${CMAKE_COMMAND} -E rm -rf ${CMAKE_CURRENT_BINARY_DIR}/${name}.dir)
  endif()
  if(ARG_ONE_UNIT)
    set(dir ${CMAKE_CURRENT_BINARY_DIR}/${name}.dir)
    set(timed)
    set(timed_verilate)
    if(ARG_TIMED)
      find_package(Python3 REQUIRED COMPONENTS Interpreter)
      set(build_time ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/build_time.py)
      set(timed ${Python3_EXECUTABLE} -B ${build_time} run)
      set(timed_verilate ${dir}/verilate.json)
      file(MAKE_DIRECTORY ${dir})
    endif()
    add_custom_command(
      OUTPUT ${dir}/V${ARG_CLASS}__ALL.cpp
      BYPRODUCTS ${dir}/V${ARG_CLASS}.h
      ${clean}
      COMMAND ${timed} ${timed_verilate} ${CMAKE_COMMAND} -E env VERILATOR_ROOT=${VERILATOR_ROOT} ${VERILATOR_BIN}
              --cc --prefix V${ARG_CLASS} --top-module ${ARG_TOP} --Mdir ${dir}
              ${ARG_PARAMETERS} -O3 --x-assign fast --x-initial fast --noassert ${unroll} -Wno-fatal
              -Wno-lint -Wno-style ${ARG_PUBLIC} ${ARG_SOURCES}
      COMMAND ${CMAKE_COMMAND} -D DIR=${dir} -D NAME=V${ARG_CLASS}
              -P ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/one_unit.cmake
      DEPENDS ${ARG_PUBLIC} ${ARG_SOURCES} ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/one_unit.cmake
      COMMENT "Verilating ${name}"
      VERBATIM)
    add_library(${name} STATIC ${dir}/V${ARG_CLASS}__ALL.cpp)
    target_include_directories(${name} SYSTEM PUBLIC ${dir})
    target_compile_options(${name} PRIVATE -w ${optimise})
    target_link_libraries(${name} PUBLIC sparsys_verilated)
    if(ARG_TIMED)
      set_property(TARGET ${name} PROPERTY CXX_COMPILER_LAUNCHER ${timed} ${dir}/compile.json
                                           ${CMAKE_CXX_COMPILER_LAUNCHER})
      add_custom_command(
        OUTPUT ${dir}/build_time.inc
        COMMAND ${Python3_EXECUTABLE} -B ${build_time} write ${dir}/build_time.inc ${dir}/verilate.json
                ${dir}/compile.json
        DEPENDS ${name} ${build_time}
        VERBATIM)
    endif()
    return()
  endif()
  add_library(${name} STATIC)
  verilate(${name} PREFIX V${ARG_CLASS} TOP_MODULE ${ARG_TOP} SOURCES ${ARG_PUBLIC} ${ARG_SOURCES}
           VERILATOR_ARGS ${ARG_PARAMETERS} -O3 --x-assign fast --x-initial fast --noassert
                          -Wno-fatal
           OPT_SLOW -O0 OPT_FAST -O2 OPT_GLOBAL -O2)
  target_include_directories(${name} SYSTEM PUBLIC ${VERILATOR_ROOT}/include
                                                   ${VERILATOR_ROOT}/include/vltstd)
endfunction()

# sparsys_eie_rtl(NAME [UNREGISTERED] [ONE_UNIT] [QUICK] [SOURCES ...] [PUBLIC ...] [N_PE 4] ...): object library
# NAME_rtl with make_NAME() of its engine, entered in the registry of make_eie_rtl() unless UNREGISTERED.
function(sparsys_eie_rtl name)
  set(defaults N_PE 64 ENTRY_DEPTH 131072 PTR_DEPTH 16384 ACT_REGS 64 ACT_RAM_DEPTH 1024
      QUEUE_DEPTH 8 ACC_WIDTH 32 CODEBOOKS 16 LIST_DEPTH 256)
  set(keys N_PE ENTRY_DEPTH PTR_DEPTH ACT_REGS ACT_RAM_DEPTH QUEUE_DEPTH ACC_WIDTH CODEBOOKS
      LIST_DEPTH)
  cmake_parse_arguments(DEFAULT "" "${keys}" "" ${defaults})
  cmake_parse_arguments(ARG "UNREGISTERED;ONE_UNIT;QUICK" "${keys}" "SOURCES;PUBLIC" ${ARGN})
  set(parameters)
  foreach(key ${keys})
    if(DEFINED ARG_${key})
      set(${key} ${ARG_${key}})
    else()
      set(${key} ${DEFAULT_${key}})
    endif()
    list(APPEND parameters ${key}=${${key}})
  endforeach()
  set(one_unit)
  if(ARG_ONE_UNIT)
    set(one_unit ONE_UNIT)
  endif()
  if(ARG_QUICK)
    set(one_unit ONE_UNIT QUICK)
  endif()
  sparsys_verilate(${name} TOP eie ${one_unit} PARAMETERS ${parameters} SOURCES ${ARG_SOURCES}
                   PUBLIC ${ARG_PUBLIC})
  set(NAME ${name})
  if(ARG_UNREGISTERED)
    set(REGISTER false)
  else()
    set(REGISTER true)
  endif()
  configure_file(${PROJECT_SOURCE_DIR}/cmake/eie_rtl_instance.cpp.in
                 ${CMAKE_CURRENT_BINARY_DIR}/${name}_instance.cpp @ONLY)
  add_library(${name}_rtl OBJECT ${CMAKE_CURRENT_BINARY_DIR}/${name}_instance.cpp)
  target_link_libraries(${name}_rtl PUBLIC ${name})
  target_include_directories(${name}_rtl PUBLIC ${PROJECT_SOURCE_DIR})
endfunction()

# sparsys_mxu_rtl(NAME [UNREGISTERED] [CELLS] [TIMED] [QUICK] [SOURCES ...] [PUBLIC ...] [ROWS 4] ...): CELLS:
# lockstep compares every register of the array, too; object library NAME_rtl with make_NAME() of its engine,
# entered in the registry of make_mxu_rtl() unless UNREGISTERED. TIMED: mxu_rtl_build_time() knows the library.
function(sparsys_mxu_rtl name)
  set(defaults ROWS 256 COLS 256 TILE_ROWS 32 TILE_COLS 32 FIFO_TILES 4 UB_DEPTH 98304
      ACC_DEPTH 4096 PARAM_SETS 64 QUEUE_DEPTH 16)
  set(keys ROWS COLS TILE_ROWS TILE_COLS FIFO_TILES UB_DEPTH ACC_DEPTH PARAM_SETS QUEUE_DEPTH)
  cmake_parse_arguments(DEFAULT "" "${keys}" "" ${defaults})
  cmake_parse_arguments(ARG "UNREGISTERED;CELLS;TIMED;QUICK" "${keys}" "SOURCES;PUBLIC" ${ARGN})
  set(parameters)
  foreach(key ${keys})
    if(DEFINED ARG_${key})
      set(${key} ${ARG_${key}})
    else()
      set(${key} ${DEFAULT_${key}})
    endif()
    list(APPEND parameters ${key}=${${key}})
  endforeach()
  if(NOT ARG_SOURCES)
    set(ARG_SOURCES ${rtl_files})
  endif()
  if(ARG_CELLS)
    list(PREPEND ARG_SOURCES ${PROJECT_SOURCE_DIR}/cmake/mxu_cells.vlt)
  endif()
  set(timed)
  if(ARG_TIMED)
    set(timed TIMED)
  endif()
  set(quick)
  if(ARG_QUICK)
    set(quick QUICK)
  endif()
  sparsys_verilate(${name} TOP mxu ONE_UNIT LOOPS ${timed} ${quick} PARAMETERS ${parameters} SOURCES ${ARG_SOURCES}
                   PUBLIC ${ARG_PUBLIC})
  set(NAME ${name})
  if(ARG_UNREGISTERED)
    set(REGISTER false)
  else()
    set(REGISTER true)
  endif()
  configure_file(${PROJECT_SOURCE_DIR}/cmake/mxu_rtl_instance.cpp.in
                 ${CMAKE_CURRENT_BINARY_DIR}/${name}_instance.cpp @ONLY)
  add_library(${name}_rtl OBJECT ${CMAKE_CURRENT_BINARY_DIR}/${name}_instance.cpp)
  if(ARG_TIMED)
    configure_file(${PROJECT_SOURCE_DIR}/cmake/mxu_rtl_build_time.cpp.in
                   ${CMAKE_CURRENT_BINARY_DIR}/${name}_build_time.cpp @ONLY)
    target_sources(${name}_rtl PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/${name}_build_time.cpp
                                       ${CMAKE_CURRENT_BINARY_DIR}/${name}.dir/build_time.inc)
    target_include_directories(${name}_rtl PRIVATE ${CMAKE_CURRENT_BINARY_DIR})
  endif()
  target_link_libraries(${name}_rtl PUBLIC ${name})
  target_include_directories(${name}_rtl PUBLIC ${PROJECT_SOURCE_DIR})
endfunction()
