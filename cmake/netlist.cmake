# SPDX-License-Identifier: Apache-2.0
# Netlists of standard cells, by the recipe that `make area` reports on, for tests in the RTL's place.
find_program(YOSYS_BIN yosys)
# As installed, or as scripts/setup.sh unpacks it.
find_file(netlist_liberty osu018_stdcells.lib PATHS /usr/share/qflow/tech/osu018 ${CMAKE_BINARY_DIR}/cells
          NO_DEFAULT_PATH)
set(sparsys_netlists TRUE)
if(NOT YOSYS_BIN)
  set(sparsys_netlists FALSE)
  message(NOTICE "netlists: yosys is not installed, their tests are left out (make setup installs it)")
elseif(NOT netlist_liberty)
  set(sparsys_netlists FALSE)
  message(NOTICE "netlists: no osu018_stdcells.lib, their tests are left out (make setup fetches it)")
endif()
file(GLOB netlist_scripts CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/synth/*.py
     ${PROJECT_SOURCE_DIR}/synth/netlist/*.py ${PROJECT_SOURCE_DIR}/synth/techmap/*.v)
find_package(Python3 REQUIRED COMPONENTS Interpreter)
set(netlist_py ${Python3_EXECUTABLE} -B -m synth.netlist)
set(netlist_rams ${rtl_files})
list(FILTER netlist_rams INCLUDE REGEX "/ram_[^/]*$")

# sparsys_map(NAME TOP module PARAMETERS N=4 ... [SIGNALS files] [GONE registers]): maps a module; sets NAME_netlist
# and NAME_public, files for SOURCES (besides RAMs) and PUBLIC of sparsys_verilate. SIGNALS: Verilator
# configurations besides that of lockstep/signals; GONE: see synth/netlist.
function(sparsys_map name)
  cmake_parse_arguments(ARG "" "TOP" "PARAMETERS;SIGNALS;GONE" ${ARGN})
  set(base ${CMAKE_CURRENT_BINARY_DIR}/mapped/${name})
  # Of the RTL what the engine is made of.
  set(sources ${rtl_files})
  if(ARG_TOP MATCHES "^eie")
    list(FILTER sources EXCLUDE REGEX "/rtl/mxu/")
  else()
    list(FILTER sources EXCLUDE REGEX "/rtl/eie/")
  endif()
  set(gone)
  if(ARG_GONE)
    set(gone --gone ${ARG_GONE})
  endif()
  file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/mapped)
  add_custom_command(
    OUTPUT ${base}.v ${base}.vlt
    COMMAND ${netlist_py} ${ARG_TOP} ${base}.v --liberty ${netlist_liberty}
            --parameters ${ARG_PARAMETERS} --signals ${public_vlt} ${ARG_SIGNALS} ${gone}
    DEPENDS ${sources} ${netlist_scripts} ${netlist_liberty} ${public_vlt} ${ARG_SIGNALS}
    COMMENT "Mapping ${name}"
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
    VERBATIM)
  set(${name}_netlist ${base}.v PARENT_SCOPE)
  set(${name}_public ${base}.vlt PARENT_SCOPE)
endfunction()

# sparsys_fault(NAME OF netlist FAULT fault): the netlist with one gate changed, as NAME_netlist.
function(sparsys_fault name)
  cmake_parse_arguments(ARG "" "OF;FAULT" "" ${ARGN})
  set(out ${CMAKE_CURRENT_BINARY_DIR}/mapped/${name}.v)
  add_custom_command(
    OUTPUT ${out}
    COMMAND ${netlist_py} ${${ARG_OF}_netlist} ${out} --fault ${ARG_FAULT}
    DEPENDS ${${ARG_OF}_netlist} ${netlist_scripts}
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
    VERBATIM)
  set(${name}_netlist ${out} PARENT_SCOPE)
  set(${name}_public ${${ARG_OF}_public} PARENT_SCOPE)
endfunction()

# sparsys_netlist(NAME CLASS name TOP module): library netlist_NAME of NAME_netlist, with class V<CLASS>.
function(sparsys_netlist name)
  cmake_parse_arguments(ARG "" "CLASS;TOP" "" ${ARGN})
  sparsys_verilate(netlist_${name} QUICK CLASS ${ARG_CLASS} TOP ${ARG_TOP} PUBLIC ${${name}_public}
                   SOURCES ${${name}_netlist} ${netlist_rams})
endfunction()
